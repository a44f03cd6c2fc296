import type { Origin } from './fixture.ts'
import type { BootWorld, WorldFiles } from './world.ts'

/** One thing that happens to a machine, to be recorded. */
export interface Scene {
  /** Of its files. */
  readonly name: string
  /** A sentence: what really happened. */
  readonly about: string
  readonly origin: Origin
  readonly files: WorldFiles
  /** More for the environment of control. */
  readonly environment?: Readonly<Record<string, string>>
  /** What the rules must say of each boot, oldest first, and nothing else. */
  readonly says: readonly (readonly string[])[]
  /** The machine is looked at so many seconds after it was last heard of: rules wait for what never comes. */
  readonly lookAfterSeconds: number
  /** Lets it happen; resolves to the network card whose boots are meant. */
  play(world: BootWorld): Promise<string>
}

/** Declares a scene. What is left out is as on a healthy network with made-up boot files. */
export const defineScene = (scene: Omit<Scene, 'files' | 'lookAfterSeconds'> & Partial<Scene>): Scene => ({ files: madeFiles, lookAfterSeconds: 2, ...scene })

/** Boot files of made-up bytes, small enough for a quick recording. */
export const madeFiles: WorldFiles = { loaders: { 'snponly.efi': 173_792, 'undionly.kpxe': 74_213, 'ipxe.efi': 300_000 }, ramdisk: { vmlinuz: 1_500_000, 'initrd.img': 4_000_000 } }
