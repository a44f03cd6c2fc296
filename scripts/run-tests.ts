import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/**
 * Runs every kind of test, the quick ones first, and ends with one line of real counts.
 * `--full` adds the other firmware and the long runs; names of stages run only those: `scripts/test unit flows`.
 */
const root = path.join(import.meta.dirname, '..')
const words = process.argv.slice(2)
const full = words.includes('--full')
const only = words.filter((word) => !word.startsWith('--'))
const scratch = mkdtempSync(path.join(tmpdir(), 'system-cloud-test-'))
const total = { passed: 0, failed: 0, skipped: 0 }
/** What failed and why, in a few lines each: said once more at the end, where a log that was cut in its middle still has it. */
const failures: string[] = []

interface TestResult { fullName: string; status: string; failureMessages: string[] | null }
interface Report {
  numPassedTests: number; numFailedTests: number; numPendingTests: number; numTodoTests: number
  testResults: { name: string; status: string; message: string; assertionResults: TestResult[] }[]
}

const tool = (name: string): string => path.join(root, 'node_modules/.bin', name)
const chosen = (stage: string): boolean => only.length === 0 || only.includes(stage)

function stage(name: string, work: () => void): void {
  if (!chosen(name)) return
  const startedAt = Date.now()
  console.log(`\n== ${name}`)
  work()
  console.log(`== ${name} took ${((Date.now() - startedAt) / 1000).toFixed(0)} s`)
}

/** A check that passes or fails as one. */
function check(command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) {
    total.passed += 1
    return
  }
  total.failed += 1
  failures.push(`${path.basename(command)} ${args.join(' ')}`)
}

function vitest(project: string): void {
  const report = path.join(scratch, `${project}.json`)
  const { status } = spawnSync(tool('vitest'), ['run', '--config', 'test/vitest.config.ts', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
    cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, SYSTEM_CLOUD_TEST_FULL: full ? '1' : '' },
  })
  const counts = readReport(report)
  total.passed += counts.numPassedTests
  total.skipped += counts.numPendingTests + counts.numTodoTests
  // A file that could not even be read has no failed test of its own, yet it has failed.
  total.failed += counts.numFailedTests > 0 || status === 0 ? counts.numFailedTests : 1
  const told = failures.length
  for (const file of counts.testResults) {
    const name = path.relative(root, file.name)
    for (const test of file.assertionResults) if (test.status === 'failed') failures.push(`${name} > ${test.fullName}\n${excerpt(test.failureMessages?.join('\n') ?? '')}`)
    if (file.status === 'failed' && !file.assertionResults.some(({ status: ended }) => ended === 'failed')) failures.push(`${name}\n${excerpt(file.message)}`)
  }
  if (status !== 0 && failures.length === told) failures.push(`${project}: vitest ended with ${status ?? 'a signal'}`)
}

/** The first lines of an error, without its colours. */
const excerpt = (text: string): string => stripVTControlCharacters(text).split('\n').slice(0, 12).map((line) => `    ${line.slice(0, 300)}`).join('\n')

function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  } catch (error) {
    console.error(`no report of this stage: ${String(error)}`)
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [] }
  }
}

stage('types', () => {
  check(tool('tsc'), '--noEmit')
  check(tool('tsc'), '--noEmit', '-p', 'apps/console/tsconfig.json')
})
stage('lint', () => check(tool('oxlint'), '-c', 'test/oxlintrc.json', '--deny-warnings', 'apps', 'netboot', 'images', 'scripts', 'test'))
for (const project of ['unit', 'flows', 'e2e', 'lab']) stage(project, () => vitest(project))

rmSync(scratch, { recursive: true, force: true })
if (failures.length > 0) console.log(`\n== failed\n${failures.join('\n')}`)
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1)
