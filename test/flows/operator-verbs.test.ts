import { afterAll, beforeAll, expect, it } from 'vitest'
import { ControlProcess } from '../sim/control-process.ts'
import { SimMachine } from '../sim/machine.ts'
import { rootTerminal } from '../sim/root-terminal.ts'

const mac = '52:54:00:ac:00:01'
let control: ControlProcess
let sim: SimMachine
let type: ReturnType<typeof rootTerminal>

beforeAll(async () => {
  control = await ControlProcess.make()
  await control.start()
  type = rootTerminal(control)
  sim = new SimMachine({ mac, uuid: '5c10ad00-0000-4000-8000-0000000000c1', serial: 'SIM3', address: '127.0.0.81', url: control.url, ca: control.ca })
  sim.boot('ramdisk')
  await control.until(mac, (machine) => machine.phase === 'discovered')
})
afterAll(async () => {
  sim?.off()
  await control?.remove()
})

it('power-drivers says what each driver must be told, and power set tells it', async () => {
  expect((await type('power-drivers')).text).toMatch(/wake-on-lan +Wake-on-LAN +\[port=9\]/)
  expect(await type('power', mac, 'set', 'wake-on-lan', 'port=7')).toMatchObject({ code: 0 })
  expect((await control.machine(mac))?.power).toMatchObject({ driver: 'wake-on-lan', options: { port: 7 } })
  for (const [words, code, sentence] of [
    [['wake-on-lan', 'port=seven'], 2, /port is a number/], [['wake-on-lan', 'sport=7'], 2, /There is no option sport: it has port/], [['wake-on-lan', 'port'], 2, /key=value/],
    [['wake-on-lan', 'port=70000'], 1, /port/], [['telepathy'], 1, /there is no power driver telepathy/], [[], 2, /say the driver/],
  ] as const) {
    const said = await type('power', mac, 'set', ...words)
    expect(said.text, words.join(' ')).toMatch(sentence)
    expect(said.code, words.join(' ')).toBe(code)
  }
  expect((await control.machine(mac))?.power.options).toEqual({ port: 7 })
})

it('claims lists what is held, accept asks first, reject decides', async () => {
  expect((await type('claims')).text).toBe('No claim is held.\n')
  expect((await sim.ask('POST', `/ramdisk/${mac}/facts`, { body: sim.facts(), token: 'fe'.repeat(32) })).status).toBe(409)
  const [claim] = JSON.parse((await type('claims', '--json')).text) as { id: string; state: string }[]
  expect((await type('claims')).text).toMatch(/held +52:54:00:ac:00:01 +Sim Machine, serial SIM3/)
  expect(await type('accept', claim?.id ?? '')).toMatchObject({ code: 2 })
  expect(await type('reject', claim?.id ?? '')).toMatchObject({ code: 0 })
  expect((await type('claims')).text).toMatch(/rejected/)
  expect(await type('accept', 'nonsense')).toMatchObject({ code: 1 })
  expect(await type('accept', claim?.id ?? '', '--yes')).toMatchObject({ code: 0 })
  expect((await sim.ask('POST', `/ramdisk/${mac}/facts`, { body: sim.facts(), token: 'fe'.repeat(32) })).status).toBe(204)
})
