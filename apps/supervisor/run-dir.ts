import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** When a process started, in clock ticks since boot: with its pid, its identity. Undefined where it is gone. */
function startTime(pid: number): string | undefined {
  try {
    // The name in parentheses may hold spaces: count fields from its end (proc(5), field 22).
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    throw error
  }
}

interface Claim { readonly name: string; readonly pid: number; readonly started: string | undefined }

/** Writes down who runs, so that the next run can end by id what a killed one left behind, if they still are who they were. */
export function recordChildren(runDir: string, children: readonly { name: string; pid: number }[]): void {
  writeFileSync(path.join(runDir, 'children.json'), JSON.stringify(children.map(({ name, pid }): Claim => ({ name, pid, started: startTime(pid) }))), { mode: 0o600 })
}

/** Makes the run folder ours. Throws where a living appliance has it; ends what a killed one left. */
export async function claimRunDir(runDir: string): Promise<void> {
  const owner = read(path.join(runDir, 'owner.json'))[0]
  if (owner !== undefined && startTime(owner.pid) === owner.started && owner.started !== undefined)
    throw new Error(`an appliance already runs here (process ${owner.pid}): stop it first, or give this one a --name`)
  for (const child of read(path.join(runDir, 'children.json')))
    if (child.started !== undefined && startTime(child.pid) === child.started) process.kill(child.pid, 'SIGKILL')
  rmSync(runDir, { recursive: true, force: true })
  mkdirSync(runDir, { recursive: true, mode: 0o711 })
  writeFileSync(path.join(runDir, 'owner.json'), JSON.stringify([{ name: 'up', pid: process.pid, started: startTime(process.pid) } satisfies Claim]))
}

function read(file: string): Claim[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Claim[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
