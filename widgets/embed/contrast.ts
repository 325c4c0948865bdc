/** The contrast guard: a theme may choose colours, but never a button that cannot be read. WCAG 2.2, 1.4.3 and 1.4.11. */

type Colour = readonly [red: number, green: number, blue: number, alpha: number]

/** A computed colour, whatever its notation, by painting one pixel of it. */
const paint = (colour: string): Colour => {
  const context = document.createElement('canvas').getContext('2d')
  if (!context) return [0, 0, 0, 0]
  context.fillStyle = colour
  context.fillRect(0, 0, 1, 1)
  const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data
  return [red, green, blue, alpha]
}

const luminance = (colour: Colour) => {
  const [red = 0, green = 0, blue = 0] = colour
    .slice(0, 3)
    .map(value => value / 255)
    .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** @returns true when `text` on `ground` is opaque and has a ratio of at least 4.5. */
export const readable = (text: string, ground: string) => {
  const [one, two] = [paint(text), paint(ground)]
  if (one[3] < 255 || two[3] < 255) return false
  const [dark = 0, light = 0] = [luminance(one), luminance(two)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05) >= 4.5
}
