import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** USER_HZ, which is 100 on every Linux that Debian ships: the unit of /proc/PID/stat. */
const ticksPerSecond = 100

/** Counts the processor seconds of a process and of all that it starts, those that have ended among them. */
export interface CpuMeter {
  /** Seconds so far, user and system. */
  seconds(): number
  /** The largest resident memory that any one of its processes has had, in bytes. */
  peakBytes(): number
  /** Every process that it counts. */
  pids(): number[]
}

/** A place for one process and all that it starts: counted apart, and served before whatever else runs on a shared machine. */
export interface CpuGroup {
  /** A command line that joins the group and then becomes `argv`: from its first instruction on, everything counts. */
  launch(argv: readonly string[]): string[]
  /** Counts for the process that was launched so. */
  meter(pid: number): CpuMeter
  remove(): void
}

/** Weight against the rest of the machine: 20 busy processes of others leave a half. */
const shares = 20 * 1024

/**
 * Makes a group by cgroups where they can be had, version 1 or 2. Without them, time is read from the tree in /proc, which misses children
 * that nobody waits for (tftpd-hpa's), and nothing is preferred.
 */
export function openCpuGroup(name: string): CpuGroup {
  const counting = ['/sys/fs/cgroup/cpuacct', '/sys/fs/cgroup'].filter((root) => existsSync(path.join(root, 'cgroup.procs'))).slice(0, 1).flatMap((root) => makeGroup(root, name))
  const preferring = existsSync('/sys/fs/cgroup/cpu/cgroup.procs') ? makeGroup('/sys/fs/cgroup/cpu', name) : counting
  for (const group of preferring) {
    if (existsSync(path.join(group, 'cpu.shares'))) writeFileSync(path.join(group, 'cpu.shares'), String(shares))
    else if (existsSync(path.join(group, 'cpu.weight'))) writeFileSync(path.join(group, 'cpu.weight'), '2000')
  }
  const groups = [...new Set([...counting, ...preferring])]
  const [counter] = counting
  return {
    launch: (argv) => ['sh', '-c', 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"', 'launch', ...groups, '--', ...argv],
    meter: (pid) => {
      const pids = (): number[] => (counter === undefined ? treeOf(pid) : readFileSync(path.join(counter, 'cgroup.procs'), 'utf8').split('\n').filter((line) => line !== '').map(Number))
      return { pids, seconds: () => (counter === undefined ? treeSeconds(pid) : groupSeconds(counter)), peakBytes: () => Math.max(0, ...pids().map((one) => peakOf(one))) }
    },
    remove: () => { for (const group of groups) rmdirSync(group) },
  }
}

/** What all processors of the machine have worked so far, in seconds, whoever they worked for: what the host took from us (steal) counts too. @see proc(5), /proc/stat */
export function machineSeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/ +/).map(Number)
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond
}

function makeGroup(root: string, name: string): string[] {
  const group = path.join(root, name)
  try {
    mkdirSync(group, { recursive: true })
    return [group]
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return [] // a container without cgroups of its own
    throw error
  }
}

function groupSeconds(group: string): number {
  const old = path.join(group, 'cpuacct.usage')
  if (existsSync(old)) return Number(readFileSync(old, 'utf8')) / 1e9
  return Number(/usage_usec (\d+)/.exec(readFileSync(path.join(group, 'cpu.stat'), 'utf8'))?.[1] ?? Number.NaN) / 1e6
}

/** Fields of /proc/PID/stat from the third on: the name before them may hold spaces. Undefined where the process is gone. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

function treeOf(root: number): number[] {
  const parents = new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const stat = statOf(Number(name))
    return stat === undefined ? [] : [[Number(name), Number(stat[1])] as const]
  }))
  const tree = parents.has(root) ? [root] : []
  for (const member of tree) for (const [pid, parent] of parents) if (parent === member) tree.push(pid)
  return tree
}

/** utime, stime and those of children that were waited for: fields 14 to 17 of proc(5). */
function treeSeconds(root: number): number {
  return treeOf(root).flatMap((pid) => statOf(pid)?.slice(11, 15) ?? []).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond
}

function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0
    throw error
  }
}
