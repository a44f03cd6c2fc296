/** A hardware address: lower case, colon-separated, six octets. Made only by `parseMac`. */
export type Mac = string

/**
 * A hardware address in the one form used inside the appliance.
 * Takes `52-54-00-AB-CD-EF`, `5254.00ab.cdef`, `525400abcdef` and the colon form in any case; undefined for anything else.
 */
export function parseMac(text: string): Mac | undefined {
  const hex = text.toLowerCase().replaceAll(/[:.-]/g, '')
  if (!/^[0-9a-f]{12}$/.test(hex)) return undefined
  return (hex.match(/../g) as string[]).join(':')
}
