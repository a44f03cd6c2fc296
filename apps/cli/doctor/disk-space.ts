import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import path from 'node:path'
import { renderBytes } from '../show/amount.ts'
import { advice, broken, fine, type Check, type Finding } from './check.ts'

/** Judges free bytes below `folder`: images need 8 GB, a lab's disks 12 GB more. */
export function judgeSpace(freeBytes: number, folder: string): Finding {
  const text = `${renderBytes(freeBytes)} free for ${folder}`
  if (freeBytes < 8e9) return broken(text, 'free at least 8 GB, or point SYSTEM_CLOUD_DATA to a larger file system')
  return freeBytes < 20e9 ? advice(text, 'enough for the appliance; a lab of three machines wants 20 GB') : fine(text)
}

/** Images are built and kept in the data folder, a lab's disks too. */
export const diskSpace: Check = {
  id: 'disk-space', title: 'Disk space',
  async run({ dataDir }) {
    let folder = path.resolve(dataDir)
    while (!existsSync(folder)) folder = path.dirname(folder)
    const space = await statfs(folder)
    return judgeSpace(space.bavail * space.bsize, dataDir)
  },
}
