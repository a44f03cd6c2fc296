import { z } from 'zod'
import { JournalEvent, LogLine } from './events.ts'
import { Inventory } from './inventory.ts'
import { phases } from './lifecycle.ts'
import { Network } from './network-api.ts'
import { StepState, stepKinds } from './steps.ts'

/** What is wished of a machine. `generation` rises with every change of intent; an older one is refused at every hop. */
export const Intent = z.object({
  generation: z.number().int(), role: z.string().nullable(), imageId: z.string().nullable(),
  diskSerial: z.string().nullable().describe('Identity of the disk that may be erased: WWN, else serial, else "name:size"'),
  erase: z.boolean(), release: z.boolean(),
}).meta({ id: 'Intent' })
export type Intent = z.infer<typeof Intent>

/** One service of a role, as the appliance itself saw it from outside. */
export const ServiceHealth = z.object({ name: z.string(), healthy: z.boolean(), detail: z.string(), checkedAt: z.string() }).meta({ id: 'ServiceHealth' })

/**
 * Somebody on the network who says to be a machine that lives already. A person decides: `held` and `rejected` claimants are given nothing.
 *
 * `kind`: `agent`, a ramdisk on a network card of a machine whose installed system runs; `mac`, a second ramdisk on one network card;
 * `uuid`, another network card with the UUID of a machine that lives.
 */
export const Claim = z.object({
  id: z.string(), machineId: z.string().describe('The machine that lives and is claimed'), claimantId: z.string().nullable().describe('The machine that the claimant\'s network card is known as, where it has one of its own'),
  kind: z.enum(['agent', 'mac', 'uuid']), mac: z.string(), uuid: z.string().nullable(), hardware: z.string().describe('What the claimant says it is'),
  why: z.string(), acceptMeans: z.string().describe('What accepting does, as a sentence'), state: z.enum(['held', 'accepted', 'rejected']),
  firstAt: z.string(), lastAt: z.string(), times: z.number().int(),
}).meta({ id: 'Claim' })
export type Claim = z.infer<typeof Claim>

/** A machine as operators see it: what was wished, what is observed, and what it needs. */
export const Machine = z.object({
  id: z.string(), name: z.string(), mac: z.string(), macs: z.array(z.string()),
  phase: z.enum(phases), role: z.string().nullable(), generation: z.number().int(), intent: Intent,
  address: z.string().nullable(), uuid: z.string().nullable(),
  firmware: z.enum(['bios', 'uefi']).nullable(), bootPath: z.string().describe('How it netboots, e.g. "UEFI x64, TFTP, snponly.efi"'),
  inventory: Inventory.nullable(), steps: z.array(StepState),
  services: z.array(ServiceHealth),
  problem: z.string().nullable().describe('Why it failed or is held, as a sentence that says what to do'),
  attention: z.string().nullable().describe('What a person must do now, e.g. press the power button'),
  power: z.object({ driver: z.string(), state: z.enum(['on', 'off', 'unknown']), can: z.array(z.enum(['on', 'off', 'cycle'])), cannotWhy: z.string(), options: z.record(z.string(), z.unknown()).default({}).describe('Without those that are secret') }),
  claims: z.array(Claim).default([]).describe('Held claims that concern it'),
  metrics: z.object({ load1: z.number(), memoryTotalBytes: z.number(), memoryAvailableBytes: z.number(), diskTotalBytes: z.number(), diskFreeBytes: z.number(), uptimeSeconds: z.number() }).nullable(),
  firstSeenAt: z.string(), lastSeenAt: z.string(), phaseSince: z.string(), phaseDeadline: z.string().nullable(),
  lastSeq: z.number().int().describe('The last journal line that this view contains'),
}).meta({ id: 'Machine' })
export type Machine = z.infer<typeof Machine>

