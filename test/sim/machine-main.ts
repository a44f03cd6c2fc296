import { SimMachine, type SimPlan } from './machine.ts'

/**
 * A simulated machine where its process runs: `node machine-main.mjs PLAN`, the plan as JSON. It boots into the ramdisk and later wherever it is
 * told to. Each word of its log is a line of standard output, and so is where its agent was told to find the appliance.
 */
const machine = new SimMachine(JSON.parse(process.argv[2] ?? '') as SimPlan)
const { log } = machine
const push = log.push.bind(log)
log.push = (...words) => {
  for (const word of words) process.stdout.write(`${word}\n`)
  return push(...words)
}
machine.onMoment = (moment) => {
  if (moment !== 'enrol') return
  const { url } = JSON.parse(machine.files.get('etc/system-cloud/agent.json')?.text ?? '{}') as { url?: string }
  process.stdout.write(`agent of ${url}\n`)
  // Nothing tells its agent where the appliance is but the files that were laid onto its disk.
  machine.plan = { ...machine.plan, url: url ?? '' }
}
machine.boot('ramdisk')
