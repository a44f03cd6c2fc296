import { osImages } from './index.ts'

/** Everything that the image builder can be asked for, by id: the boot loaders, the ramdisk, the base of app images, and every OS image of the catalog. */
export const builds: readonly string[] = ['loaders', 'ramdisk', 'runtime-base', ...osImages.entries.map((image) => image.id)]
