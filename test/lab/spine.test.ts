import http from 'node:http'
import https from 'node:https'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JournalEvent, LogLine } from '#contract/events'
import type { App, Machine } from '#contract/operator-api'
import { readPrivileges } from '../sim/privileges.ts'
import { isRunning } from '../sim/typed-up.ts'
import { Hopeless, startLabRun, until, type LabRun } from './appliance.ts'
import { renderArrivals, renderMemory, renderStepTimes } from './step-times.ts'

const full = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
const minute = 60_000

/** GETs a path of the guestbook through the cloud's load balancer, from the host. */
function guestbook(port: number, method = 'GET', body = ''): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path: '/', method, headers: { host: 'guestbook.lab.test', 'content-type': 'application/x-www-form-urlencoded' }, timeout: 20_000 }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => { text += part }).on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    request.on('timeout', () => request.destroy(new Error('no answer')))
    request.on('error', reject)
    request.end(body)
  })
}

/** Whether the console's sign-in page is there. */
const consoleAnswers = (url: string): Promise<boolean> => new Promise((resolve) => {
  https.get(`${url}/sign-in`, { rejectUnauthorized: false }, (answer) => { answer.resume(); resolve(answer.statusCode === 200) }).on('error', () => resolve(false))
})

/** Whether it is what it was before, and was heard of, or its services were asked, since that moment. */
const isBack = (machine: Machine, since: number): boolean => (machine.role === null ? machine.phase === 'discovered' && Date.parse(machine.lastSeenAt) > since : machine.phase === 'ready' && machine.services.length > 0 && machine.services.every(({ healthy, checkedAt }) => healthy && Date.parse(checkedAt) > since))

