/** The first octets of every simulated machine's MAC, "ZSIM": locally administered (IEEE 802-2014 §8.4), so no real card has them. */
export const simulatedMacPrefix = '5a:53:49:4d'

/** The SMBIOS product of every simulated machine: nobody shall take it for a real one. */
export const simulatedProduct = 'Simulated machine'

/** Whether a machine with this MAC, in its one form, is simulated. */
export const isSimulated = (mac: string): boolean => mac.startsWith(`${simulatedMacPrefix}:`)
