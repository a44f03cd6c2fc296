import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'

/** What a build works in until it is done: `.new-IMAGE-PID` beside the finished ones. */
export const workFolder = (images: string, id: string, pid: number): string => path.join(images, `.new-${id}-${pid}`)

/** Removes what killed builds left in the folder of images, and returns their names. What another build works in stays, and so does what still has something mounted in it. */
export async function clearKilledBuilds(images: string): Promise<string[]> {
  const left = namesIn(images).filter((name) => {
    const pid = /^\.new-.+-(\d+)$/.exec(name)?.[1]
    return pid !== undefined && !isBuilding(Number(pid)) && !hasMounts(path.join(images, name))
  })
  for (const name of left) await rm(path.join(images, name), { recursive: true, force: true })
  return left
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** A process id may belong to somebody else by now: only another build counts. */
function isBuilding(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('image-build')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** What is mounted is named by its real path, whatever link led to `folder`. */
function hasMounts(folder: string): boolean {
  const place = realpathSync(folder)
  return readFileSync('/proc/self/mountinfo', 'utf8').split('\n').some((line) => line.split(' ')[4]?.startsWith(`${place}/`) === true)
}
