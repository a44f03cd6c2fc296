/** Sub-options of option 43 for PXE clients, by number. @see PXE 2.1 §2.3, table 2-1 */
export const pxeOption = { discoveryControl: 6, bootServers: 8, bootMenu: 9, menuPrompt: 10, bootItem: 71, end: 255 } as const

/** Discovery control 8: take the boot file of this answer, ask no boot server and show no menu. */
export const useBootFile = Uint8Array.of(8)

/** Sub-options as the value of option 43, with its end mark. Each value has at most 255 bytes. */
export const encodePxeVendor = (options: ReadonlyMap<number, Uint8Array>): Uint8Array =>
  Uint8Array.from([...Array.from(options, ([code, value]) => [code, value.length, ...value]).flat(), pxeOption.end])
