import type { Mac } from '#contract/mac'
import { decideBoot, type BootVerdict } from '../policy/boot/decide-boot.ts'
import { renderGrubOrder } from '../policy/boot/render-grub.ts'
import { chooseDiskBoot, renderScript } from '../policy/boot/render-ipxe.ts'
import { bootFileNames, type MachineView, type NetworkView, type ScriptFacts, type Site } from '../site.ts'

/** The script of one machine in the loader's own language, rendered from the one decision, and reported. `host` is our address by which it asked, as URLs write it. Throws where the site is broken. */
export function bootScript(site: Site, loader: 'ipxe' | 'grubByTftp' | 'grubByHttp', asked: { mac: Mac; address: string; network: NetworkView; host: string; client: ScriptFacts; isReported: boolean }): string {
  const { mac, address, network, host, client } = asked
  const hasFile = (name: string): boolean => site.file(name) !== undefined
  const machine: MachineView | undefined = site.machine(mac)
  const verdict: BootVerdict = decideBoot(machine, network, hasFile(bootFileNames.kernel) && hasFile(bootFileNames.initrd))
  // The signed GRUB finds the disk by itself, iPXE only with ours.
  const hasGrub = loader !== 'ipxe' || hasFile(bootFileNames.localBootUefi)
  const disk = verdict.decision === 'localDisk' && client.platform !== null ? { disk: chooseDiskBoot(machine?.bootPath?.disk, client.platform, hasGrub) } : {}
  if (asked.isReported) site.report({ kind: 'script.rendered', mac, address, script: verdict.decision, why: verdict.why, client, ...disk })
  return loader === 'ipxe' ? renderScript(verdict, network.address, mac, machine, hasFile, host) : renderGrubOrder(verdict, network.address, loader === 'grubByHttp' ? '/files' : '', mac, machine)
}

/**
 * Whether a request that names the card `mac` may count as that machine's: the address that it came from is its own, another card's of the
 * same machine, or nobody's (`owner` null). A claim in a request never ends another machine's session nor counts as its boot.
 */
export function speaksForItself(site: Site, owner: Mac | null, mac: Mac): boolean {
  if (owner === null || owner === mac) return true
  const id = site.machine(owner)?.id
  return id !== undefined && id === site.machine(mac)?.id
}

/** What is known of a machine whose GRUB asks: it runs on UEFI, and says no more. */
export const grubFacts: ScriptFacts = { uuid: null, platform: 'efi', buildArchitecture: 'x86_64', serial: '' }
