/** `npm run proof -- NAME`: the long form of a proof, ending in one JSON line. Its short form is a test. */
import { canaries } from './canaries.ts'
import { crash } from './crash.ts'

const proofs: Record<string, () => Promise<{ ok: boolean; [figure: string]: unknown }>> = {
  async crash() {
    const durable = await crash({ reports: 10_000, kills: 20 })
    const control = await crash({ reports: 10_000, kills: 1, asynchronous: true })
    return { ok: durable.lost === 0 && durable.duplicates === 0 && control.lost > 0, durable, control }
  },
  async canaries() {
    const found = await canaries({ reports: 420 })
    return { ok: found.hits.length === 0 && found.controlHits > 0, ...found }
  },
}

const name = process.argv[2] ?? ''
const proof = proofs[name]
if (!proof) {
  process.stderr.write(`usage: npm run proof -- ${Object.keys(proofs).join('|')}\n`)
  process.exit(2)
}
const result = await proof()
process.stdout.write(`${JSON.stringify({ proof: name, ...result })}\n`)
process.exitCode = result.ok ? 0 : 1
