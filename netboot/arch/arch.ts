import type { Entry } from '#contract/catalog'

/** A kind of firmware that can boot from the network, and the loader it is given. */
export interface BootArchitecture extends Entry {
  /** Its numbers in DHCP option 93. @see IANA's registry "Processor Architecture Types" */
  readonly dhcpTypes: readonly number[]
  /** The same firmware's numbers when it asks for a URL instead of a TFTP name (UEFI HTTP Boot). */
  readonly httpTypes: readonly number[]
  /** What kernels run on it: another word for another thing. */
  readonly cpu: 'x86_64' | 'arm64'
  /** Name of its iPXE in the boot manifest, for TFTP and for HTTP Boot. */
  readonly tftpLoader: string
  readonly httpLoader: string
  /** The first of a chain of signed loaders, for machines that refuse those. */
  readonly signedLoader?: string
}

/** Declares a boot architecture. */
export const defineArchitecture = (architecture: BootArchitecture): BootArchitecture => architecture
