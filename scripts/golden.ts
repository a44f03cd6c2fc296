import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { renderCapture } from '../test/sim/render-capture.ts'

// Rewrites the golden texts of the captures. Exits non-zero on purpose: an updated golden is never a passing test.
const folder = path.join(import.meta.dirname, '../test/fixtures/captures')
for (const name of readdirSync(folder).filter((file) => file.endsWith('.pcap'))) {
  writeFileSync(path.join(folder, `${name}.txt`), renderCapture(readFileSync(path.join(folder, name))))
  console.log(`wrote ${name}.txt`)
}
console.log('Read the difference, then commit it.')
process.exitCode = 1
