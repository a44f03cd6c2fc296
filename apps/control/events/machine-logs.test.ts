import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openMachineLogs } from './machine-logs.ts'

let folder = ''
beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'sc-machine-logs-')) })
afterEach(() => rmSync(folder, { recursive: true }))

it('keeps the lines of a thousand machines that speak in turn, without beginning a segment for each', () => {
  const logs = openMachineLogs(folder)
  const names = Array.from({ length: 1000 }, (_, index) => `m${index}`)
  // More rounds than a log has segments: if each began one, the first lines would be gone.
  for (let round = 1; round <= 10; round += 1) for (const name of names) logs.append(name, { at: '2026-01-01T00:00:00.000Z', source: 'kernel', level: 'info', text: `line ${round}` })
  logs.close()
  expect(names.map((name) => readdirSync(path.join(folder, name)).length)).toEqual(names.map(() => 1))
  expect(logs.read('m0', 0, 100).lines.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, index) => `line ${index + 1}`))
})
