import { describe, expect, it } from 'vitest'
import { readConfig } from '../../connector/config.ts'

describe('M5_URL', () => {
  it.each(['http://m5.school.nl', 'http://10.0.0.4:4400', 'http://localhost.school.nl', 'http://127.school.nl'])(
    '%s is refused with a sentence: nobody signs in over plain http',
    url => {
      expect(() => readConfig({ M5_URL: url })).toThrow(/^M5_URL must be https/)
      expect(() => readConfig({ M5_URL: url })).toThrow(expect.objectContaining({ code: 'misconfigured' }))
    },
  )

  it.each([
    'https://m5.school.nl',
    'http://localhost:4400',
    'http://m5.localhost',
    'http://127.0.0.3:4400',
    'http://[::1]:4400',
  ])('%s is taken', url => {
    expect(readConfig({ M5_URL: url }).url.origin).toBe(url)
  })
})

it('no setting lets a sign-in at plain http on another machine through', () => {
  expect(Object.keys(readConfig({ M5_INSECURE_SIGN_IN: 'true' }))).not.toContain('insecureSignIn')
})

describe('M5_SYNC_WINDOW', () => {
  it('is two times of day, and the night by default', () => {
    expect(readConfig({}).schedule.window).toEqual({ from: '20:00', until: '06:00' })
    expect(readConfig({ M5_SYNC_WINDOW: '01:30-05:00' }).schedule.window).toEqual({ from: '01:30', until: '05:00' })
  })

  it.each(['20:00', '24:00-06:00', '20:00-06:60', '20-6', '06:00-06:00', ' 20:00-06:00'])('%s is refused', window => {
    expect(() => readConfig({ M5_SYNC_WINDOW: window })).toThrow(/M5_SYNC_WINDOW/)
  })
})
