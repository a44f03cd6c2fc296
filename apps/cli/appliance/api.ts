import type { Readable } from 'node:stream'
import { z } from 'zod'
import { apiPrefix, App, Claim, Cloud, EventPage, Image, LogPage, Machine, NewToken, Plan, PowerDriverInfo, Problem, Role, SshKeys, Status, Token, Transfer } from '#contract/operator-api'
import { parseMac } from '#contract/mac'
import { HostInterface, LeasePage, Network, NetworkRemoved, Reservation, type NetworkPatch, type NetworkRequest } from '#contract/network-api'
import { CliFailure } from '../failure.ts'
import type { Target } from './find.ts'
import { send, type Answer, type Ask } from './transport.ts'

/** The appliance said no. `message` is its own sentence; 5xx may pass, 4xx will not. */
export class Refused extends CliFailure {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The operator API as functions; answers are checked against the contract. Throws `Refused` or `Unreachable`. */
export type Api = ReturnType<typeof openApi>

/** The path of a machine named by id, name or MAC. */
export const machinePath = (machine: string): string => `machines/${encodeURIComponent(/[:.-]/.test(machine) ? (parseMac(machine) ?? machine) : machine)}`

const networkPath = (id: string): string => `networks/${encodeURIComponent(id)}`

/** Opens the operator API at `target`. Nothing is sent until something is asked. */
export function openApi(target: Target) {
  async function raw(ask: Ask): Promise<Answer> {
    const answer = await send(target, { ...ask, path: `${apiPrefix}/${ask.path}` })
    if (answer.status >= 400) throw new Refused(answer.status, problemText(target, answer))
    return answer
  }
  async function json<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const ask: Ask = body === undefined ? { method, path } : { method, path, body: Buffer.from(JSON.stringify(body)), contentType: 'application/json' }
    return read(schema, await raw(ask))
  }
  const get = <T>(schema: z.ZodType<T>, path: string): Promise<T> => json(schema, 'GET', path)
  return {
    target, raw,
    /** An answer that has a schema of its own, from a path below the prefix. */
    read: <T>(schema: z.ZodType<T>, path: string): Promise<T> => get(schema, path),
    /** The same for what changes something. */
    change: <T>(schema: z.ZodType<T>, method: 'PUT' | 'POST' | 'PATCH', path: string, body: unknown): Promise<T> => json(schema, method, path, body),
    status: () => get(Status, 'status'),
    machines: () => get(z.array(Machine), 'machines'),
    machine: (m: string) => get(Machine, machinePath(m)),
    roles: () => get(z.array(Role), 'roles'),
    powerDrivers: () => get(z.array(PowerDriverInfo), 'power-drivers'),
    setPowerDriver: (m: string, driver: string, options: Record<string, unknown>) => json(Machine, 'PUT', `${machinePath(m)}/power-driver`, { driver, options }),
    claims: () => get(z.array(Claim), 'claims'),
    decideClaim: (id: string, decision: 'accept' | 'reject') => json(Claim, 'POST', `claims/${encodeURIComponent(id)}/${decision}`),
    images: () => get(z.array(Image), 'images'),
    transfers: () => get(z.array(Transfer), 'transfers'),
    networks: () => get(z.array(Network), 'networks'),
    network: (id: string) => get(Network, networkPath(id)),
    addNetwork: (request: NetworkRequest) => json(Network, 'POST', 'networks', request),
    changeNetwork: (id: string, patch: NetworkPatch) => json(Network, 'PATCH', networkPath(id), patch),
    removeNetwork: (id: string, force: boolean) => json(NetworkRemoved, 'DELETE', `${networkPath(id)}?force=${force}`),
    interfaces: () => get(z.array(HostInterface), 'host-interfaces'),
    leases: (query: Record<string, string>) => get(LeasePage, `leases?${new URLSearchParams(query).toString()}`),
    releaseLease: async (address: string, force: boolean) => void (await raw({ method: 'DELETE', path: `leases/${encodeURIComponent(address)}?force=${force}` })),
    reservations: (network: string | undefined) => get(z.array(Reservation), `reservations${network === undefined ? '' : `?network=${encodeURIComponent(network)}`}`),
    reserve: (client: string, address: string, hostname: string) => json(Reservation, 'POST', 'reservations', { client, address, hostname }),
    changeReservation: (of: string, request: { client: string; address: string; hostname: string }) => json(Reservation, 'PUT', `reservations/${encodeURIComponent(of)}`, request),
    unreserve: async (address: string) => void (await raw({ method: 'DELETE', path: `reservations/${encodeURIComponent(address)}` })),
    cloud: () => get(Cloud, 'cloud'),
    apps: () => get(z.array(App), 'apps'),
    app: (name: string) => get(App, `apps/${encodeURIComponent(name)}`),
    appLog: (name: string, after: number) => get(LogPage, `apps/${encodeURIComponent(name)}/log?after=${after}`),
    removeApp: async (name: string) => void (await raw({ method: 'DELETE', path: `apps/${encodeURIComponent(name)}` })),
    deploy: async (tar: Buffer | Readable) => read(App, await raw({ method: 'POST', path: 'apps', body: tar, contentType: 'application/x-tar', timeoutMs: 600_000 })),
    plan: (m: string, role: string, disk?: string) => json(Plan, 'POST', `${machinePath(m)}/plan`, disk === undefined ? { role } : { role, disk }),
    assign: (m: string, role: string, generation: number, disk?: string) => json(Machine, 'PUT', `${machinePath(m)}/role`, disk === undefined ? { role, generation } : { role, generation, disk }),
    release: (m: string, erase: boolean) => json(Machine, 'POST', `${machinePath(m)}/release`, { erase }),
    retry: (m: string) => json(Machine, 'POST', `${machinePath(m)}/retry`, {}),
    rename: (m: string, name: string) => json(Machine, 'POST', `${machinePath(m)}/rename`, { name }),
    power: (m: string, act: 'on' | 'off' | 'cycle') => json(Machine, 'POST', `${machinePath(m)}/power`, { act }),
    forget: async (m: string) => void (await raw({ method: 'DELETE', path: machinePath(m) })),
    events: (m: string | undefined, after: number, limit: number) => get(EventPage, `${m === undefined ? '' : `${machinePath(m)}/`}events?after=${after}&limit=${limit}`),
    /** A page of a machine's log after a position; undefined begins at the first line, whose position is 0. */
    log: (m: string, after: number | undefined, limit: number) => get(LogPage, `${machinePath(m)}/log?limit=${limit}${after === undefined ? '' : `&after=${after}`}`),
    sshKeys: () => get(SshKeys, 'ssh-keys'),
    setSshKeys: (keys: string[]) => json(SshKeys, 'PUT', 'ssh-keys', { keys }),
    tokens: () => get(z.array(Token), 'tokens'),
    addToken: (name: string) => json(NewToken, 'POST', 'tokens', { name }),
    removeToken: async (id: string) => void (await raw({ method: 'DELETE', path: `tokens/${encodeURIComponent(id)}` })),
    /** Signs in. Returns the session cookie as `name=value`. */
    login: async (user: string, password: string): Promise<string> => {
      const answer = await raw({ method: 'POST', path: 'session', body: Buffer.from(JSON.stringify({ user, password })), contentType: 'application/json' })
      const cookie = answer.headers['set-cookie']?.map((line) => line.split(';')[0] ?? '').find((pair) => pair.includes('='))
      if (cookie === undefined) throw new CliFailure('the appliance accepted the password but sent no session: its version may not fit this systemcloud')
      return cookie
    },
    me: () => get(z.object({ name: z.string(), mustChangePassword: z.boolean() }), 'session'),
    /** Only over the Unix socket: a new one-time password, every session ended. */
    resetPassword: () => json(z.object({ user: z.string(), password: z.string() }), 'POST', 'admin/passwd'),
    setPassword: async (old: string, fresh: string) => void (await raw({ method: 'POST', path: 'password', body: Buffer.from(JSON.stringify({ old, new: fresh })), contentType: 'application/json' })),
  }
}

function read<T>(schema: z.ZodType<T>, answer: Answer): T {
  let value: unknown
  try {
    value = JSON.parse(answer.body.toString('utf8'))
  } catch (error) {
    throw new CliFailure('the appliance answered something that is not JSON: is the URL that of a System Cloud appliance?', 1, error)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new CliFailure(`the appliance's answer does not fit this systemcloud (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}): use the one that came with the appliance`)
}

function problemText(target: Target, answer: Answer): string {
  let value: unknown
  try {
    value = JSON.parse(answer.body.toString('utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const problem = Problem.safeParse(value)
  const text = problem.success ? problem.data.detail || problem.data.title : `the appliance answered ${answer.status}`
  if (answer.status === 401 && target.kind === 'url' && target.token === undefined) return `${text} (sign in with "systemcloud login", or give --token)`
  // The one thing that a person with a one-time password may do comes first; the console leads there by itself.
  return answer.status === 403 && /password/i.test(text) ? `${text} (here: "systemcloud passwd")` : text
}
