import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { JournalEvent } from '#contract/events'
import type { Claim, Machine, Plan } from '#contract/operator-api'
import { ControlProcess } from '../sim/control-process.ts'
import { SimMachine } from '../sim/machine.ts'

const mac = '52:54:00:aa:00:01'
const sshKeys = ['ada@desk', 'grace@ship'].map((who) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUFVXxL5Y0yO9bzlbLAg3nUtKQ3Zr6Hn6DXgQwY3gkF ${who}`)
let control: ControlProcess
let sim: SimMachine

beforeAll(async () => {
  control = await ControlProcess.make()
  await control.start()
  sim = new SimMachine({ mac, uuid: '5c10ad00-0000-4000-8000-0000000000a1', serial: 'SIM1', address: '127.0.0.77', url: control.url, ca: control.ca })
})
afterAll(async () => {
  sim?.off()
  await control?.remove()
})

/** Kills control at the first of each of these moments, and starts it again while the machine goes on. */
function killAt(...moments: string[]): string[] {
  const killed: string[] = []
  sim.onMoment = async (moment) => {
    if (!moments.includes(moment) || killed.includes(moment)) return
    killed.push(moment)
    await control.restart()
  }
  return killed
}

describe('a machine’s life, with control killed in the middle', () => {
  it('is discovered by its facts', async () => {
    sim.boot('ramdisk')
    const machine = await control.until(mac, (m) => m.phase === 'discovered')
    expect(machine).toMatchObject({ firmware: 'bios', inventory: { serial: 'SIM1', disks: [{ serial: 'SIM1-D' }] } })
    // No lease says so: it is where its session speaks from.
    await control.until(mac, ({ address }) => address === '127.0.0.77')
    const told = async (): Promise<string[]> => ((await control.api('GET', `machines/${mac}/events`)).value as { events: JournalEvent[] }).events.filter(({ kind }) => kind === 'address.seen').map(({ text }) => text)
    expect(await vi.waitUntil(async () => { const texts = await told(); return texts.length > 0 && texts }, { timeout: 15_000 })).toEqual(['Speaks from 127.0.0.77, which another DHCP server or a person gave it'])
  })

  it('holds a second live claim on its MAC and on its UUID, and gives it nothing', async () => {
    const token = 'ee'.repeat(32)
    expect((await sim.ask('POST', `/ramdisk/${mac}/facts`, { body: sim.facts(), token })).status).toBe(409)
    expect((await sim.ask('GET', `/ramdisk/${mac}/order`, { token })).status).toBe(401)
    const other = '52:54:00:aa:00:99'
    expect((await sim.ask('POST', `/ramdisk/${other}/facts`, { body: sim.facts().replaceAll(mac, other), token })).status).toBe(409)
    expect(await control.machine(other)).toBeUndefined()
    const machine = await control.until(mac, (m) => m.claims.length === 2)
    expect(machine.attention).toMatch(/given nothing/)
    expect(machine.claims.map((claim) => claim.kind).sort()).toEqual(['mac', 'uuid'])
    expect(JSON.stringify((await control.api('GET', 'claims')).value)).not.toContain(token)
  })

  it('rejects the one for good and accepts the other as a machine of its own', async () => {
    const claims = (await control.api('GET', 'claims')).value as Claim[]
    const [byMac, byUuid] = [claims.find((claim) => claim.kind === 'mac'), claims.find((claim) => claim.kind === 'uuid')]
    expect(await control.api('POST', `claims/${byMac?.id}/reject`)).toMatchObject({ status: 200, value: { state: 'rejected' } })
    expect(await control.api('POST', `claims/${byUuid?.id}/accept`)).toMatchObject({ status: 200, value: { state: 'accepted' } })
    expect((await control.api('POST', 'claims/nonsense/accept')).status).toBe(404)
    expect((await control.machine(mac))?.claims).toEqual([])
    const other = '52:54:00:aa:00:99'
    const post = (of: string, token: string) => sim.ask('POST', `/ramdisk/${of}/facts`, { body: sim.facts().replaceAll(mac, of), token })
    await control.restart()
    const rejected = await post(mac, 'ab'.repeat(32))
    expect(rejected.status).toBe(409)
    expect(rejected.body.toString()).toMatch(/rejected/)
    expect((await control.machine(mac))?.claims).toEqual([])
    expect((await post(other, 'ee'.repeat(32))).status).toBe(204)
    expect(await control.machine(other)).toMatchObject({ phase: 'discovered', uuid: sim.plan.uuid })
    // Neither takes the other's place: the first goes on as itself.
    expect((await control.until(mac, (m) => m.phase === 'discovered')).claims).toEqual([])
    expect((await control.api('DELETE', `machines/${other}`)).status).toBe(204)
  })

  it('shows the plan and refuses an unknown role and a stale generation', async () => {
    const plan = (await control.api('POST', `machines/${mac}/plan`, { role: 'manager' })).value as Plan
    expect(plan).toMatchObject({ refusals: [], disk: { serial: 'SIM1-D', erased: true }, image: { id: 'debian-13', ready: true } })
    expect((await control.api('PUT', `machines/${mac}/role`, { role: 'emperor' })).status).toBe(409)
    expect((await control.api('PUT', `machines/${mac}/role`, { role: 'manager', generation: 41 })).status).toBe(409)
    expect((await control.api('POST', `machines/${mac}/retry`, {})).status).toBe(409)
  })

  it('stops at a failing step with the reason', async () => {
    expect((await control.api('PUT', 'ssh-keys', { keys: sshKeys })).status).toBe(200)
    sim.failOnce.set('partitionDisk', 'sfdisk: the disk is on fire')
    expect((await control.api('PUT', `machines/${mac}/role`, { role: 'manager', generation: 0 })).status).toBe(200)
    const machine = await control.until(mac, (m) => m.phase === 'failed')
    expect(machine.problem).toContain('the disk is on fire')
    expect(machine.steps.map((step) => step.status)).toEqual(['done', 'failed', ...Array.from({ length: 6 }, () => 'waiting')])
  })

  it('goes on from there to ready, though control is killed at five moments', async () => {
    const killed = killAt('partitionDisk', 'writeImage', 'bootDisk', 'enrol', 'report')
    expect((await control.api('POST', `machines/${mac}/retry`, {})).status).toBe(200)
    const machine = await control.until(mac, (m) => m.phase === 'ready', 240_000)
    expect(killed).toEqual(['partitionDisk', 'writeImage', 'bootDisk', 'enrol', 'report'])
    expect(machine.steps.every((step) => step.status === 'done')).toBe(true)
    expect(machine.services.length).toBeGreaterThan(2)
    expect(machine.services.filter((service) => !service.healthy)).toEqual([])
    expect(machine.address).toBe('127.0.0.77')
    sim.onMoment = () => undefined
    expect(sim.files.get('root/.ssh/authorized_keys')).toEqual({ mode: 0o600, text: `${sshKeys.join('\n')}\n` })
    expect(sim.log.filter((line) => line === 'writeImage')).toHaveLength(1)
  }, 300_000)

  it('has every event once and in order, over all restarts, and no secret among them', async () => {
    // A phase is seen in memory a moment before its journal line has its number.
    const events = await vi.waitUntil(async () => {
      const page = (await control.api('GET', `events?limit=5000`)).value as { events: JournalEvent[] }
      return page.events.some((event) => event.kind === 'step.finished' && event.data['step'] === 'verifyServices') && page.events
    }, { timeout: 20_000, interval: 100 })
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1))
    for (const step of ['partitionDisk', 'writeImage', 'configureSystem', 'bootDisk', 'enrolAgent', 'applyRole', 'verifyServices'])
      expect(events.filter((event) => event.kind === 'step.finished' && event.data['step'] === step)).toHaveLength(1)
    expect(JSON.stringify(events)).not.toMatch(/SWMTKN|PRIVATE KEY|"secret"/)
  })

  it('loses its identity to a ramdisk on its card only where a person accepts that', async () => {
    const token = 'cd'.repeat(32)
    expect((await sim.ask('POST', `/ramdisk/${mac}/facts`, { body: sim.facts(), token })).status).toBe(409)
    const held = await control.until(mac, (m) => m.claims.length === 1)
    expect(held).toMatchObject({ phase: 'ready', role: 'manager', claims: [{ kind: 'agent' }] })
    expect((await control.api('POST', `claims/${held.claims[0]?.id}/reject`)).status).toBe(200)
    expect((await sim.ask('POST', `/ramdisk/${mac}/facts`, { body: sim.facts(), token })).status).toBe(409)
    expect((await control.machine(mac))?.phase).toBe('ready')
  })

  it('is released with its disk erased, restarted by its own agent, and waits for another role', async () => {
    expect((await control.api('POST', `machines/${mac}/release`, { erase: true })).status).toBe(200)
    const machine = await control.until(mac, (m) => m.phase === 'discovered')
    expect(machine).toMatchObject({ role: null, intent: { release: false } })
    // Nothing drives this machine's power: its own agent restarted it.
    expect(sim.log.slice(-3)).toEqual(['restart', 'facts', 'eraseDisk'])
  })

  it('is not ready while one of its services answers nobody, and is once it does; without SSH keys it gets none', async () => {
    expect((await control.api('PUT', 'ssh-keys', { keys: [] })).status).toBe(200)
    sim.shut.add(5432)
    expect((await control.api('PUT', `machines/${mac}/role`, { role: 'manager' })).status).toBe(200)
    const sick = (machine: Machine) => machine.services.find(({ healthy }) => !healthy)
    const first = await control.until(mac, (machine) => machine.phase !== 'discovered' && sick(machine) !== undefined, 100_000)
    expect(first.services.filter(({ healthy }) => !healthy).map(({ name }) => name)).toEqual(['PostgreSQL 17'])
    expect(sim.files.has('etc/system-cloud/agent.json')).toBe(true)
    expect([...sim.files.keys()].filter((name) => name.includes('.ssh'))).toEqual([])
    // It is asked again, and still not ready.
    const again = await control.until(mac, (machine) => sick(machine) !== undefined && sick(machine)?.checkedAt !== sick(first)?.checkedAt)
    expect(again.phase).not.toBe('ready')
    expect(again.steps.find(({ kind }) => kind === 'verifyServices')).toMatchObject({ status: 'running', detail: expect.stringContaining('PostgreSQL 17: ') as string })
    await sim.open(5432)
    const machine = await control.until(mac, ({ phase }) => phase === 'ready', 60_000)
    expect(machine.services.filter(({ healthy }) => !healthy)).toEqual([])
  })

  it('begins again as discovered when the claim of a ramdisk on its card is accepted, and its agent is refused', async () => {
    const token = 'dc'.repeat(32)
    const other = new SimMachine({ ...sim.plan, address: '127.0.0.78' })
    expect((await other.ask('POST', `/ramdisk/${mac}/facts`, { body: sim.facts(), token })).status).toBe(409)
    const claims = (await control.api('GET', 'claims')).value as Claim[]
    const claim = claims.find((one) => one.kind === 'agent')
    expect(claim?.state).toBe('rejected')
    expect((await control.api('POST', `claims/${claim?.id}/accept`)).status).toBe(200)
    expect(await control.machine(mac)).toMatchObject({ phase: 'discovered', role: null, services: [] })
    // Only the claimant that the person saw: another token is held again.
    expect((await other.ask('POST', `/ramdisk/${mac}/facts`, { body: sim.facts(), token: 'ba'.repeat(32) })).status).toBe(409)
    expect((await other.ask('POST', `/ramdisk/${mac}/facts`, { body: sim.facts(), token })).status).toBe(204)
    expect((await control.machine(mac))?.phase).toBe('discovered')
  })
})
