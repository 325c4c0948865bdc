/** The words of a message of a case, sealed for its own row. */
import type { BoardKeys } from '../store/keyring.ts'
import type { Bytes } from '../store/seal.ts'

const place = (messageId: string) => ({ table: 'CaseMessage', row: messageId, column: 'textSealed' })

export const sealText = (keys: BoardKeys, messageId: string, text: string): Bytes => keys.seal(place(messageId), text)

export const openText = (keys: BoardKeys, messageId: string, sealed: Uint8Array): string =>
  keys.open(place(messageId), sealed)
