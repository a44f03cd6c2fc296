import type { Mac } from '#contract/mac'
import { architectures } from '../../arch/index.ts'
import type { BootEvent } from '../../site.ts'

const limit = 4096
const unsigned: ReadonlySet<string> = new Set(architectures.entries.flatMap(({ signedLoader, tftpLoader, httpLoader }) => (signedLoader === undefined ? [] : [tftpLoader, httpLoader])))

/**
 * Which machines do not start our unsigned loader. DHCP says nothing of Secure Boot, but firmware that fetched all of the loader and then
 * asks again as firmware, not as iPXE, has refused it. Whoever is wrongly thought to (somebody pressed reset) loses little: the signed chain
 * starts iPXE where Secure Boot is off.
 *
 * INVARIANTS: at most 4096 machines each way; what is oldest is forgotten first.
 */
export class LoaderMemory {
  private readonly fetched = new Set<Mac>()
  private readonly refused = new Set<Mac>()

  /** Learns from what happens on the wire. */
  hear(event: BootEvent): void {
    switch (event.kind) {
      case 'tftp.sent': return this.sent(event.mac, event.file)
      case 'file.sent': return event.complete ? this.sent(event.mac, event.file) : undefined
      case 'dhcp.discovered': case 'dhcp6.solicited': {
        if (event.client.kind === 'ipxe') { this.fetched.delete(event.mac); this.refused.delete(event.mac) }
        if (event.client.kind === 'firmware' && this.fetched.delete(event.mac)) add(this.refused, event.mac)
      }
    }
  }

  /** Whether this machine needs the signed chain. */
  refuses(mac: Mac): boolean {
    return this.refused.has(mac)
  }

  private sent(mac: Mac | null, file: string): void {
    if (mac !== null && unsigned.has(file)) add(this.fetched, mac)
  }
}

function add(set: Set<Mac>, mac: Mac): void {
  set.add(mac)
  if (set.size > limit) set.delete(set.values().next().value ?? mac)
}
