// Gives each element of M5 a way to ask who sits here. Nothing is asked before somebody opens it; nobody signed in: an empty text.
for (const element of document.querySelectorAll('m5-stopknop, m5-group')) {
  element.portalToken = async () => {
    const answer = await fetch('/m5-token', { method: 'POST', cache: 'no-store', credentials: 'same-origin' })
    return answer.ok ? answer.text() : ''
  }
}
