import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { startProgram, type PlacedProgram } from './placed-program.ts'

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
    const program = startProgram(space, folder, argv)
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
