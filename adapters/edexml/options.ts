/** Options that every UWLR service asks for. */
import { z } from 'zod'

export const Short = z.string().min(1).max(64)

export const customerOptions = {
  /** autorisatiesleutel: the school gets it from its supplier, for us and for this school only. */
  key: Short,
  /** klantcode, klantnaam: who we are at the supplier's. */
  customerCode: Short,
  customerName: Short,
}

export const schoolOptions = {
  /** Four characters, without the number of the location. */
  brin: z.string().regex(/^\d{2}[A-Z]{2}$/, 'a BRIN such as 99ZZ'),
  /** The location's two digits (dependance); `00`, the main one, when it is left out. */
  location: z
    .string()
    .regex(/^\d{2}$/, 'two digits, such as 00')
    .optional(),
}
