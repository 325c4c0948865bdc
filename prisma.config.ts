// Prisma's own downloads are never used: generation needs no engine, and migrations run in-process
// (connector/store/migrate.ts). A path that exists keeps its configuration check quiet.
import { defineConfig } from 'prisma/config'

process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath

export default defineConfig({ schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations' } })
