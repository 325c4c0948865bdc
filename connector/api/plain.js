// The plain pages work without this. With it the way out leaves nothing in the history, and the words can be printed and copied.
const find = name => document.querySelector(`[data-${name}]`)

find('leave')?.addEventListener('click', event => {
  event.preventDefault()
  document.body.replaceChildren()
  const around = window.parent === window ? undefined : (location.ancestorOrigins?.[0] ?? undefined)
  // In a frame the page around it goes: the element listens for exactly this.
  if (around) window.parent.postMessage({ v: 1, type: 'leave', id: crypto.randomUUID(), payload: {} }, around)
  else if (window.parent === window) location.replace(event.currentTarget.href)
})

const words = find('code')
const copy = find('copy')
if (words && copy) {
  find('copy').parentElement.hidden = false
  // A frame without the right to open windows of the system cannot print.
  if (window.parent !== window) find('print').hidden = true
  find('print').addEventListener('click', () => window.print())
  copy.addEventListener('click', async () => {
    const text = words.textContent.trim().replace(/\s+/g, ' ')
    try {
      await navigator.clipboard.writeText(text)
      copy.textContent = copy.dataset.copy
    } catch {
      getSelection().selectAllChildren(words)
    }
  })
}
