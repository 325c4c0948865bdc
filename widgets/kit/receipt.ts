/** The one place that decides whether a report was received. Anything but a whole receipt is "not sent yet". */
import type { Receipt } from '../../connector/api/contract.ts'

const standings: readonly string[] = ['SIGNED', 'EXPIRED', 'UNSIGNED'] satisfies Receipt['standing'][]

export const readReceipt = (status: number, body: unknown): Receipt | undefined => {
  if (status !== 200 && status !== 201) return undefined
  if (typeof body !== 'object' || body === null) return undefined
  const { id, receivedAt, standing, mac, code } = body as Record<string, unknown>
  if (typeof id !== 'string' || !/^[0-9a-f-]{36}$/i.test(id)) return undefined
  if (typeof receivedAt !== 'string' || Number.isNaN(Date.parse(receivedAt))) return undefined
  if (typeof standing !== 'string' || !standings.includes(standing)) return undefined
  if (typeof mac !== 'string' || mac === '') return undefined
  const words = typeof code === 'string' && /^[a-z]+ [a-z]+ [a-z]+$/.test(code) ? { code } : {}
  return { id, receivedAt, standing: standing as Receipt['standing'], mac, ...words }
}
