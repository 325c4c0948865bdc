/*
 * Platform storage, the tool's side (1EdTech drafts lti-cs-pm and lti-pm-s, 2022): the platform's page keeps a value for us where the browser keeps no
 * cookie. Put and get go to the platform's own origin and are believed from it alone; who is asked where that is (capabilities) learns nothing.
 */
const place = document.getElementById('lti')
const { do: what, target, origin, key, value, next } = place.dataset
const waitMs = 1500
const host = window.parent !== window ? window.parent : window.opener

/** The window that keeps values: by its name, or the one we stand in. */
const named = name => {
  if (!name || name === '_parent') return host
  try {
    return host.frames[name] ?? host
  } catch {
    return host
  }
}

const ask = (to, message, targetOrigin, subjects) =>
  new Promise(resolve => {
    const id = crypto.randomUUID()
    const timer = setTimeout(() => done(null), waitMs)
    const done = answer => {
      clearTimeout(timer)
      removeEventListener('message', heard)
      resolve(answer)
    }
    const heard = event => {
      const said = event.data
      if (typeof said !== 'object' || said === null || said.message_id !== id || !subjects.includes(said.subject))
        return
      if (targetOrigin === '*' ? event.source !== to : event.origin !== targetOrigin) return
      done(said)
    }
    addEventListener('message', heard)
    to.postMessage({ ...message, message_id: id }, targetOrigin)
  })

/** @returns the platform's answer to put or get, or null. Some still say org.imsglobal.lti (before the final draft). */
const kept = async (verb, more) => {
  if (!host) return null
  const offers = await ask(host, { subject: 'lti.capabilities' }, '*', ['lti.capabilities.response'])
  const listed = Array.isArray(offers?.supported_messages) ? offers.supported_messages : []
  const found = listed.find(each => each?.subject === `lti.${verb}` || each?.subject === `org.imsglobal.lti.${verb}`)
  // Silent about what it can, and without having said in the login request that it can: there is nobody to ask.
  if (!found && !target) return null
  const subject = found?.subject ?? `lti.${verb}`
  const to = named(typeof found?.frame === 'string' ? found.frame : target)
  const answer = await ask(to, { subject, key, ...more }, origin, [`${subject}.response`])
  return answer && !answer.error ? answer : null
}

const show = id => {
  for (const each of ['busy', 'window']) {
    const part = document.getElementById(each)
    if (part) part.hidden = each !== id
  }
}

if (what === 'put') {
  show('busy')
  const answer = await kept('put_data', { value })
  if (answer) location.replace(next)
  else show('window')
} else {
  const answer = await kept('get_data', {})
  const form = document.forms[0]
  form.elements.browser.value = typeof answer?.value === 'string' ? answer.value : ''
  form.submit()
}