/** What would happen if a role were assigned: shown before anything runs. */
export const Plan = z.object({
  machineId: z.string(), machineName: z.string(), role: z.string(), generation: z.number().int().describe('Give it back with the assignment; a newer intent refuses it with 409'),
  refusals: z.array(z.string()).describe('Why it is not allowed; empty when it is'),
  warnings: z.array(z.string()),
  disk: z.object({ identity: z.string(), name: z.string(), model: z.string(), serial: z.string(), sizeBytes: z.number(), contents: z.string(), why: z.string(), erased: z.boolean() }).nullable(),
  disks: z.array(z.object({ identity: z.string(), name: z.string(), model: z.string(), serial: z.string(), sizeBytes: z.number(), refusedWhy: z.string().nullable() })),
  image: z.object({ id: z.string(), title: z.string(), sizeBytes: z.number(), ready: z.boolean() }),
  services: z.array(z.string()), steps: z.array(z.object({ kind: z.enum(stepKinds), title: z.string(), detail: z.string() })),
}).meta({ id: 'Plan' })
export type Plan = z.infer<typeof Plan>

/** What a role would do to a machine; `disk` is the identity of one that it has, absent: by rule. */
export const PlanRequest = z.object({ role: z.string().min(1).max(64), disk: z.string().optional() })
/** A role for a machine. `generation`: of the wish that the person saw; 409 where it is another one by now. */
export const AssignRequest = z.object({ role: z.string().min(1).max(64), generation: z.number().int().optional(), disk: z.string().optional() })
/** Takes the role away; `erase`: the disk is erased too. */
export const ReleaseRequest = z.object({ erase: z.boolean().default(false) })
/** Another name, which is the host name of what is installed too. */
export const RenameRequest = z.object({ name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a host name: lower-case letters, digits and hyphens, 1 to 63 characters') })
/** What to do with its power. */
export const PowerRequest = z.object({ act: z.enum(['on', 'off', 'cycle']) })
/** Which driver turns a machine on and off, with the options that its schema names. */
export const PowerConfigRequest = z.object({ driver: z.string(), options: z.record(z.string(), z.unknown()).default({}) })

/** A way to drive power. `options` is the JSON Schema (draft 2020-12) of what it must be told; `writeOnly` values are never given back. */
export const PowerDriverInfo = z.object({ id: z.string(), title: z.string(), cannotWhy: z.string(), options: z.record(z.string(), z.unknown()) }).meta({ id: 'PowerDriver' })
export type PowerDriverInfo = z.infer<typeof PowerDriverInfo>

/** An entry of the catalog of roles. */
export const Role = z.object({ id: z.string(), title: z.string(), summary: z.string(), services: z.array(z.string()), imageId: z.string() }).meta({ id: 'Role' })
export type Role = z.infer<typeof Role>

/** A boot or OS image, how far its build is, and why it failed. */
export const Image = z.object({
  id: z.string(), title: z.string(), kind: z.enum(['ramdisk', 'os', 'runtime']),
  state: z.enum(['missing', 'building', 'ready', 'failed']), step: z.string(), percent: z.number().nullable(),
  sizeBytes: z.number().nullable(), hash: z.string().nullable(), builtAt: z.string().nullable(), error: z.string().nullable(),
}).meta({ id: 'Image' })
export type Image = z.infer<typeof Image>

/** One file on its way to a machine by TFTP or HTTP, or a machine that waits to download its image: `position` 1 is next, 0 is being served. */
export const Transfer = z.object({
  kind: z.enum(['tftp', 'http']), machineId: z.string().nullable(), machineName: z.string().nullable(), mac: z.string().nullable(), address: z.string(), file: z.string(),
  sizeBytes: z.number(), sentBytes: z.number(), bytesPerSecond: z.number(), startedAt: z.string().nullable(), position: z.number().int(),
}).meta({ id: 'Transfer' })
export type Transfer = z.infer<typeof Transfer>

/** One running copy of an app. */
export const AppInstance = z.object({ id: z.string(), machineName: z.string(), state: z.string(), error: z.string(), since: z.string() })
export const App = z.object({
  name: z.string(), version: z.string(), runtime: z.string(), domain: z.string(), url: z.string().describe('Where a browser reaches it'), balancerUrl: z.string().nullable().describe('Where the load balancer answers; with `domain` as Host header it needs no name'), state: z.enum(['building', 'pushing', 'starting', 'serving', 'down', 'unknown', 'failed']).describe('down: it was deployed and does not serve now; unknown: nobody says whether it does'),
  detail: z.string(), instancesWanted: z.number().int(), instances: z.array(AppInstance), seenAt: z.string().nullable().describe('When a Manager last told of the instances'), deployedAt: z.string(), warnings: z.array(z.string()),
}).meta({ id: 'App' })
export type App = z.infer<typeof App>

/** A machine with a role, as the cloud page shows it. */
export const CloudMember = z.object({ machineId: z.string(), name: z.string(), role: z.string(), phase: z.enum(phases), address: z.string().nullable(), services: z.array(ServiceHealth), swarmState: z.string() })
/** The Application Cloud: its machines and apps, and how many of them may fail. */
export const Cloud = z.object({ members: z.array(CloudMember), apps: z.array(App), quorum: z.string().describe('A sentence on how many managers may fail'), loadBalancer: z.string().nullable() }).meta({ id: 'Cloud' })
export type Cloud = z.infer<typeof Cloud>

/** The appliance itself. `seq`: of the newest event; `machines`: how many are in each phase; `warnings`: sentences. */
export const Status = z.object({
  version: z.string(), startedAt: z.string(), seq: z.number().int(), machines: z.record(z.string(), z.number().int()), networks: z.array(Network), images: z.array(Image),
  warnings: z.array(z.string()), me: z.object({ name: z.string(), mustChangePassword: z.boolean() }),
}).meta({ id: 'Status' })
export type Status = z.infer<typeof Status>

/** A sign-in. */
export const LoginRequest = z.object({ user: z.string().max(64), password: z.string().max(1024) })
/** Another password of one’s own; all other sessions end. */
export const PasswordRequest = z.object({ old: z.string().max(1024), new: z.string().min(12, 'at least 12 characters').max(1024) })
/** The OpenSSH public keys that root on a machine accepts from its next deploy on. */
export const SshKeys = z.object({ keys: z.array(z.string().regex(/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/=]{20,}( [^\n\r]{0,200})?$/, 'an OpenSSH public key on one line')).max(50) }).meta({ id: 'SshKeys' })

/** A bearer token for programs, as it is listed. `id` names it and is no secret. */
export const Token = z.object({ id: z.string(), name: z.string(), user: z.string(), madeAt: z.string() }).meta({ id: 'Token' })
export type Token = z.infer<typeof Token>
/** What a new token is for: its name, which no other token has. */
export const TokenRequest = z.object({ name: z.string().trim().min(1, 'a name that says what it is for').max(64).regex(/^\P{Cc}*$/u, 'a name without control characters') })
/** The one answer that has the token itself. */
export const NewToken = Token.extend({ token: z.string() }).meta({ id: 'NewToken' })
export type NewToken = z.infer<typeof NewToken>
/** Events in their order, and the number of the newest one that there is. */
export const EventPage = z.object({ events: z.array(JournalEvent), lastSeq: z.number().int() })
/** Log lines in their order, and the number of the last one: ask with it for more. */
export const LogPage = z.object({ lines: z.array(LogLine), nextSeq: z.number().int() })

/** RFC 9457. `detail` is a sentence that says what to do. */
export const Problem = z.object({ type: z.string(), title: z.string(), status: z.number().int(), detail: z.string(), requestId: z.string().optional() }).meta({ id: 'Problem' })
export type Problem = z.infer<typeof Problem>

/**
 * Every operator URL in one place. Bodies and answers are the schemas above and those of `network-api.ts` and `blackbox-api.ts`; errors are `Problem` as application/problem+json.
 *
 * | method and path | body | answer |
 * | --- | --- | --- |
 * | POST session, DELETE session | LoginRequest | 204 and a cookie `sc_session` (HttpOnly, SameSite=Strict); 401 |
 * | GET session | | `{ name, mustChangePassword }`; 401 |
 * | POST password | PasswordRequest | 204 |
 * | GET status, machines, machines/:m, roles, images, networks, cloud, apps, ssh-keys | | Status, Machine[], Machine, Role[], Image[], Network[], Cloud, App[], SshKeys |
 * | GET transfers | | Transfer[] |
 * | PUT ssh-keys | SshKeys | SshKeys |
 * | GET tokens, POST tokens, DELETE tokens/:id | TokenRequest | Token[], NewToken, 204. Made and revoked by a person or by root on the appliance, not by a token |
 * | POST admin/passwd | | `{ user, password }`: a new one-time password. Root on the appliance only |
 * | POST networks, PATCH networks/:id, GET networks/:id | NetworkRequest, NetworkPatch | Network; 422 says what does not fit |
 * | DELETE networks/:id?force=true | | NetworkRemoved; 409 while machines use it, unless forced |
 * | GET networks/:id/pool, host-interfaces | | PoolMap, HostInterface[] |
 * | GET leases?network=&state=&text=&offset=&limit= | | LeasePage |
 * | DELETE leases/:address?force=true | | 204; 409 while a machine at work has it, unless forced |
 * | GET reservations?network=, POST reservations | ReservationRequest | Reservation[], Reservation |
 * | PUT reservations/:address | ReservationRequest | Reservation: of another client, address or host name; 422 says what does not fit |
 * | DELETE reservations/:address | | 204 |
 * | POST machines/:m/plan | PlanRequest | Plan |
 * | PUT machines/:m/role | AssignRequest | Machine; 409 stale generation or refused |
 * | POST machines/:m/release, /retry, /rename, /power; PUT machines/:m/power-driver | ReleaseRequest, {}, RenameRequest, PowerRequest, PowerConfigRequest | Machine |
 * | GET power-drivers | | PowerDriverInfo[] |
 * | GET claims; POST claims/:id/accept, claims/:id/reject | | Claim[]; Claim |
 * | POST backup; POST restore (application/octet-stream) | the archive | the archive, application/gzip; 202 `{ at, version }`, then control restarts. Root on the appliance only |
 * | DELETE machines/:m | | 204 (forget) |
 * | GET machines/:m/events?after=SEQ&limit=N | | EventPage |
 * | GET machines/:m/log?after=SEQ&limit=N, machines/:m/log.txt | | LogPage, text/plain download |
 * | GET machines/:m/boots?limit=N, machines/:m/packets.pcap | | Boots, a capture file; `:m` may be a stranger's MAC |
 * | GET strangers | | Stranger[] |
 * | GET boot-paths, PUT boot-paths/:id | BootPathPatch | BootPath[], BootPath |
 * | GET events?after=SEQ&limit=N | | EventPage |
 * | POST apps (application/x-tar of the app's folder) | | App (202; poll GET apps/:name until serving or failed) |
 * | GET apps/:name, apps/:name/log?after= ; DELETE apps/:name | | App, LogPage, 204 |
 * | GET openapi.json, metrics | | OpenAPI 3.1, Prometheus text. `/metrics` and `/healthz` answer outside of the prefix too |
 *
 * `:m` is an id, a name or a MAC. socket.io on the same origin, path /socket.io: emit `join` with
 * `{ room: 'fleet' | 'machine:<id>' | 'app:<name>', after: seq }`; the server replays journal events after `seq` as `events` (JournalEvent[]), then sends
 * `events` live, `machine` (a whole Machine) in `fleet` and its own room, `log` (`{ machineId, lines: LogLine[] }`) in `machine:<id>`, `image` (Image), `cloud` (Cloud) in `fleet`.
 * Room `app:<name>` gets `appLog` (`{ app, lines: LogLine[] }`).
 * A join to `machine:<id>` or `app:<name>` may add `logAfter: seq` and gets the missed log lines first.
 */
export const apiPrefix = '/api/v1'
/** The cookie that a sign-in sets. */
export const sessionCookie = 'sc_session'
