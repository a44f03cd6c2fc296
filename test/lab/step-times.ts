import { readFileSync } from 'node:fs'
import type { Machine } from '#contract/operator-api'
import { stepTitles } from '#contract/steps'

const seconds = (ms: number): string => `${(ms / 1000).toFixed(0).padStart(5)} s`

/** How long each step of a machine's deploy took and what it wrote, one line each; the last line is the whole. Read by people, asserted by none. */
export function renderStepTimes(machine: Machine): string {
  const done = machine.steps.flatMap(({ kind, startedAt, finishedAt, bytesDone }) => {
    if (startedAt === null || finishedAt === null) return []
    const ms = Date.parse(finishedAt) - Date.parse(startedAt)
    const rate = bytesDone === null || ms === 0 ? '' : `   ${(bytesDone / 1e6).toFixed(0)} MB, ${(bytesDone / 1e3 / ms).toFixed(1)} MB/s`
    return [{ kind, from: Date.parse(startedAt), to: Date.parse(finishedAt), text: `  ${seconds(ms)}  ${stepTitles[kind]}${rate}` }]
  })
  const whole = done.length === 0 ? 0 : Math.max(...done.map((step) => step.to)) - Math.min(...done.map((step) => step.from))
  const began = Math.min(...done.map((step) => step.from))
  const enrolled = done.find((step) => step.kind === 'enrolAgent')
  return [
    `${machine.name} (${machine.firmware ?? '?'}) to ${machine.role ?? '?'}:`, ...done.map((step) => step.text),
    ...(enrolled === undefined ? [] : [`  ${seconds(enrolled.to - began)}  from click to agent enrolled`]), `  ${seconds(whole)}  from click to ready`,
  ].join('\n')
}

/** How long each machine of a lab took from power-on to its inventory, as `scripts/up` printed it. */
export function renderArrivals(output: string): string {
  return output.split('\n').filter((line) => / is there \d+ s after power-on/.test(line)).map((line) => line.replace(/^.*lab: /, '')).join('\n')
}

/** What the appliance's processes hold in memory (VmRSS, in decimal megabytes), each and together. `moment` says when. */
export function renderMemory(moment: string, pids: Readonly<Record<string, number>>): string {
  const held = Object.entries(pids).map(([name, pid]) => ({ name, bytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024 }))
  return `memory ${moment}: ${held.map(({ name, bytes }) => `${name} ${(bytes / 1e6).toFixed(0)} MB`).join(', ')}; together ${(held.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(0)} MB (400 MB are wanted at most)`
}
