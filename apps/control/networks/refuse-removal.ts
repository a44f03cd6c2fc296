/** What hangs on a network: leases that run, and the names of the machines whose agents know the appliance by its address there alone. */
export interface NetworkUse { readonly title: string; readonly address: string; readonly active: number; readonly cutOff: readonly string[] }

const mostNamed = 8

/** Names as a person lists them, at most eight and how many more there are. */
export function nameSome(names: readonly string[]): string {
  const parts = names.length > mostNamed ? [...names.slice(0, mostNamed), `${names.length - mostNamed} more`] : [...names]
  const last = parts.pop() ?? ''
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`
}

/** Why a person may not remove this network without force, as sentences; undefined where they may. */
export function refuseRemoval({ title, address, active, cutOff }: NetworkUse): string | undefined {
  const one = active === 1
  const why = [
    ...(active === 0 ? [] : [`${one ? 'A client has an address' : `${active} clients have addresses`} of ${title}: they lose ${one ? 'it' : 'them'} when the lease ends.`]),
    ...(cutOff.length === 0 ? [] : [`${nameSome(cutOff)} would be cut off: ${cutOff.length === 1 ? 'its agent asks' : 'their agents ask'} the appliance at ${address} and nowhere else, so nothing is heard of ${cutOff.length === 1 ? 'it' : 'them'} until a network is served at that address again. Release ${cutOff.length === 1 ? 'it' : 'them'} first.`]),
  ]
  return why.length === 0 ? undefined : `${why.join(' ')} Repeat with force to remove the network nevertheless.`
}
