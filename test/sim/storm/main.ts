import { z } from 'zod'
import { faultNames } from './plan.ts'
import { runStorm } from './storm.ts'

/**
 * The simulator as a process of its own, in a network namespace of its own: `node storm.mjs OPTIONS-JSON`. Prints `{"progress":{...}}` about
 * once a second and `{"report":{...}}` at the end; stops at SIGTERM or SIGINT and reports what there is.
 */
const Options = z.object({
  machines: z.number().int().min(1), seed: z.number().int(), withinMs: z.number().min(0), faults: z.array(z.enum(faultNames)), deafMs: z.number().min(0),
  device: z.string(), relay: z.object({ address: z.string(), server: z.string() }).optional(), ca: z.string().optional(), timeoutMs: z.number().positive(),
})

const { ca, relay, ...options } = Options.parse(JSON.parse(process.argv[2] ?? '{}'))
const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
// Whoever listened has gone: nobody would know how to end this.
process.stdout.on('error', () => process.exit(1))
const say = (line: object): void => { process.stdout.write(`${JSON.stringify(line)}\n`) }
const report = await runStorm({ ...options, ca, relay, progress: (progress) => say({ progress }) }, stop.signal)
say({ report })
