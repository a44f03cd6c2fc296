import { z } from 'zod'

/** One thing that must be true on an installed machine. The agent makes it so, in order, and reports each. It knows no roles. */
export const Task = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), id: z.string(), path: z.string().startsWith('/'), content: z.string(), mode: z.string().regex(/^0[0-7]{3}$/).default('0644'), owner: z.string().default('root'), group: z.string().default('root') }),
  z.object({ kind: z.literal('copy'), id: z.string(), from: z.string().startsWith('/').describe('A file that only the machine has, e.g. its private key'), path: z.string().startsWith('/'), mode: z.string().regex(/^0[0-7]{3}$/), owner: z.string(), group: z.string() }),
  z.object({ kind: z.literal('unit'), id: z.string(), name: z.string().regex(/^[A-Za-z0-9@_.:-]+\.(service|socket|timer|mount)$/), state: z.enum(['running', 'stopped']), restartOn: z.array(z.string()).default([]).describe('Ids of file and copy tasks whose change restarts it'), reloadOn: z.array(z.string()).default([]) }),
  z.object({ kind: z.literal('swarm'), id: z.string(), mode: z.enum(['init', 'join', 'leave']), advertise: z.string(), remote: z.string().default(''), token: z.string().default('').describe('A secret: never logged') }),
  z.object({ kind: z.literal('database'), id: z.string(), name: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/), password: z.string().describe('A secret: never logged') }),
  z.object({ kind: z.literal('service'), id: z.string(), name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/), image: z.string(), replicas: z.number().int().min(0).max(100), publishedPort: z.number().int(), targetPort: z.number().int(), env: z.record(z.string(), z.string()), memoryMb: z.number().int(), healthPath: z.string(), constraint: z.string() }),
  z.object({ kind: z.literal('restart'), id: z.string(), bootId: z.string().describe('The boot that must end: the machine restarts while this is its boot id, and is done in any other') }),
  z.object({ kind: z.literal('absentService'), id: z.string(), name: z.string() }),
])
export type Task = z.infer<typeof Task>

/** What a machine must become. A target with an older generation than the agent has applied is refused. */
export const Target = z.object({ machineId: z.string(), generation: z.number().int(), etag: z.string(), hostname: z.string(), names: z.array(z.string()).default([]).describe('What its certificate must name: host names and dotted addresses'), tasks: z.array(Task) })
export type Target = z.infer<typeof Target>

/** How far the agent is with one task of its target. */
export const TaskReport = z.object({ id: z.string(), status: z.enum(['waiting', 'running', 'done', 'failed']), detail: z.string().max(4000) })

/** One container of an app as the Swarm manager sees it. */
export const InstanceReport = z.object({ service: z.string(), id: z.string(), node: z.string(), state: z.string(), error: z.string(), image: z.string(), at: z.string() })

/** What an agent tells, at each change and at least every ten seconds. */
export const AgentReport = z.object({
  generation: z.number().int(), etag: z.string(), bootId: z.string(), version: z.string(),
  tasks: z.array(TaskReport).max(500),
  swarm: z.object({ nodeId: z.string(), role: z.enum(['manager', 'worker', '']), workerToken: z.string().default(''), managerToken: z.string().default(''), nodes: z.array(z.object({ id: z.string(), hostname: z.string(), state: z.string(), availability: z.string() })).default([]) }).nullable(),
  instances: z.array(InstanceReport).max(2000).default([]),
  metrics: z.object({ load1: z.number(), memoryTotalBytes: z.number(), memoryAvailableBytes: z.number(), diskTotalBytes: z.number(), diskFreeBytes: z.number(), uptimeSeconds: z.number() }),
})
export type AgentReport = z.infer<typeof AgentReport>

/** Asked once, with the one-time secret of the deploy: a certificate for the key that signed the request (PKCS #10, PEM). */
export const EnrolRequest = z.object({ machineId: z.string(), generation: z.number().int(), secret: z.string(), csr: z.string().max(10000) })
/** Asked with the present certificate: the same key gets another. */
export const RenewRequest = z.object({ csr: z.string().max(10000) })
/** The certificate and the CA that the agent trusts from now on, both PEM. */
export const EnrolResponse = z.object({ certificate: z.string(), ca: z.string() })

/** The file `/etc/system-cloud/agent.json` that a deploy writes on the disk (mode 0600). */
export const AgentConfig = z.object({ url: z.string(), machineId: z.string(), generation: z.number().int(), secret: z.string() })
export type AgentConfig = z.infer<typeof AgentConfig>
