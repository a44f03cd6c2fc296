import type { Scene } from './scene.ts'
import { diskScenes } from './scenes-disk.ts'
import { firmwareScenes } from './scenes-firmware.ts'
import { ipv6Scenes } from './scenes-ipv6.ts'
import { loadingScenes } from './scenes-loading.ts'
import { networkScenes } from './scenes-network.ts'
import { ramdiskScenes } from './scenes-ramdisk.ts'

/** All that is recorded. */
export const scenes: readonly Scene[] = [...networkScenes, ...loadingScenes, ...ramdiskScenes, ...diskScenes, ...ipv6Scenes, ...firmwareScenes]
