/** Which homerooms a school has, and who sits in which. */

export interface Homeroom {
  name: string
  grades: number[]
}

const letter = (n: number) => (n < 26 ? String.fromCharCode(65 + n) : String(n + 1))
const letters = (name: string, count: number, grades: number[]): Homeroom[] =>
  Array.from({ length: count }, (_, n) => ({ name: count === 1 ? name : `${name}${letter(n)}`, grades: [...grades] }))

/** Ten groups as a school of 240 has them: infants mixed, one real combination group (4/5), two of year 7. */
const tenGroups: readonly Homeroom[] = [
  ...letters('1/2', 2, [1, 2]),
  { name: '3', grades: [3] },
  { name: '4', grades: [4] },
  { name: '4/5', grades: [4, 5] },
  { name: '5', grades: [5] },
  { name: '6', grades: [6] },
  ...letters('7', 2, [7]),
  { name: '8', grades: [8] },
]

/** The homerooms of a school with that many groups. Below eight, year groups share a room. */
export function homeroomsFor(count: number): Homeroom[] {
  if (count === 10) return tenGroups.map(room => ({ ...room, grades: [...room.grades] }))
  if (count < 8) return sharedRooms(Math.max(1, count))
  const infants = Math.max(1, Math.round(count / 4))
  const rest = count - infants
  const rooms = letters('1/2', infants, [1, 2])
  for (let grade = 3; grade <= 8; grade += 1) {
    const extra = 8 - grade < rest % 6 ? 1 : 0
    rooms.push(...letters(String(grade), Math.floor(rest / 6) + extra, [grade]))
  }
  return rooms
}

function sharedRooms(count: number): Homeroom[] {
  return Array.from({ length: count }, (_, n) => {
    const from = Math.floor((n * 8) / count) + 1
    const end = Math.floor(((n + 1) * 8) / count) + 1
    const grades = Array.from({ length: end - from }, (_, i) => from + i)
    return { name: grades.length === 1 ? String(from) : `${from}/${end - 1}`, grades }
  })
}

/** The homerooms that fit the sizes of the year groups, at most 28 to a room. */
export function homeroomsForSizes(sizes: ReadonlyMap<number, number>): Homeroom[] {
  const rooms = (n: number) => Math.max(1, Math.ceil(n / 28))
  const size = (grade: number) => sizes.get(grade) ?? 0
  const list = letters('1/2', rooms(size(1) + size(2)), [1, 2])
  for (let grade = 3; grade <= 8; grade += 1) list.push(...letters(String(grade), rooms(size(grade)), [grade]))
  return list
}

/** How much of a year group each room takes, relative to the others. */
function share(room: Homeroom): number {
  return 1 / room.grades.length
}

/** Splits `total` over the weights: whole numbers that add up, largest remainder first. */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0)
  const exact = weights.map(weight => (total * weight) / sum)
  const whole = exact.map(Math.floor)
  const left = total - whole.reduce((a, b) => a + b, 0)
  const order = exact.map((value, i) => ({ i, rest: value - Math.floor(value) })).sort((a, b) => b.rest - a.rest)
  for (const { i } of order.slice(0, left)) whole[i] = (whole[i] ?? 0) + 1
  return whole
}

/** Pupils per year group, 1 to 8. */
export function gradeSizes(pupils: number, rooms: readonly Homeroom[], jitter: () => number): number[] {
  const grades = [1, 2, 3, 4, 5, 6, 7, 8]
  const weights = grades.map(grade =>
    rooms.filter(room => room.grades.includes(grade)).reduce((sum, room) => sum + share(room) * jitter(), 0),
  )
  return apportion(pupils, weights)
}

/** The room of each of `count` pupils of one year group, in order, so that classes stay together. */
export function roomsOfGrade<T extends Homeroom>(count: number, grade: number, rooms: readonly T[]): T[] {
  const open = rooms.filter(room => room.grades.includes(grade))
  const counts = apportion(count, open.map(share))
  return open.flatMap((room, i) => Array.from({ length: counts[i] ?? 0 }, () => room))
}
