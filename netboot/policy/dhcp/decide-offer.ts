import type { BootArchitecture } from '../../arch/arch.ts'
import { encodePxeVendor, pxeOption, useBootFile } from '../../codec/pxe-vendor.ts'
import { nextEntryFile, type BootDecision, type DropReason, type LoaderBoot, type NetworkView } from '../../site.ts'
import type { BootRequest } from './boot-request.ts'

/** What a DHCP answer says about booting. */
export type BootAnswer =
  /** `nextServer` and `file` go to siaddr and file; `vendorClass` to option 60; `vendorOptions` to option 43; `ipxeOptions` to option 175. */
  | { kind: 'boot'; file: string; nextServer: string; vendorClass: 'PXEClient' | 'HTTPClient' | null; vendorOptions: Uint8Array | null; ipxeOptions: Uint8Array | null }
  /** An address without anything to boot: an ordinary client. */
  | { kind: 'plain' }
  | { kind: 'ignore'; why: DropReason & ('policy-ignore' | 'no-boot-file') }

/** What is known of how one machine takes its loader. `refusesUnsigned`: only the first of the signed ones starts there. */
export interface LoaderWishes { readonly refusesUnsigned: boolean; readonly loader: LoaderBoot | undefined }

const noWishes: LoaderWishes = { refusesUnsigned: false, loader: undefined }

/** How firmware that calls itself so fetches its loader. */
const loaderBootOf = (bootClass: BootRequest['bootClass']): LoaderBoot => (bootClass === 'HTTPClient' ? 'http' : 'tftp')

/** Whether there is firmware of this architecture that fetches its loader so. */
const canLoadBy = ({ dhcpTypes, httpTypes }: BootArchitecture, way: LoaderBoot): boolean => (way === 'http' ? httpTypes : dhcpTypes).length > 0

/** Sub-option 176 of iPXE's option 175: no proxyDHCP server here, so do not wait some seconds for one. */
const noProxyDhcp = Uint8Array.of(176, 1, 1)

/**
 * What to tell a client about booting. `hasFile` says whether the manifest holds a name.
 *
 * | client | answer |
 * | --- | --- |
 * | iPXE | URL of the boot script |
 * | PXE firmware | its loader by TFTP |
 * | UEFI HTTP Boot | URL of its loader, option 60 `HTTPClient` |
 * | firmware that refuses unsigned loaders | the first of the signed ones |
 * | an installed system | nothing |
 * | firmware that asks in another way than `wanted.loader` and could ask so | a name that is not there: it goes on to its next boot entry |
 *
 * A machine that is ignored gets no answer at all while it asks as firmware, so that its own next boot entry comes sooner, and an address
 * like any other client once its system asks.
 */
export function decideOffer(request: Pick<BootRequest, 'client' | 'bootClass' | 'architecture'>, decision: BootDecision, network: Pick<NetworkView, 'address' | 'mode'>, hasFile: (name: string) => boolean, wanted: LoaderWishes = noWishes): BootAnswer {
  if (request.client.kind === 'system') return { kind: 'plain' }
  if (decision === 'ignore') return { kind: 'ignore', why: 'policy-ignore' }
  const base = `http://${network.address}`
  const vendorClass = network.mode === 'proxy' ? 'PXEClient' : request.bootClass
  const vendorOptions = request.bootClass === 'PXEClient' ? encodePxeVendor(new Map([[pxeOption.discoveryControl, useBootFile]])) : null
  if (request.client.kind === 'ipxe') {
    return { kind: 'boot', file: `${base}/boot.ipxe`, nextServer: network.address, vendorClass, vendorOptions, ipxeOptions: network.mode === 'proxy' ? null : noProxyDhcp }
  }
  const architecture = request.architecture
  if (architecture === null) return { kind: 'ignore', why: 'no-boot-file' }
  const usual = request.bootClass === 'HTTPClient' ? architecture.httpLoader : architecture.tftpLoader
  const { signedLoader } = architecture
  const isLeft = wanted.loader !== undefined && wanted.loader !== loaderBootOf(request.bootClass) && canLoadBy(architecture, wanted.loader)
  const loader = wanted.refusesUnsigned && signedLoader !== undefined && hasFile(signedLoader) ? signedLoader : usual
  if (!hasFile(loader)) return { kind: 'ignore', why: 'no-boot-file' }
  const name = isLeft ? nextEntryFile : loader
  if (request.bootClass === 'HTTPClient') return { kind: 'boot', file: `${base}/files/${name}`, nextServer: network.address, vendorClass: 'HTTPClient', vendorOptions: null, ipxeOptions: null }
  return { kind: 'boot', file: name, nextServer: network.address, vendorClass, vendorOptions, ipxeOptions: null }
}
