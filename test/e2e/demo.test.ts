import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

describe('npm run demo -- --check', () => {
  it('starts a whole school, lets a pupil report and the teacher read it, and ends', () => {
    const demo = fileURLToPath(new URL('../school/demo.ts', import.meta.url))
    const run = spawnSync(process.execPath, [demo, '--check'], { encoding: 'utf8', timeout: 60_000 })
    expect(run.status, run.stderr).toBe(0)
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: true, reported: true, teacher: true, otherTeacher: false })
  })
})
