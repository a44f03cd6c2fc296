import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { bundle } from '../../scripts/bundle.ts'
import type { ApplianceWorld } from '../sim/appliance-world.ts'

const programs = path.join(import.meta.dirname, '../../dist/test')
const entries = { 'flood-client': 'test/sim/flood-client.ts', 'hostile-http': 'test/sim/hostile-http.ts' }

/** Programs in the clients' namespace of a world that send what no client should. */
export interface Attackers {
  /** Addresses that they may send from: netboot bounds what each may ask in a second. */
  readonly sources: readonly string[]
  /** The same of IPv6. */
  readonly sources6: readonly string[]
  /** Starts one; it takes a wish after the other and answers each with what it did. */
  start(name: keyof typeof entries): Promise<(wish: object) => Promise<Record<string, unknown>>>
  close(): void
}

/** Gives the clients' card four more addresses of IPv4 and of IPv6; nothing is sent yet. */
export function openAttackers(world: ApplianceWorld): Attackers {
  const children: ChildProcess[] = []
  const sources = ['10.78.255.250', '10.78.255.251', '10.78.255.252', '10.78.255.253']
  for (const address of sources) world.ip('-n', world.clientSpace, 'addr', 'add', `${address}/16`, 'dev', 'eth0')
  // None is made of a hardware address: of whom a question is, only its DUID says.
  const sources6 = ['fd00:78::f0', 'fd00:78::f1', 'fd00:78::f2', 'fd00:78::f3']
  for (const address of sources6) world.ip('-n', world.clientSpace, 'addr', 'add', `${address}/64`, 'dev', 'eth0', 'nodad')
  return {
    sources, sources6,
    async start(name) {
      await bundle({ [name]: entries[name] }, programs)
      const child = spawn('ip', ['netns', 'exec', world.clientSpace, process.execPath, path.join(programs, `${name}.mjs`)], { stdio: ['pipe', 'pipe', 'inherit'] })
      children.push(child)
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const next = async (): Promise<Record<string, unknown>> => {
        const line = await lines.next()
        if (line.done === true) throw new Error(`${name} ended`)
        return JSON.parse(line.value) as Record<string, unknown>
      }
      await next()
      return (wish) => {
        child.stdin.write(`${JSON.stringify(wish)}\n`)
        return next()
      }
    },
    close() { for (const child of children) child.kill('SIGKILL') },
  }
}

/** Resident memory of a process: at the beginning, at the end, and the most of it in between. */
export interface MemoryUse { readonly before: number; readonly after: number; readonly most: number }

/** Looks five times a second how much memory a process has, until `end`. */
export function watchMemory(pid: number): { end(): MemoryUse } {
  const rss = (): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  const before = rss()
  let most = before
  const sampling = setInterval(() => { most = Math.max(most, rss()) }, 200)
  return {
    end() {
      clearInterval(sampling)
      const after = rss()
      return { before, after, most: Math.max(most, after) }
    },
  }
}
