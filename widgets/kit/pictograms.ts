/**
 * Our own pictograms: one pen, 32 × 32, drawn for children and readable in black and white. Short, because the form must stay small:
 * `fill|line` are two path texts, and `o x,y,r` stands for a circle. The fill is a light wash of the same colour.
 */
import { html, svg, type TemplateResult } from 'lit'

const head = (x: number, y: number, r = 4) => `o${x},${y},${r}`
/** Head and shoulders, the person all roles are made of. */
const person = (x: number, y: number, r = 4, w = r * 1.75) =>
  `${head(x, y, r)}M${x - w} ${y + r * 4.6}c0-${r * 2} ${w * 0.35}-${r * 3.1} ${w}-${r * 3.1}s${w} ${r * 1.1} ${w} ${r * 3.1}z`

const question = 'o16,16,12|M12.5 13a3.6 3.6 0 1 1 5.6 3.1c-1.5 1-2.1 1.7-2.1 3.2M16 23h.01'
const eyes = 'M11.5 13.5v1M20.5 13.5v1'

const drawings = {
  // what happened
  NAME_CALLING:
    'M6 5h20a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H15l-7 6v-6H6a3 3 0 0 1-3-3V8a3 3 0 0 1 3-3z|M9 9l3 4-3 1 3 3M18 9v5M18 17h.01M23 9v5M23 17h.01',
  LAUGHING_AT:
    'o12,12,9.5o25,25,5.5M7.5 14h9a4.5 4.5 0 0 1-9 0z|M7 8.5l2.5 1.5L7 11.5M17 8.5 14.5 10l2.5 1.5M23.3 24v.2M26.7 24v.2M22.8 27.8q2.2-2 4.4 0',
  LEAVING_OUT: `${person(7, 9, 3)}${person(15, 9, 3)}${person(26, 15, 3)}|M20.5 3v3M20.5 10v3M20.5 17v3M20.5 24v3`,
  GOSSIP: `${person(8, 18, 3.5)}${person(24, 18, 3.5)}M9 2h14a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2h-5l-2 3-2-3H9a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2z|M12 6h.01M16 6h.01M20 6h.01`,
  HURTING:
    'M6 12h11a3 3 0 0 1 3 3v7a5 5 0 0 1-5 5H9a6 6 0 0 1-6-6v-6a3 3 0 0 1 3-3z|M8 12v6M12 12v6M16 12v6M3 20h9M23 9l2-5M25 14l5-2M25 20l5 2',
  TAKING_BREAKING:
    'M4 28l1.5-7L13 13.5l1 3.5 3.5 1L10 26zM19 12.5l6-6a3 3 0 0 1 4 4l-6 6-.7-3.3z|M11 8l1 2M6 11l2.5 1M22 23l-1.5-1.5M18 27l-.5-2.5',
  THREAT: 'o16,16,12M10.5 23q5.5-5 11 0z|M8.5 10.5l5.5 3M23.5 10.5l-5.5 3M12 16.5v.5M20 16.5v.5',
  FORCING: `${person(22, 9, 4)}|M2 18h9M8 13.5l4.5 4.5L8 22.5`,
  ONLINE:
    'M6 5a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v22a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2zM15 8h12a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2h-5l-4 3v-3h-3z|M11 25h4M22 11v2.5M22 16h.01',
  WHO_I_AM: `${person(16, 8, 4.5, 10)}|M16 27l-3.2-3.2a2.1 2.1 0 0 1 3.2-2.6 2.1 2.1 0 0 1 3.2 2.6z`,
  BODY_BOUNDARY: `${person(16, 10, 3.2)}|M7 5a15 15 0 0 0 0 22M25 5a15 15 0 0 1 0 22`,
  WEAPON_DANGER: 'M14.3 5.5a2 2 0 0 1 3.4 0l11 19a2 2 0 0 1-1.7 3H5a2 2 0 0 1-1.7-3z|M16 12v7M16 23h.01',
  UNSAFE_FEELING: 'o16,16,12|M9 11.5l4-2M23 11.5l-4-2M12 15v.5M20 15v.5M10 22q2-3 4 0t4 0 4 0',
  OTHER_UNKNOWN: question,
  // where
  CLASSROOM: 'M5 4h22a1 1 0 0 1 1 1v14H4V5a1 1 0 0 1 1-1z|M9 9h9M9 14h5M11 19l-2 9M21 19l2 9',
  HALL_STAIRS: 'M3 28v-6h7v-6h7v-6h7V4h5v24z',
  CLOAKROOM_LOCKERS: 'M16 13L5 21a2 2 0 0 0 1 4h20a2 2 0 0 0 1-4z|M16 13v-2.5a3 3 0 1 0-3-3',
  TOILET: 'M8 4h7v11H8zM7 15h18c0 5-3 8-7 8v5h-8v-6c-2-1-3-4-3-7z',
  PLAYGROUND: 'M11 18h10v3H11z|M3 28L9 5h14l6 23M12.5 5v13M19.5 5v13',
  GYM: 'o16,16,12|M4 16h24M16 4v24M7.5 7.5q6 8.5 0 17M24.5 7.5q-6 8.5 0 17',
  CHANGING_ROOM: 'M11 4L3 9l3 6 3-1.5V28h14V13.5L26 15l3-6-8-5a5 5 0 0 1-10 0z',
  CANTEEN_LUNCH:
    'M22.5 4c2.5 0 4 3.5 4 7s-1.5 6-4 6-4-2.5-4-6 1.5-7 4-7z|M9 28V14M5 4v7a4 4 0 0 0 8 0V4M9 4v9M22.5 17v11',
  BIKE_SHED: 'o8,21,5.5o24,21,5.5|M8 21l5-9h8l3 9M13 12l3.5 9H8M16.5 21L21 12M11 8.5h4.5M24 8h-4l1 4',
  AFTER_SCHOOL_CARE: 'M4 17h11v11H4zM17 17h11v11H17zM10.5 4h11v11h-11z|M14 12l2-5 2 5M7.5 22.5h4M22.5 20.5v4',
  WAY_TO_SCHOOL: 'M3 28L12 4h8l9 24z|M16 8v3M16 15v3M16 22.5v4',
  BUS: 'M6 5h20a2 2 0 0 1 2 2v17H4V7a2 2 0 0 1 2-2zo9,25,3o23,25,3|M4 15h24M12 5v10M20 5v10',
  NEIGHBOURHOOD: 'M3 28V15l7-7 7 7v13zM17 28V12l-4-4h16v20z|M8 28v-6h4v6M22 14h2.5M22 20h2.5',
  ONLINE_PLACE: 'M7 6h18a1 1 0 0 1 1 1v14H6V7a1 1 0 0 1 1-1z|M2 26h28M11.5 13q4.5-4.5 9 0M16 17h.01',
  TRIP: 'M16 6L3 27h26z|M16 14l-6 13M16 14l6 13M16 6l2-3M16 6l-2-3',
  ELSEWHERE: 'M16 29s10-9 10-17a10 10 0 0 0-20 0c0 8 10 17 10 17z|o16,12,3.5',
  UNKNOWN: question,
  // when
  BEFORE_SCHOOL: 'M8 22a8 8 0 0 1 16 0z|M3 27h26M16 5v5M5 11l3.5 3.5M27 11l-3.5 3.5',
  LESSON: 'M16 8c-3-2.5-7-3-12-3v19c5 0 9 .5 12 3 3-2.5 7-3 12-3V5c-5 0-9 .5-12 3z|M16 8v19',
  LESSON_CHANGE: 'M5 4h13v24H5z|M14 16h.01M20 16h9M25.5 12l4 4-4 4',
  MORNING_BREAK:
    'M16 11c-3-3-10.5-2-10.5 6 0 6 4 11 7 11 1.5 0 2.5-1 3.5-1s2 1 3.5 1c3 0 7-5 7-11 0-8-7.5-9-10.5-6z|M16 10q0-5 4-7',
  LUNCH: 'M4 18L16 6l12 12zM4 22q3 3 6 0 3 3 6 0 3 3 6 0 3 3 6 0v5H4z|M4 18h24',
  GYM_TIME: 'M3 23V10l5 3 5-3 5 7 7 2q4 1 4 5v2H3z|M3 23h26M15 14l2.5-1.5M17.5 17l2.5-1.5',
  HOME_TIME: 'M8 28V14a8 8 0 0 1 16 0v14zM12 20h8v8h-8z|M12 7.5V6a4 4 0 0 1 8 0v1.5M12 13.5h8M5 28v-8M27 28v-8',
  AFTER_SCHOOL: 'o16,16,12|M16 8.5V16l5.5 3',
  EVENING_WEEKEND: 'M19 4a12 12 0 1 0 9 17A11 11 0 0 1 19 4z|M25 6v5M22.5 8.5h5',
  // how bad: sadder, not angrier
  face1: `o16,16,12|${eyes}M11 21.5h10`,
  face2: `o16,16,12|${eyes}M11 22.5q5-4 10 0`,
  face3: 'o16,16,12|M8.5 11.5l4.5-2M23.5 11.5l-4.5-2M11.5 14.5v1M20.5 14.5v1M10.5 23.5q5.5-7 11 0',
  face4:
    'o16,16,12M11.5 24.5a4.5 4.5 0 0 1 9 0zM8.5 17c-2.2 3.5-1.5 4.5 0 4.5s2.2-1 0-4.5zM23.5 17c-2.2 3.5-1.5 4.5 0 4.5s2.2-1 0-4.5z|M8.5 11.5l4.5-2.5M23.5 11.5l-4.5-2.5M10.5 14.5h3M18.5 14.5h3',
  // who
  PUPIL: `${person(16, 8, 4.5, 9)}|M12 19v10M20 19v10`,
  PARENT: `${person(11, 8, 4, 7)}${person(24, 15, 3, 5)}`,
  STAFF: `${person(16, 8, 4.5, 9)}|M13 18l3 5 3-5M16 23v2`,
  OTHER: `${person(16, 8, 4.5, 9)}`,
  rather_not: 'o16,16,12|M11.5 13.5h2M18.5 13.5h2M11 21h10M13 19.5v3M16 19.5v3M19 19.5v3',
  MYSELF: `${person(16, 12, 4.5, 9)}|M16 1v3M6 4l2 2.5M26 4l-2 2.5`,
  SOMEONE_ELSE: `${person(22, 11, 4, 7)}|M3 17h7M7 13l4 4-4 4`,
  GROUP: `${person(16, 7, 3.5, 6)}${person(6.5, 14, 3, 4.5)}${person(25.5, 14, 3, 4.5)}`,
  NOBODY: `|${head(16, 9, 4.5)}M7 27c0-6 3-10 9-10s9 4 9 10M5 5l22 22`,
  JOINER: `${person(11, 9, 4, 7)}|M24 11v8M20 15h8`,
  // how often
  FIRST: 'o16,16,5',
  MORE_OFTEN: 'o7,16,3.5o16,16,3.5o25,16,3.5',
  ALMOST_DAILY: 'o7,9,3o16,9,3o25,9,3o7,18,3o16,18,3o25,18,3o7,27,3|M14 27h4M23 27h4',
  // what now
  LET_KNOW: 'M4 7h24a1 1 0 0 1 1 1v17a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1z|M3.5 8.5L16 18l12.5-9.5',
  TALK: 'M5 4h14a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM25 13h2a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2v4l-5-4h-7a2 2 0 0 1-2-2|M8 9.5h.01M12 9.5h.01M16 9.5h.01',
  HELP_NOW: 'M9 4l4 1 1 6-3 2q2 5 7 8l3-3 6 2 1 4q-1 4-5 4C13 28 4 19 4 9q0-4 5-5z|M20 4q7 1 8 8M20 9q3 .5 3.5 3.5',
  // the form's own signs
  exit: 'M5 4h12v24H5z|M12 16h16M23.5 11l5 5-5 5',
  help: 'o16,16,12|o16,16,5M7.5 7.5l5 5M24.5 7.5l-5 5M7.5 24.5l5-5M24.5 24.5l-5-5',
  speaker: 'M4 12h6l8-7v22l-8-7H4z|M22.5 11q4 5 0 10M26.5 7q6.5 9 0 18',
  back: '|M20 6L10 16l10 10',
  next: '|M12 6l10 10-10 10',
  check: '|M6 17l7 7L26 9',
  cross: '|M8 8l16 16M24 8L8 24',
  search: 'o14,14,9|M21 21l7 7',
  sign_in: 'o11,16,7|M18 16h11M25 16v5M11 16h.01',
  shield: 'M16 3l11 4v8c0 7-4.5 11.5-11 14C9.5 26.5 5 22 5 15V7z|M11 16l3.5 3.5L21 13',
  refresh: '|M27 16a11 11 0 1 1-3.5-8M24 3v5.5h-5.5',
  print: 'M4 12h24v11h-4v-4H8v4H4zM8 19h16v9H8z|M9 12V4h14v8',
} as const satisfies Record<string, string>

export type Pictogram = keyof typeof drawings

const circles = (path: string) =>
  path.replace(/o([\d.]+),([\d.]+),([\d.]+)/g, (_, x, y, r) => {
    const radius = Number(r)
    return `M${Number(x) - radius} ${y}a${r} ${r} 0 1 0 ${radius * 2} 0a${r} ${r} 0 1 0 ${-radius * 2} 0z`
  })

/** Always decoration: the words stand beside it. Class `pic`, coloured by `currentColor`. */
export const pictogram = (name: Pictogram): TemplateResult => {
  const [fill = '', line = ''] = drawings[name].split('|')
  return html`<svg class="pic" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    ${fill && svg`<path class="wash" d=${circles(fill)} />`}${line && svg`<path d=${circles(line)} />`}
  </svg>`
}
