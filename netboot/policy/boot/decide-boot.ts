import type { BootDecision, MachineView, NetworkView } from '../../site.ts'

/** What a machine gets, and why, as a sentence for its own screen and the timeline. */
export interface BootVerdict {
  readonly decision: BootDecision
  readonly why: string
}

/**
 * The one decision behind every boot path: DHCP, TFTP and the boot script all ask here, so they cannot disagree.
 *
 * A machine never seen gets its network's policy. `hasRamdisk` false makes it wait: the ramdisk is still being built.
 */
export function decideBoot(machine: MachineView | undefined, network: Pick<NetworkView, 'policy'>, hasRamdisk: boolean): BootVerdict {
  const decision = machine?.decision ?? (network.policy === 'discover' ? 'ramdisk' : 'ignore')
  switch (decision) {
    case 'ignore': return { decision, why: machine ? 'This machine is left alone.' : 'Unknown machines are ignored on this network.' }
    case 'localDisk': return { decision, why: 'Boots its installed system.' }
    case 'wait': return { decision, why: machine?.waitWhy ?? 'Waits for orders.' }
    case 'ramdisk': return hasRamdisk
      ? { decision, why: machine ? 'Boots the ramdisk.' : 'A new machine: boots the ramdisk to be discovered.' }
      : { decision: 'wait', why: 'The ramdisk is not built yet.' }
  }
}
