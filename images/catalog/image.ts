import type { Entry } from '#contract/catalog'

/** An operating system that a deploy can write: what the build installs from Debian, and what only a role may start. */
export interface OsImage extends Entry {
  /** Debian's release name, e.g. `trixie`. */
  readonly suite: string
  /** Debian packages; everything that any role needs, so that no machine ever downloads one. */
  readonly packages: readonly string[]
  /** dpkg path patterns that are not unpacked. */
  readonly excluded: readonly string[]
  /** Units that stay disabled until the agent starts them. */
  readonly disabledUnits: readonly string[]
  /** Size of the root file system image; it grows to its partition at deploy. */
  readonly rootMib: number
  /** Features that this release's GRUB cannot read, as for `mke2fs -O`. */
  readonly ext4Features: string
}

/** Declares an OS image. */
export const defineOsImage = (image: OsImage): OsImage => image
