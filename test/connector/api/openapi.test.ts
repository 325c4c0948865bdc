import { describe, expect, it } from 'vitest'
import { openApiDocument, operations } from '../../../connector/api/openapi.ts'

interface Operation {
  summary: string
  security?: object[]
  parameters: { name: string; in: string; required: boolean; schema: object; description?: string }[]
  requestBody?: { required: boolean; content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
}

const document = openApiDocument(new URL('https://m5.example')) as {
  openapi: string
  info: { title: string; version: string }
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { securitySchemes: Record<string, object> }
}
const all = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })),
)

describe('the OpenAPI document', () => {
  it('says what it is, and names this service alone', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: expect.any(String), version: expect.any(String) },
    })
    expect(document.servers).toEqual([{ url: 'https://m5.example' }])
    expect(Object.keys(document).sort()).toEqual(['components', 'info', 'openapi', 'paths', 'servers'])
  })

  it('has every operation, once', () => {
    expect(all.map(o => o.name).sort()).toEqual(Object.keys(operations).sort())
  })

  it.for(all)('$name is whole', ({ path, operation }) => {
    expect(operation.summary).not.toBe('')
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(found => found[1])
    const declared = operation.parameters.filter(p => p.in === 'path')
    expect(declared.map(p => p.name)).toEqual(inPath)
    for (const parameter of operation.parameters) {
      expect(['path', 'query', 'header', 'cookie']).toContain(parameter.in)
      expect(parameter.schema).toBeTypeOf('object')
      if (parameter.in === 'path') expect(parameter.required).toBe(true)
    }
    const keys = operation.parameters.map(p => `${p.in} ${p.name}`)
    expect(new Set(keys).size).toBe(keys.length)
    for (const security of operation.security ?? [])
      for (const name of Object.keys(security)) expect(Object.keys(document.components.securitySchemes)).toContain(name)
    expect(Object.keys(operation.responses).filter(status => !/^([1-5]\d\d|default)$/.test(status))).toEqual([])
    for (const response of Object.values(operation.responses)) expect(response.description).not.toBe('')
    expect(operation.responses.default?.content).toHaveProperty(['application/problem+json'])
  })

  it.for(all)(
    '$name has schemas that stand alone: no reference leads out, no draft of another kind',
    ({ operation }) => {
      const text = JSON.stringify(operation)
      expect(text).not.toContain('"$schema"')
      for (const [, to] of text.matchAll(/"\$ref":"([^"]*)"/g)) expect(to).toMatch(/^#/)
      const schemas = [
        ...Object.values(operation.requestBody?.content ?? {}),
        ...Object.values(operation.responses).flatMap(r => Object.values(r.content ?? {})),
      ]
      for (const { schema } of schemas)
        expect('type' in schema || 'anyOf' in schema || 'oneOf' in schema || 'allOf' in schema).toBe(true)
    },
  )

  it('asks a sign-in of every operation but those before there is one', () => {
    const open = all.filter(o => !o.operation.security).map(o => o.name)
    expect(open.sort()).toEqual([
      'GET /api/form',
      'POST /entry/arrive',
      'POST /entry/handoffs',
      'POST /entry/handoffs/{id}/claim',
      'POST /entry/silent',
      'POST /entry/teams',
    ])
    const may = all.filter(o => o.operation.security?.some(s => Object.keys(s).length === 0)).map(o => o.name)
    expect(may.sort()).toEqual(['POST /api/reports', 'POST /entry/leave'])
  })
})
