import { createInterface } from 'node:readline'
import { SimMachine, type SimPlan } from '../sim/machine.ts'

/**
 * The simulated machine from its ramdisk on, to be run in a namespace: `tsx life.ts PLAN-JSON`. Where its installed system is about to speak it prints
 * `{"disk":true}` and waits for a line on stdin; it ends with stdin.
 */
const sim = new SimMachine(JSON.parse(process.argv[2] ?? '{}') as SimPlan)
const input = createInterface({ input: process.stdin })
const told = new Promise<void>((resolve) => { input.once('line', () => resolve()) })
sim.onMoment = async (moment) => {
  if (moment !== 'enrol') return
  process.stdout.write('{"disk":true}\n')
  await told
}
input.on('close', () => process.exit(0))
sim.boot('ramdisk')
