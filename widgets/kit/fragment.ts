/** What a way in that came before the frame's key left in the address: `#t=` somebody who arrived, `#l=` an account that is nobody's here yet. */
export type Fragment = { arrival?: string; offer?: string }

/** Reads it once and takes it out of the address and the history. Other fragments stay (a grant's link has one). */
export const takeFragment = (): Fragment => {
  const [, what, value = ''] = /^#([tl])=([\w-]{20,200})$/.exec(location.hash) ?? []
  if (!what) return {}
  history.replaceState(history.state, '', location.pathname + location.search)
  return what === 't' ? { arrival: value } : { offer: value }
}
