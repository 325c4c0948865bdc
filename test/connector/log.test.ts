import { describe, expect, it } from 'vitest'
import { describe as described } from '../../connector/log.ts'
import { open } from '../../connector/store/seal.ts'

const word = 'kanarie7'
const thrown = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('what the log says of an error', () => {
  it('is its code and where in our code it came from', () => {
    const error = thrown(() =>
      open(() => new Uint8Array(), { boardId: '', table: '', row: '', column: '' }, null as never),
    )
    expect(described(error)).toEqual({
      code: 'TypeError',
      at: expect.stringMatching(/^connector\/store\/seal\.ts:\d+:\d+$/),
    })
  })

  it.for([
    ['a word', word],
    ['a path like ours', `/connector/${word}.ts:1:1`],
    ['a line like a frame', `x\n    at ${word} (/work/connector/${word}.ts:1:1)\n`],
    [
      'a code frame as Prisma draws one',
      `Invalid \`prisma.x()\` invocation in\n/app/connector/store/x.ts:1:2\n→ 1 create({ name: "${word}" })`,
    ],
  ])('is never its message, be it %s', ([, message]) => {
    expect(JSON.stringify(described(new Error(String(message))))).not.toContain(word)
    expect(JSON.stringify(described(new TypeError(String(message), { cause: new Error(word) })))).not.toContain(word)
  })

  it('is little of what is no error', () => {
    for (const cause of [undefined, null, word, { message: word }, [word]])
      expect(JSON.stringify(described(cause))).not.toContain(word)
  })
})
