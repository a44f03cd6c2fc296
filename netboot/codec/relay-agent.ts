import { fault, ok, type Result } from '#contract/result'
import { decodeIpv4 } from './ipv4.ts'

/** What a relay says in option 82, as far as it decides anything. Addresses are dotted; null means absent. */
export interface RelayAgent {
  /** Sub-option 5: the subnet of the client, where the relay's own address lies elsewhere. @see RFC 3527 */
  readonly linkSelection: string | null
  /** Sub-option 11: the address that clients shall think is their server. @see RFC 5107 */
  readonly serverIdOverride: string | null
}

/** Why option 82 is none. */
export type RelayAgentFault = { kind: 'sub-option-overruns'; option: number; at: number }

/** An option 82 that says nothing. */
export const silentRelay: RelayAgent = { linkSelection: null, serverIdOverride: null }

/** The value of option 82. An address sub-option that is not four bytes counts as absent. Fault: `sub-option-overruns`. @see RFC 3046 §2 */
export function decodeRelayAgent(bytes: Uint8Array): Result<RelayAgent, RelayAgentFault> {
  let { linkSelection, serverIdOverride } = silentRelay
  for (let at = 0; at < bytes.length;) {
    const [code = 0, length] = [bytes[at], bytes[at + 1]]
    if (length === undefined || at + 2 + length > bytes.length) return fault({ kind: 'sub-option-overruns', option: code, at })
    const value = bytes.subarray(at + 2, at + 2 + length)
    if (code === 5 && length === 4) linkSelection = decodeIpv4(value)
    if (code === 11 && length === 4) serverIdOverride = decodeIpv4(value)
    at += 2 + length
  }
  return ok({ linkSelection, serverIdOverride })
}
