import { describe, expect, it } from 'vitest'
import type { NetworkConfig } from './network-config.ts'
import { renderNetwork } from './render-network.ts'
import { openSiteState } from './site-state.ts'

const config = { id: 'provisioning', title: 'Provisioning network', cidr: '10.77.0.0/24', mode: 'proxy', ranges: [{ from: '10.77.0.100', to: '10.77.0.100' }], excluded: [], whenOtherServer: 'warn' } as unknown as NetworkConfig
const gives = { gateway: '10.77.0.254', dns: ['10.77.0.53'], bootFile: null }

/** The network as operators see it after `told` was heard. */
function shown(told: readonly { address: string; gives?: typeof gives | { gateway: string; dns: string[]; bootFile: string } }[], { lacks = false, mode = 'proxy', laterMs = 0 } = {}) {
  let nowMs = 0
  const state = openSiteState(() => nowMs)
  for (const one of told) state.sawServer('provisioning', { mac: '3c:ec:ef:00:00:50', isHeard: true, ...one })
  nowMs = laterMs
  return renderNetwork({ ...config, mode } as NetworkConfig, { leases: [], reservations: { count: 0, troubled: 0 }, otherServers: state.otherServers('provisioning'), lacksServer: lacks, nowMs })
}

describe('a network of mode proxy', () => {
  it('says who gives the addresses and with what, and that all is well', () => {
    expect(shown([{ address: '10.77.0.50', gives }])).toMatchObject({ addressServers: [{ address: '10.77.0.50', mac: '3c:ec:ef:00:00:50', gateway: '10.77.0.254', dns: ['10.77.0.53'], bootFile: '' }], notices: [] })
    expect(shown([{ address: '10.77.0.50', gives: { ...gives, gateway: '', dns: [] } }])).toMatchObject({ addressServers: [{ gateway: '', dns: [] }], notices: [] })
  })
  it('warns of a boot file, also where only machines that boot are told it', () => {
    expect(shown([{ address: '10.77.0.50', gives: { ...gives, bootFile: 'theirs.0' } }, { address: '10.77.0.50', gives }]).notices).toEqual(['10.77.0.50 on Provisioning network gives not only addresses, but also says what to boot, theirs.0: some machines will take that. Take the boot file (next-server, filename, options 66 and 67) out of its configuration.'])
  })
  it('warns of two servers', () => {
    expect(shown([{ address: '10.77.0.50', gives }, { address: '10.77.0.51', gives }]).notices).toEqual(['2 DHCP servers give addresses on Provisioning network: 10.77.0.50, 10.77.0.51. That is right only where they share one plan; else turn all but one off.'])
  })
  it('says that nobody gives addresses, and nothing else then', () => {
    expect(shown([{ address: '10.77.0.50', gives: { ...gives, bootFile: 'theirs.0' } }], { lacks: true }).notices).toEqual([expect.stringMatching(/^Nobody gives addresses on Provisioning network: .* Start that server, or use mode full\.$/)])
  })
  it('forgets a server that was not heard for ten minutes, and names none as its giver in mode full', () => {
    expect(shown([{ address: '10.77.0.50', gives }], { laterMs: 600_000 }).addressServers).toEqual([])
    expect(shown([{ address: '10.77.0.50', gives }], { mode: 'full' })).toMatchObject({ addressServers: [], otherServers: ['10.77.0.50'] })
  })
})
