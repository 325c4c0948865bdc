/** Two copies of m5.js on one page happen: a tag manager and a theme each load one. The first wins and the second says so once. */
export const version = '1.0.0'

type Versioned = CustomElementConstructor & { m5Version?: string }

let warned = false

export const define = (tag: string, element: CustomElementConstructor) => {
  const there = customElements.get(tag) as Versioned | undefined // SAFETY: the field is optional and only read
  if (!there) {
    customElements.define(tag, element)
  } else if (there.m5Version !== version && !warned) {
    warned = true
    console.warn(`m5.js ${version} found <${tag}> of version ${there.m5Version ?? 'unknown'}; that one stays in use.`)
  }
}
