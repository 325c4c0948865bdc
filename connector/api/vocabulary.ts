/**
 * The words of a report, as values. Texts for people live in the widgets, one file a language; the Dutch, the English and the
 * reasons stand in the glossary of the field. Order is the order on the screen. Values are stored: never rename one.
 */
export const behaviourTypes = [
  'NAME_CALLING',
  'LAUGHING_AT',
  'LEAVING_OUT',
  'GOSSIP',
  'HURTING',
  'TAKING_BREAKING',
  'THREAT',
  'FORCING',
  'ONLINE',
  'WHO_I_AM',
  'BODY_BOUNDARY',
  'WEAPON_DANGER',
  'UNSAFE_FEELING',
  'OTHER_UNKNOWN',
] as const

export const places = [
  'CLASSROOM',
  'HALL_STAIRS',
  'CLOAKROOM_LOCKERS',
  'TOILET',
  'PLAYGROUND',
  'GYM',
  'CHANGING_ROOM',
  'CANTEEN_LUNCH',
  'BIKE_SHED',
  'AFTER_SCHOOL_CARE',
  'WAY_TO_SCHOOL',
  'BUS',
  'NEIGHBOURHOOD',
  'ONLINE',
  'TRIP',
  'ELSEWHERE',
  'UNKNOWN',
] as const

export const moments = [
  'BEFORE_SCHOOL',
  'LESSON',
  'LESSON_CHANGE',
  'MORNING_BREAK',
  'LUNCH',
  'GYM_TIME',
  'HOME_TIME',
  'AFTER_SCHOOL',
  'EVENING_WEEKEND',
  'UNKNOWN',
] as const

export const days = ['TODAY', 'YESTERDAY', 'THIS_WEEK', 'LONGER_AGO'] as const
export const frequencies = ['FIRST', 'MORE_OFTEN', 'ALMOST_DAILY', 'UNKNOWN'] as const
export const reporterKinds = ['PUPIL', 'PARENT', 'STAFF', 'OTHER'] as const
export const targetKinds = ['MYSELF', 'SOMEONE_ELSE', 'GROUP', 'NOBODY'] as const
export const involvementRoles = ['ACTOR', 'JOINER', 'TARGET', 'BYSTANDER', 'HELPER'] as const
export const helpers = ['CHILD', 'GROWN_UP', 'NOBODY', 'UNKNOWN'] as const
export const wishes = ['LET_KNOW', 'TALK', 'HELP_NOW'] as const
export const languages = ['nl', 'en'] as const

/** Tiles that are shown help at once, and that alert at once. Group teachers never see `BODY_BOUNDARY`. */
export const urgentBehaviours = [
  'BODY_BOUNDARY',
  'WEAPON_DANGER',
] as const satisfies readonly (typeof behaviourTypes)[number][]
