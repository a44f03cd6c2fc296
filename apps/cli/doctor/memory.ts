import { readFileSync } from 'node:fs'
import { renderBytes } from '../show/amount.ts'
import { advice, broken, fine, type Check, type Finding } from './check.ts'

/** Judges `/proc/meminfo`. A lab guest has 2 GiB. */
export function judgeMemory(meminfo: string): Finding {
  const availableBytes = Number(/^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1] ?? 0) * 1024
  const text = `${renderBytes(availableBytes)} available`
  if (availableBytes < 1e9) return broken(text, 'the appliance needs 1 GB')
  const guests = Math.floor((availableBytes - 1e9) / 2.1e9)
  return guests < 3 ? advice(`${text}: room for ${guests} lab machines`, `enough for real machines; start a smaller lab (scripts/up --lab ${Math.max(1, guests)})`) : fine(`${text}: room for ${Math.min(16, guests)} lab machines`)
}

/** The appliance alone is small; the lab is not. */
export const memory: Check = { id: 'memory', title: 'Memory', run: async () => judgeMemory(readFileSync('/proc/meminfo', 'utf8')) }
