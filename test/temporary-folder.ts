import { mkdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** Where unit tests make their folders: one for each run, gone with it. */
export const temporaryFolder = path.join(os.tmpdir(), `sc-unit-${process.pid}`)

/** Called by vitest before the first test. */
export function setup(): void {
  mkdirSync(temporaryFolder, { recursive: true })
}

/** Called by vitest after the last test, whatever came of them. */
export function teardown(): void {
  rmSync(temporaryFolder, { recursive: true, force: true })
}
