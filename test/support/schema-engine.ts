/**
 * Prisma's schema engine, in-process (its own downloads are never used): turns one schema into the SQL that leads to another. For drafting
 * migrations and for the drift test; the service applies migrations itself (connector/store/migrate.ts).
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import type pg from 'pg'

// Node has it; its types do not.
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: unknown } }>
}

/**
 * @param from the text of a schema.prisma, or null for an empty database
 * @param connection any reachable database: the engine asks it for its version only
 */
export async function schemaDiff(from: string | null, to: string, connection: pg.ClientConfig): Promise<string> {
  const file = (content: string) => [{ path: 'schema.prisma', content }]
  const engine = await start(to, connection)
  const result = await engine.diff({
    from: from === null ? { tag: 'empty' } : { tag: 'schemaDatamodel', files: file(from) },
    to: { tag: 'schemaDatamodel', files: file(to) },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  })
  return result.stdout ?? ''
}

async function start(schema: string, connection: pg.ClientConfig) {
  const file = createRequire(import.meta.url)
    .resolve('@prisma/schema-engine-wasm')
    .replace(/[^/]+$/, 'schema_engine_bg.wasm')
  const module = await WebAssembly.instantiate(readFileSync(file), { './schema_engine_bg.js': bindings as never })
  bindings.__wbg_set_wasm(module.instance.exports)
  ;(module.instance.exports as { __wbindgen_start(): void }).__wbindgen_start()
  const factory = bindMigrationAwareSqlAdapterFactory(new PrismaPg(connection as pg.PoolConfig))
  return bindings.SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => {}, factory)
}
