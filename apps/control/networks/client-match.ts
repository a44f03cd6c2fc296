import { parseMac } from '#contract/mac'
import type { ClientMatch } from '#contract/network-api'
import { parseUuid } from '#netboot/codec/uuid'

/** A client as people name it: a UUID, a MAC, or a client id as hex (`id:` before it, or of another length than a MAC). Undefined for anything else. */
export function parseClient(text: string): ClientMatch | undefined {
  const word = text.trim().toLowerCase()
  const said = word.startsWith('id:')
  const uuid = said ? null : parseUuid(word)
  if (uuid !== null) return { uuid }
  const mac = said ? undefined : parseMac(word)
  if (mac !== undefined) return { mac }
  const hex = word.slice(said ? 3 : 0).replaceAll(/^0x|[:.\s-]/g, '')
  // Option 61 has at least two bytes: its type and something more (RFC 2132 §9.14).
  return /^([0-9a-f]{2}){2,255}$/.test(hex) ? { clientId: hex } : undefined
}

/** How people write it. */
export function renderClient(match: ClientMatch): string {
  if ('mac' in match) return match.mac
  return 'uuid' in match ? match.uuid : `id:${match.clientId}`
}

/** Whether a client that says this of itself is meant. */
export function matchesClient(match: ClientMatch, client: { readonly mac: string; readonly clientId: string; readonly uuid?: string | undefined }): boolean {
  if ('mac' in match) return match.mac === client.mac
  return 'uuid' in match ? match.uuid === client.uuid : match.clientId === client.clientId
}
