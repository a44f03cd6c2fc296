import os from 'node:os'
import { linkLayerDuid } from '#netboot/codec/duid'
import { decideMachineBoot } from '../machines/boot/decision.ts'
import type { MachineRecord } from '../machines/record.ts'
import type { Networks } from '../networks/networks.ts'
import type { Core } from '../core.ts'
import type { RuleContext } from './rules/rule.ts'

/** What the rules may know of a machine and its network, now. */
export function ruleContext(core: Core, { book, desk, state }: Networks, machine: MachineRecord | undefined): RuleContext {
  const networks = book.networks()
  const network = (machine?.address == null ? undefined : book.ofAddress(machine.address)) ?? networks[0]
  if (network === undefined) throw new Error('the site has no network')
  let free: number | undefined
  return {
    nowMs: core.now(), ours: [...new Set(networks.map(({ address }) => address))], ownDuids: duidsOf(networks.filter(({ ipv6Prefix }) => ipv6Prefix !== '').map((one) => one.interface)), mode: network.mode, lacksServer: network.mode === 'proxy' && state.lacksServer(network.id),
    otherBootFiles: new Map(network.mode === 'proxy' ? state.otherServers(network.id).flatMap(({ address, gives }) => (gives?.bootFile == null ? [] : [[address, gives.bootFile] as const])) : []), policy: network.policy,
    // Counting leases reads them all: only a rule that has seen an unanswered question asks.
    get freeAddresses() {
      free ??= desk.find(network.id).poolFree
      return free
    },
    hasFile: (name) => core.library.bootFile(name) !== undefined,
    machine: machine === undefined ? null : {
      name: machine.name, phase: machine.phase, expectsDisk: decideMachineBoot(machine, state.diskBoots(machine.id)).decision === 'localDisk',
      memoryBytes: machine.inventory?.memoryBytes ?? null, disks: machine.inventory?.disks.length ?? null, secureBoot: machine.inventory?.secureBoot ?? null,
      twin: machine.uuid === null ? null : core.registry.all().find((other) => other.id !== machine.id && other.uuid === machine.uuid)?.name ?? null,
    },
  }
}

/** What our DHCPv6 servers on these cards call themselves, as hex. */
function duidsOf(devices: readonly string[]): string[] {
  const cards = os.networkInterfaces()
  return Array.from(new Set(devices)).flatMap((device) => { const mac = cards[device]?.[0]?.mac; return mac === undefined ? [] : Buffer.from(linkLayerDuid(mac)).toString('hex') })
}
