import { decideMachineBoot } from '../machines/boot-decision.ts'
import type { MachineRecord } from '../machines/record.ts'
import { networkForOperators } from '../networks.ts'
import type { Core } from '../core.ts'
import type { SiteState } from '../site-state.ts'
import type { RuleContext } from './rules/rule.ts'

/** What the rules may know of a machine and its network, now. */
export function ruleContext(core: Core, state: SiteState, machine: MachineRecord | undefined): RuleContext {
  const network = state.network()
  let free: number | undefined
  return {
    nowMs: core.now(), ours: [network.address], mode: network.mode, policy: network.policy,
    get freeAddresses() {
      // Counting leases reads them all: only a rule that has seen an unanswered question asks.
      free ??= ((view) => view.poolSize - view.leasesActive)(networkForOperators(network, core.hot.leases(), [], core.now()))
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
