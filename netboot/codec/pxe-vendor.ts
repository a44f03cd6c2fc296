import { fault, ok, type Result } from '#contract/result'

/** Sub-options of option 43 for PXE clients, by number. @see PXE 2.1 §2.3, table 2-1 */
export const pxeOption = { discoveryControl: 6, bootServers: 8, bootMenu: 9, menuPrompt: 10, bootItem: 71, end: 255 } as const

/** Discovery control 8: take the boot file of this answer, ask no boot server and show no menu. */
export const useBootFile = Uint8Array.of(8)

/** Why option 43 is not a list of sub-options. */
export type PxeVendorFault = { kind: 'sub-option-overruns'; option: number; at: number; need: number; have: number }

/** Option 43 as sub-options by number; where one repeats, the last counts. Fault: `sub-option-overruns`. */
export function decodePxeVendor(bytes: Uint8Array): Result<Map<number, Uint8Array>, PxeVendorFault> {
  const found = new Map<number, Uint8Array>()
  let at = 0
  while (at < bytes.length) {
    const code = bytes[at] ?? pxeOption.end
    if (code === pxeOption.end) break
    if (code === 0) { at += 1; continue }
    const length = bytes[at + 1]
    if (length === undefined || at + 2 + length > bytes.length) return fault({ kind: 'sub-option-overruns', option: code, at, need: (length ?? 0) + 2, have: bytes.length - at })
    found.set(code, bytes.slice(at + 2, at + 2 + length))
    at += 2 + length
  }
  return ok(found)
}

/** Sub-options as the value of option 43, with its end mark. Each value has at most 255 bytes. */
export const encodePxeVendor = (options: ReadonlyMap<number, Uint8Array>): Uint8Array =>
  Uint8Array.from([...Array.from(options, ([code, value]) => [code, value.length, ...value]).flat(), pxeOption.end])
