import type { AddressServer, Network } from '#contract/network-api'
import { plural } from '../text/format.ts'

const tight = 90

/** How much of what may be given out is in use. */
export function PoolBar({ network }: { network: Network }) {
  const { poolSize, poolFree, leasesActive, reservations, conflicts, mode } = network
  const used = poolSize > 0 ? (100 * (poolSize - poolFree)) / poolSize : 0
  if (mode === 'proxy') return <Givers servers={network.addressServers} isOnWire={!network.relayed} />
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-3 text-sm"><span className="font-medium">{poolSize - poolFree} of {poolSize} in use</span><span className="text-ink-3">{poolFree} free</span></p>
      <span className={`mt-2 block ${used >= tight ? 'text-red' : 'text-mark'}`}><progress className="bar" max={100} value={used} aria-label="Addresses in use" /></span>
      <p className="mt-2 flex flex-wrap gap-x-3 text-xs text-ink-3">
        <span>{plural(leasesActive, 'lease')}</span><span>{plural(reservations, 'reservation')}</span>{conflicts > 0 ? <span className="text-red">{plural(conflicts, 'conflict')}</span> : null}
      </p>
    </>
  )
}

/** Mode proxy: who gives the addresses, and what machines get with them. */
function Givers({ servers, isOnWire }: { servers: readonly AddressServer[], isOnWire: boolean }) {
  return (
    <div className="flex flex-col gap-2 text-sm text-ink-2">
      <p>Another server gives the addresses; this appliance only says what machines boot.{servers.length === 0 && isOnWire ? ' None was heard yet.' : ''}</p>
      {servers.length > 0 ? (
        <ul aria-label="Who gives the addresses" className="flex flex-col gap-2">
          {servers.map(({ address, mac, gateway, dns }) => (
            <li key={address}>
              <span className="font-mono">{address}</span>{mac ? <span className="ml-2 font-mono text-xs text-ink-3">{mac}</span> : null}
              <span className="block text-xs text-ink-3">{gateway ? `gateway ${gateway}` : 'no gateway: machines reach this subnet only'}</span>
              <span className="block text-xs text-ink-3">{dns.length > 0 ? `DNS ${dns.join(', ')}` : 'no DNS server: machines look up no names'}</span>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}
