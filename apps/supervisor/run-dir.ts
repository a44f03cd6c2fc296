import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
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

/** What only one appliance may use at a time. */
export interface Places {
  /** What it writes while it runs; emptied when it is claimed. */
  readonly runDir: string
  /** It exists. */
  readonly dataDir: string
  /** The namespaces' common name; undefined on a real card. */
  readonly labName: string | undefined
}

/** Writes down who runs, so that the next run can end by id what a killed one left behind, if they still are who they were. */
export function recordChildren(runDir: string, children: readonly { name: string; pid: number }[]): void {
  write(path.join(runDir, 'children.json'), children.map(({ name, pid }) => ({ name, pid, started: startTime(pid) })))
}

/** A run that is killed while it writes leaves the old text, never half of the new. */
function write(file: string, claims: readonly Claim[]): void {
  writeFileSync(`${file}.new`, JSON.stringify(claims), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/**
 * Makes the places ours. Throws a sentence where a living appliance has one of them; ends what a killed one left.
 *
 * @param claims folder for the claims on data and names: root's alone, where the data folder is not
 * @returns gives them back, and ends what was recorded there and still runs
 */
export function claimPlaces({ runDir, dataDir, labName }: Places, claims = '/run'): () => void {
  const files: (readonly [string, (pid: number) => string])[] = [
    [path.join(runDir, 'owner.json'), (pid) => `an appliance already runs here (process ${pid}): stop it first, or give this one a --name`],
    [path.join(claims, `system-cloud-${createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 16)}.json`), (pid) => `an appliance already runs on the data in ${dataDir} (process ${pid}): stop it first, or give this one a folder of its own (SYSTEM_CLOUD_DATA)`],
  ]
  if (labName !== undefined) files.push([path.join(claims, `${labName}.json`), (pid) => `a lab of this name already runs (process ${pid}): stop it first, or give this one a --name of its own`])
  for (const [file, refuse] of files) {
    const owner = read(file)[0]
    if (owner !== undefined && isAlive(owner)) throw new Error(refuse(owner.pid))
  }
  endRecorded(runDir)
  rmSync(runDir, { recursive: true, force: true })
  mkdirSync(runDir, { recursive: true, mode: 0o711 })
  for (const [file] of files) write(file, [{ name: 'up', pid: process.pid, started: startTime(process.pid) }])
  return () => {
    endRecorded(runDir)
    for (const [file] of files) rmSync(file, { force: true })
    rmSync(runDir, { recursive: true, force: true })
  }
}

function endRecorded(runDir: string): void {
  for (const child of read(path.join(runDir, 'children.json'))) if (isAlive(child)) process.kill(child.pid, 'SIGKILL')
}

const isAlive = ({ pid, started }: Claim): boolean => started !== undefined && startTime(pid) === started

function read(file: string): Claim[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Claim[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
