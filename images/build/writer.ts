import path from 'node:path'
import { assetsDir } from './assets.ts'
import { command } from './command.ts'

/** How the ramdisk's writer of images is compiled: statically, because the appliance's Debian may be another than the ramdisk's. */
export const writerRecipe = { options: ['-std=c17', '-O2', '-Wall', '-Wextra', '-static', '-pthread', '-s', '-Wl,--build-id=none'], libraries: ['-lzstd', '-lgcrypt', '-lgpg-error'] } as const

/** Compiles `write-chunks` into `file`; `more` are options of the compiler. Rejects with the compiler's words. */
export async function compileWriter(file: string, more: readonly string[] = []): Promise<void> {
  await command('cc', [...writerRecipe.options, ...more, path.join(assetsDir(), 'ramdisk/writer/write-chunks.c'), '-o', file, ...writerRecipe.libraries])
}
