import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { bars } from './bars.ts'
import { buildPrograms } from './build.ts'
import { judge, renderSamples, renderVerdicts, type Sample } from './figures.ts'
import { measures } from './measures/index.ts'
import { openWorld } from './world.ts'

const usage = `usage: scripts/bench [MEASURE...] [--pairs N] [--quick] [--json FILE]

  MEASURE      ${measures.map((one) => one.id.padEnd(8)).join(' ')} (default: all)
${measures.map((one) => `    ${one.id.padEnd(11)} ${one.title}`).join('\n')}
  --pairs N    how often each comparison is repeated, interleaved (default 5)
  --quick      one pair of small loads: shows that everything runs
  --json FILE  where the samples go (default bench.json in the folder for results, $SYSTEM_CLOUD_BENCH or /tmp/system-cloud-bench)`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { pairs: { type: 'string', default: '5' }, quick: { type: 'boolean', default: false }, json: { type: 'string' }, help: { type: 'boolean', default: false } } })
  if (values.help) return console.log(usage)
  const pairs = values.quick ? 1 : Number(values.pairs)
  const unknown = positionals.filter((word) => !measures.some((one) => one.id === word))
  if (unknown.length > 0 || !Number.isInteger(pairs) || pairs < 1) throw new Error(`${unknown.length > 0 ? `there is no measure ${unknown.join(', ')}` : '--pairs is a number from 1 on'}\n\n${usage}`)
  const chosen = measures.filter((one) => positionals.length === 0 || positionals.includes(one.id))

  const built = await buildPrograms()
  const results = process.env['SYSTEM_CLOUD_BENCH'] ?? '/tmp/system-cloud-bench'
  const samples: Sample[] = []
  const world = await openWorld(built)
  const startedAt = new Date()
  const close = async (): Promise<void> => {
    await world.close()
    rmSync(built, { recursive: true, force: true })
  }
  // Ctrl-C comes twice, from the terminal and by npm: the second must not cut short what the first began.
  let ending: Promise<void> | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { ending ??= close().finally(() => process.exit(130)) })
  try {
    for (const measure of chosen) await measure.run({
      world, built, files: path.join(results, 'files'), quick: values.quick, pairs: () => Array.from({ length: pairs }, (_, index) => index),
      add(sample) {
        samples.push(sample)
        const figures = Object.entries(sample.values).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`).join(', ')
        console.error(`${((Date.now() - startedAt.getTime()) / 1000).toFixed(0).padStart(5)} s  ${sample.measure} (${sample.variant}) ${sample.server} ${sample.pair}: ${figures}`)
      },
    })
  } finally {
    await close()
    report(samples, startedAt, values.quick, values.json ?? path.join(results, 'bench.json'))
  }
}

function report(samples: readonly Sample[], startedAt: Date, quick: boolean, file: string): void {
  if (samples.length === 0) return
  const machine = { processor: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version, load: loadavg() }
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify({ startedAt: startedAt.toISOString(), machine, samples, verdicts: judge(samples, bars) }, undefined, 1))
  console.log(`\n${startedAt.toISOString()}, ${machine.cores} × ${machine.processor}, Node ${machine.node}, load ${machine.load.map((one) => one.toFixed(1)).join(' ')}\n`)
  console.log(renderSamples(samples))
  if (quick) console.log('\nsmall loads: these figures say nothing about speed')
  else console.log(`\n${renderVerdicts(judge(samples, bars))}`)
  console.log(`\nsamples in ${file}`)
}

main().catch((error: unknown) => {
  console.error(`scripts/bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
})