describe('from bare machines to a running service', () => {
  let lab: LabRun
  let entry = ''
  const wanted = full ? 3 : 2

  const startedAt = Date.now()
  const memory = (moment: string): void => console.log(renderMemory(moment, { 'control with netboot': lab.pid('control'), console: lab.pid('console') }))

  beforeAll(async () => { lab = await startLabRun(wanted) })
  afterAll(async () => { await lab?.stop() })

  it('discovers every machine with its inventory', async () => {
    const machines = await until('all machines discovered', 15 * minute, async () => {
      const all = await lab.machines()
      return all.length === wanted && all.every((machine) => machine.phase === 'discovered') ? all : undefined
    }, () => lab.output())
    console.log(`${wanted} machines are discovered ${Math.round((Date.now() - startedAt) / 1000)} s after scripts/up was typed`)
    memory('with every machine discovered, idle')
    expect(machines.map((machine) => machine.inventory?.firmware).sort()).toEqual(full ? ['bios', 'uefi', 'uefi'] : ['bios', 'uefi'])
    for (const machine of machines) {
      expect(machine.inventory?.serial).toMatch(/^LAB-000\d$/)
      expect(machine.inventory?.disks).toHaveLength(1)
      expect(machine.inventory?.memoryBytes).toBeGreaterThan(1.5e9)
    }
  })

  it('discovers them again after a second start', async () => {
    const before = await lab.machines()
    const killedAt = Date.now()
    lab = await lab.again()
    const posted = await until('every machine posts its inventory again', 10 * minute, async () => {
      const times = await Promise.all(before.map(async ({ id }) => (JSON.parse(await lab.cli('events', id, '--json')) as JournalEvent[]).filter(({ kind, at }) => kind.startsWith('inventory.') && Date.parse(at) > killedAt).at(0)?.at))
      return times.every((at) => at !== undefined) && times
    }, () => lab.output())
    console.log(`second start: ${wanted} machines are discovered again ${((Math.max(...posted.map((at) => Date.parse(at ?? ''))) - killedAt) / 1000).toFixed(0)} s after scripts/up was killed and typed again (90 s are wanted at most)`)
    expect((await lab.machines()).map(({ id, phase, claims }) => [id, phase, claims])).toEqual(before.map(({ id }) => [id, 'discovered', []]))
  })

  it('runs nothing that listens as root', () => {
    const capabilities = { control: ['net_admin', 'net_bind_service', 'net_raw'], console: [], dns: ['net_bind_service'], time: ['net_bind_service'] }
    for (const [name, wanted] of Object.entries(capabilities)) {
      const found = readPrivileges(lab.pid(name))
      expect([name, found.uids.includes(0), found.noNewPrivileges, found.capabilities.filter((one) => one !== 'dac_read_search')]).toEqual([name, false, true, wanted])
    }
  })

  it('shows the whole boot from the first DHCP packet on', async () => {
    const [machine] = await lab.machines()
    const events = JSON.parse(await lab.cli('events', machine?.id ?? '', '--json')) as { kind: string }[]
    const kinds = events.map((event) => event.kind)
    expect(kinds[0]).toBe('dhcp.discovered')
    expect(kinds).toEqual(expect.arrayContaining(['machine.seen', 'dhcp.offered', 'dhcp.acked', 'script.rendered', 'file.sent', 'inventory.posted']))
    const lines = (await lab.cli('logs', machine?.id ?? '', '--json')).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as LogLine)
    expect(lines.find(({ source, text }) => source === 'kernel' && text.includes('Linux version'))).toBeDefined()
    expect(lines.filter(({ source }) => source === 'ramdisk').length).toBeGreaterThan(0)
  })

  it('brings a Manager and an AppServer to ready, though control is killed three times on the way', async () => {
    const find = (firmware: string) => async (): Promise<Machine> => {
      const machine = (await lab.machines()).find((one) => one.inventory?.firmware === firmware)
      if (machine === undefined) throw new Error(`no ${firmware} machine`)
      return machine
    }
    const [manager, appServer] = [await find('bios')(), await find('uefi')()]
    await lab.cli('assign', manager.id, 'manager', '--yes')
    await lab.cli('assign', appServer.id, 'appserver', '--yes')
    for (const kind of ['writeImage', 'enrolAgent', 'applyRole']) {
      await until(`${kind} runs`, 15 * minute, async () => {
        const machine = (await lab.machines()).find((one) => one.id === manager.id)
        if (machine?.phase === 'failed') throw new Hopeless(machine.problem ?? 'failed')
        return machine?.steps.some((step) => step.kind === kind && step.status === 'running')
      }, () => lab.output())
      lab.killControl()
    }
    await lab.cli('wait', manager.id, 'ready', '--timeout', '1500')
    await lab.cli('wait', appServer.id, 'ready', '--timeout', '1500')
    console.log(renderArrivals(lab.output()))
    for (const machine of await lab.machines()) if (machine.role !== null) {
      console.log(renderStepTimes(machine))
      expect(machine.services.length).toBeGreaterThan(0)
      expect(machine.services.every((service) => service.healthy)).toBe(true)
    }
  })

  it('serves the guestbook through the load balancer, from two instances and a real database', async () => {
    await lab.cli('deploy', 'test/apps/guestbook')
    const page = await until('the guestbook answers', 5 * minute, async () => {
      const answer = await guestbook(lab.balancerPort)
      return answer.status === 200 ? answer : undefined
    })
    expect(page.text).toMatch(/guestbook/i)
    entry = `hello ${Date.now()}`
    expect((await guestbook(lab.balancerPort, 'POST', `name=lab&message=${encodeURIComponent(entry)}`)).status).toBeLessThan(400)
    expect((await guestbook(lab.balancerPort)).text).toContain(entry)
    const apps = JSON.parse(await lab.cli('apps', '--json')) as App[]
    const appServer = (await lab.machines()).find(({ role }) => role === 'appserver')
    expect(apps.find((app) => app.name === 'guestbook')?.instances.filter((one) => one.state === 'running').map(({ machineName }) => machineName)).toEqual([appServer?.name, appServer?.name])
  })

  it.runIf(full)('is down after a power cut of all machines, says so, and comes back by itself with what was stored', async () => {
    const app = async () => (JSON.parse(await lab.cli('apps', '--json')) as App[]).find(({ name }) => name === 'guestbook')
    const cutAt = Date.now()
    for (const machine of await lab.machines()) if (machine.role !== null) await lab.cli('power', machine.id, 'cycle', '--yes')
    lab.killControl()
    const down = await until('the app is shown as not serving', 3 * minute, async () => { const one = await app(); return one?.state === 'down' || one?.state === 'unknown' ? one : undefined })
    expect((await guestbook(lab.balancerPort)).status).toBe(503)
    let told = ''
    const back = await until('the app serves again', 15 * minute, async () => {
      const one = await app()
      const line = `${one?.state}: ${one?.detail}`
      if (line !== told) console.log(`${Math.round((Date.now() - cutAt) / 1000)} s after the cut: ${line}`)
      told = line
      return one?.state === 'serving' && one.instances.filter(({ state }) => state === 'running').length === 2 ? one : undefined
    }, () => lab.output())
    console.log(`power cut: shown as ${down.state} (${down.detail}), serving again ${Math.round((Date.now() - cutAt) / 1000)} s after it`)
    expect(back.detail).toBe('2 of 2 instances run')
    const page = await guestbook(lab.balancerPort)
    expect([page.status, page.text.includes(entry)]).toEqual([200, true])
    await until('every service answers', 5 * minute, async () => (await lab.machines()).every((machine) => machine.role === null || (machine.phase === 'ready' && machine.services.every(({ healthy }) => healthy))))
  })
  it('is started again after a kill -9 with its machines running: leftovers cleared, console back, nothing forgotten', async () => {
    const before = await lab.machines()
    memory('before it')
    const leftovers = { control: lab.pid('control'), console: lab.pid('console'), ...Object.fromEntries(lab.guestPids().map((pid, n) => [`guest ${n + 1}`, pid])) }
    expect(Object.keys(leftovers)).toHaveLength(2 + wanted)
    const killedAt = Date.now()
    lab = await lab.again()
    await until('the console answers', minute, () => consoleAnswers(lab.consoleUrl), () => lab.output())
    console.log(`second start, after a kill -9: the console answers ${((Date.now() - killedAt) / 1000).toFixed(1)} s after it`)
    expect(lab.output()).toContain('cleared the leftovers of an earlier run')
    expect(Object.entries(leftovers).filter(([, pid]) => isRunning(pid))).toEqual([])
    const now = await lab.machines()
    expect(now.map(({ id, name, role, generation }) => ({ id, name, role, generation }))).toEqual(before.map(({ id, name, role, generation }) => ({ id, name, role, generation })))
    memory('after the second start')
    const back = new Set<string>()
    await until('every machine is back', 10 * minute, async () => {
      const all = await lab.machines()
      for (const machine of all) if (!back.has(machine.id) && isBack(machine, killedAt)) {
        back.add(machine.id)
        console.log(`second start: ${machine.name} is ${machine.phase} again ${((Date.now() - killedAt) / 1000).toFixed(0)} s after the kill`)
      }
      return back.size === wanted && all.every((machine) => isBack(machine, killedAt))
    }, () => lab.output())
    console.log(`second start: every machine with its services is back ${((Date.now() - killedAt) / 1000).toFixed(0)} s after the kill, which was a power cut to them`)
    console.log(renderArrivals(lab.output()))
  })
})
