import { readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Lease } from '#contract/network-api'
import { ControlProcess } from '../sim/control-process.ts'
import { SimMachine } from '../sim/machine.ts'
import { openNetworksWorld, type NetworksWorld } from '../sim/networks-world.ts'
import { farTerminal, rootTerminal } from '../sim/root-terminal.ts'

const ownPassword = 'correct horse battery'
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUFVXxL5Y0yO9bzlbLAg3nUtKQ3Zr6Hn6DXgQwY3gkF ada@desk'

describe('an operator elsewhere, over HTTPS', () => {
  const mac = '52:54:00:ae:00:01'
  let control: ControlProcess
  let sim: SimMachine
  let type: ReturnType<typeof farTerminal>
  let root: ReturnType<typeof rootTerminal>

  beforeAll(async () => {
    control = await ControlProcess.make()
    await control.start()
    type = farTerminal(control)
    root = rootTerminal(control)
    sim = new SimMachine({ mac, uuid: '5c10ad00-0000-4000-8000-0000000000e1', serial: 'SIM5', address: '127.0.0.85', url: control.url, ca: control.ca })
    sim.boot('ramdisk')
    await control.until(mac, (machine) => machine.phase === 'discovered')
  })
  afterAll(async () => {
    sim?.off()
    await control?.remove()
  })

  it('login takes the one-time password, and passwd changes it before anything else', async () => {
    const oneTime = readFileSync(path.join(control.home, 'data/state/initial-password'), 'utf8').trim()
    expect(await type('', 'machines')).toMatchObject({ code: 1, text: expect.stringContaining('Sign in first') as string })
    expect(await type('wrong\n', 'login')).toMatchObject({ code: 1, text: expect.stringContaining('not right') as string })
    expect(await type(`${oneTime}\n`, 'login')).toMatchObject({ code: 0, text: expect.stringContaining('Choose a password of your own first') as string })
    expect(await type('', 'machines')).toMatchObject({ code: 1, text: expect.stringContaining('Choose your own password first') as string })
    expect(await type(`${oneTime}\nshort\n`, 'passwd')).toMatchObject({ code: 1, text: expect.stringContaining('at least 12 characters') as string })
    expect(await type(`${oneTime}\n${ownPassword}\n`, 'passwd')).toMatchObject({ code: 0, text: 'The password is changed.\n' })
    expect((await type('', 'machines')).text).toContain(mac)
  })

  it('status, roles, images and cloud say what there is', async () => {
    expect((await type('', 'status')).text).toMatch(/^version .*\n[^]*machines +1 discovered\n[^]*signed in +admin\n/)
    expect((await type('', 'roles')).text).toMatch(/^ID .*\nmanager +Manager [^]*\nappserver +AppServer /)
    expect((await type('', 'images')).text).toMatch(/\ndebian-13 +Debian 13 +os +ready /)
    expect((await type('', 'cloud')).text).toMatch(/quorum +There is no Manager yet\.[^]*No member yet: assign the role manager/)
  })

  it('the API describes itself: every route says what it answers, what it is sent, and how it refuses', async () => {
    interface Operation { requestBody?: { content: Record<string, { schema: object }> }; parameters?: { schema: object }[]; responses: Record<string, { content?: Record<string, { schema: object }> }> }
    const { paths } = (await control.api('GET', 'openapi.json')).value as { paths: Record<string, Record<string, Operation>> }
    const operations = Object.entries(paths).flatMap(([route, methods]) => Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${route.replace('/api/v1/', '')}`, operation })))
    const lacking = operations.filter(({ operation: { responses } }) => {
      const done = Object.entries(responses).filter(([status]) => status.startsWith('2'))
      const described = ([status, answer]: (typeof done)[number]): boolean => status === '204' || Object.values(answer.content ?? {}).some(({ schema }) => Object.keys(schema).length > 0)
      return done.length === 0 || !done.every(described) || responses['default']?.content?.['application/problem+json'] === undefined
    })
    expect(lacking.map(({ route }) => route)).toEqual([])
    // Those that need nothing but their path.
    const bodiless = ['POST admin/passwd', 'POST backup', 'POST claims/{id}/accept', 'POST claims/{id}/reject', 'POST machines/{m}/retry']
    const withBody = operations.filter(({ route, operation }) => /^(POST|PUT|PATCH) /.test(route) && Object.keys(operation.requestBody?.content ?? {}).length > 0).map(({ route }) => route)
    expect(operations.filter(({ route }) => /^(POST|PUT|PATCH) /.test(route)).map(({ route }) => route).filter((route) => !withBody.includes(route)).sort()).toEqual(bodiless)
    for (const route of ['GET apps', 'POST apps', 'GET apps/{name}/log', 'POST backup', 'POST restore', 'GET strangers', 'GET machines/{m}/boots', 'GET machines/{m}/packets.pcap', 'PUT boot-paths/{id}', 'POST tokens', 'GET metrics', 'GET openapi.json', 'POST admin/passwd'])
      expect(operations.map((one) => one.route)).toContain(route)
    expect(Object.keys(paths['/api/v1/apps']?.['post']?.requestBody?.content ?? {})).toContain('application/x-tar')
  })

  it('ssh-keys adds, lists and removes keys, and refuses what is none', async () => {
    const file = path.join(control.home, 'id.pub')
    writeFileSync(file, `${key}\n`)
    expect((await type('', 'ssh-keys')).text).toContain('No key yet')
    expect((await type('', 'ssh-keys', 'add', file)).text).toContain('1 kept')
    expect(await type('ssh-ed25519 nonsense\n', 'ssh-keys', 'add', '-')).toMatchObject({ code: 1 })
    expect((await type('', 'ssh-keys')).text).toMatch(/\n1 +ssh-ed25519 +…\S{16} +ada@desk\n/)
    expect((await type('', 'ssh-keys', 'remove', '1')).text).toContain('0 kept')
    expect(await type('', 'ssh-keys', 'remove', '1')).toMatchObject({ code: 1 })
  })

  it('tokens: one opens /metrics and the API without a login, makes no other, and is refused after it was revoked', async () => {
    const made = JSON.parse((await type('', 'tokens', 'add', 'prometheus', '--json')).text.split('}')[0] + '}') as { id: string; token: string }
    expect((await type('', 'tokens')).text).toMatch(new RegExp(`^ID .*\\n${made.id} +prometheus +admin `))
    const bearing = (route: string): Promise<number> => status(control, route, made.token)
    expect([await bearing('/metrics'), await bearing('/api/v1/machines'), await status(control, '/metrics', 'x'.repeat(43))]).toEqual([200, 200, 401])
    expect((await type('', 'machines', '--token', made.token)).text).toContain(mac)
    expect(await type('', 'tokens', 'add', 'another', '--token', made.token)).toMatchObject({ code: 1, text: expect.stringContaining('A token cannot make') as string })
    expect(await type('', 'tokens', 'remove', made.id)).toMatchObject({ code: 0 })
    expect([await bearing('/metrics'), await bearing('/api/v1/machines')]).toEqual([401, 401])
    expect((await type('', 'tokens', 'list')).text).toContain('No token yet')
  })

  it('rename, retry and forget: a machine under another name goes on from the step that failed, and is forgotten when asked', async () => {
    expect((await type('', 'rename', mac, 'worker-7')).text).toMatch(/ worker-7 /)
    expect(await type('', 'rename', 'worker-7', 'No Name')).toMatchObject({ code: 1, text: expect.stringContaining('host name') as string })
    expect(await type('', 'retry', 'worker-7')).toMatchObject({ code: 1 })
    sim.failOnce.set('partitionDisk', 'sfdisk: the disk is on fire')
    expect(await type('', 'assign', 'worker-7', 'manager', '--yes')).toMatchObject({ code: 0 })
    await control.until(mac, (machine) => machine.phase === 'failed')
    expect((await type('', 'machines')).text).toContain('the disk is on fire')
    expect(await type('', 'retry', 'worker-7')).toMatchObject({ code: 0 })
    await control.until(mac, (machine) => machine.phase === 'ready', 100_000)
    expect((await type('', 'cloud')).text).toMatch(/\nworker-7 +manager +ready +127\.0\.0\.85 /)
    expect(await type('', 'forget', 'worker-7')).toMatchObject({ code: 2 })
    expect(await type('', 'release', 'worker-7', '--yes')).toMatchObject({ code: 0 })
    await control.until(mac, (machine) => machine.phase === 'discovered', 60_000)
    sim.off()
    expect((await type('', 'forget', 'worker-7', '--yes')).text).toBe('worker-7 is forgotten.\n')
    expect((await type('', 'machine', 'worker-7')).code).toBe(1)
  }, 240_000)

  it('passwd as root ends the session and gives a new one-time password', async () => {
    const said = (await root('passwd')).text
    expect(await type('', 'machines')).toMatchObject({ code: 1 })
    expect(await type(`${ownPassword}\n`, 'login')).toMatchObject({ code: 1 })
    expect(await type(`${/^ {2}(\S+)$/m.exec(said)?.[1]}\n`, 'login')).toMatchObject({ code: 0 })
  })
})

describe('who has which address', () => {
  const [known, stranger] = ['52:54:00:ae:00:02', '52:54:00:ae:00:03']
  let world: NetworksWorld
  let type: ReturnType<typeof rootTerminal>

  beforeAll(async () => {
    world = await openNetworksWorld()
    type = rootTerminal(world.control)
    world.become('near', known)
    await vi.waitUntil(() => world.ask('near', '-x', 'hostname:printer'), { timeout: 30_000 })
  })
  afterAll(async () => { await world?.close() })

  it('leases names who, until when and why, and release takes one back', async () => {
    const [lease] = JSON.parse((await type('leases', '--json')).text) as Lease[]
    const { text } = await type('leases')
    expect(text.split('\n')[0]).toMatch(/^ADDRESS +STATE +WHO +MAC +SINCE +UNTIL +WHY$/)
    expect(text.split('\n')[1]).toMatch(new RegExp(`^${lease?.address.replaceAll('.', '\\.')} +bound +printer +${known} +.* +in \\d.* +From the pool, to a client that is no machine of the fleet\\.$`))
    expect(await type('leases', 'release', lease?.address ?? '')).toMatchObject({ code: 2 })
    expect((await type('leases', 'release', lease?.address ?? '', '--yes')).text).toBe(`${lease?.address} is free.\n`)
    expect((await type('leases')).text).toMatch(/ released .* - +Given back: free for others\.\n/)
    expect((await type('leases', 'release', '10.77.0.250', '--yes')).code).toBe(1)
  })

  it('strangers are listed by their cards, and nothing is under way', async () => {
    world.become('near', stranger)
    await vi.waitUntil(() => world.ask('near'), { timeout: 30_000 })
    await vi.waitFor(async () => expect((await type('strangers')).text).toMatch(new RegExp(`\\n${stranger} +.* ago +\\d`)), { timeout: 20_000 })
    expect((await type('transfers')).text).toBe('Nothing is under way.\n')
  })
})

/** The status of a GET over HTTPS with a bearer token. */
function status(control: ControlProcess, route: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    https.request(`https://127.0.0.1:${control.operatorPort}${route}`, { ca: control.ca, headers: { authorization: `Bearer ${token}` } }, (answer) => { answer.resume(); resolve(answer.statusCode ?? 0) }).on('error', reject).end()
  })
}
