import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'

/** A namespace of its own on the clients' wire, for one real client that takes the address it is given. Needs root. */
export interface DhcpPlace {
  readonly space: string
  readonly mac: string
  /** Starts a program there. */
  start(...argv: string[]): PlacedProgram
  /** Starts busybox udhcpc there, which goes on until it is ended; `more` are its words. It writes `state NAME ADDRESS` as it goes. */
  udhcpc(...more: string[]): PlacedProgram
  /** Runs a program there to its end. */
  run(...argv: string[]): string
  close(): Promise<void>
}

/** A program that runs in a place. */
export interface PlacedProgram {
  /** All that it wrote so far. */
  readonly output: () => string
  /** Resolves when it has written what fits; rejects with what it wrote. */
  wrote(pattern: RegExp, seconds?: number): Promise<RegExpExecArray>
  signal(name: NodeJS.Signals): void
  end(): Promise<void>
}

/** Makes a place on the wire of a namespace's `eth0`, as another network card there. */
export function openDhcpPlace(wire: string, folder: string, name: string, mac: string): DhcpPlace {
  const space = `sc-nb${name}-${process.pid}`
  const ip = (...argv: string[]): void => { execFileSync('ip', argv) }
  ip('netns', 'add', space)
  ip('-n', wire, 'link', 'add', 'link', 'eth0', 'name', `mv-${name}`, 'address', mac, 'type', 'macvlan', 'mode', 'bridge')
  ip('-n', wire, 'link', 'set', `mv-${name}`, 'netns', space, 'name', 'eth0')
  for (const link of ['lo', 'eth0']) ip('-n', space, 'link', 'set', link, 'up')
  const script = path.join(folder, `${name}-script`)
  writeFileSync(script, '#!/bin/sh\necho "state $1 $ip"\ncase "$1" in\n  deconfig) ip addr flush dev "$interface";;\n  bound|renew) ip addr replace "$ip/${mask:-24}" dev "$interface";;\nesac\n', { mode: 0o755 })
  const running = new Set<PlacedProgram>()
  const start = (...argv: string[]): PlacedProgram => {
    const child: ChildProcess = spawn('ip', ['netns', 'exec', space, ...argv], { cwd: folder })
    let output = ''
    const looks = new Set<() => void>()
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => { output += bytes.toString(); for (const look of Array.from(looks)) look() })
    const ended = new Promise<void>((resolve) => { child.once('exit', () => resolve()) })
    const program: PlacedProgram = {
      output: () => output,
      wrote: (pattern, seconds = 30) => new Promise((resolve, reject) => {
        const look = (): void => { const found = pattern.exec(output); if (found) { clearTimeout(timer); looks.delete(look); resolve(found) } }
        const timer = setTimeout(() => { looks.delete(look); reject(new Error(`${argv.join(' ')} did not write ${String(pattern)} within ${seconds} s:\n${output}`)) }, seconds * 1000)
        looks.add(look)
        look()
      }),
      signal(signal) { child.kill(signal) },
      async end() { running.delete(program); if (child.exitCode === null && child.signalCode === null) { child.kill('SIGKILL'); await ended } },
    }
    running.add(program)
    return program
  }
  return {
    space, mac, start,
    udhcpc: (...more) => start('busybox', 'udhcpc', '-f', '-t', '3', '-T', '1', '-A', '1', '-i', 'eth0', '-s', script, ...more),
    run: (...argv) => execFileSync('ip', ['netns', 'exec', space, ...argv]).toString(),
    async close() {
      for (const program of Array.from(running)) await program.end()
      ip('netns', 'del', space)
    },
  }
}
