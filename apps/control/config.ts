import path from 'node:path'
import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65535)
const text = z.string().default('')

const Environment = z.object({
  SYSTEM_CLOUD_DATA: z.string().default('/var/lib/system-cloud'),
  SYSTEM_CLOUD_STATE: text, SYSTEM_CLOUD_RUN: z.string().default('/run/system-cloud'), SYSTEM_CLOUD_ROOT: text,
  SYSTEM_CLOUD_INTERFACE: text, SYSTEM_CLOUD_ADDRESS: text, SYSTEM_CLOUD_CIDR: text, SYSTEM_CLOUD_MODE: z.enum(['full', 'proxy']).default('full'),
  SYSTEM_CLOUD_HTTP_PORT: port.default(80), SYSTEM_CLOUD_TLS_PORT: port.default(443), SYSTEM_CLOUD_OPERATOR_PORT: port.default(8443),
  SYSTEM_CLOUD_PLAIN_HTTP: text, SYSTEM_CLOUD_PUBLIC_PORT: port.default(8443), SYSTEM_CLOUD_BALANCER_PORT: port.default(0),
  SYSTEM_CLOUD_OPERATOR_SOCKET: text, SYSTEM_CLOUD_BUILDER_SOCKET: text, SYSTEM_CLOUD_LB_SOCKET: text, SYSTEM_CLOUD_HOSTS_DIR: text, SYSTEM_CLOUD_NETWORKS_FILE: text,
  SYSTEM_CLOUD_CONSOLE_URL: z.string().default('http://127.0.0.1:3000'), SYSTEM_CLOUD_LAB_DIR: text, SYSTEM_CLOUD_KERNEL_ARGUMENTS: text, SYSTEM_CLOUD_LOG: z.string().default('info'),
})

/** Everything that control is told from outside. Ports may be 0 (any free one); an empty `interface` means: no netboot, as in tests. */
export interface Config {
  readonly dataDir: string
  readonly stateDir: string
  /** Where prisma/migrations and dist/agent.mjs are. */
  readonly rootDir: string
  readonly interface: string
  readonly address: string
  readonly cidr: string
  readonly mode: 'full' | 'proxy'
  readonly ports: { readonly http: number; readonly tls: number; readonly operator: number; readonly public: number; /** The host's loopback port that leads to the cloud's load balancer; 0: there is none. */ readonly balancer: number }
  readonly plainHttp: boolean
  readonly sockets: { readonly operator: string; readonly builder: string; readonly balancer: string }
  /** The folder that the network's name server watches for names. */
  readonly hostsDir: string
  /** Where whoever started control reads on which networks names and time are to be served. */
  readonly networksFile: string
  readonly consoleUrl: string
  /** Folder of the lab machines' QMP sockets; empty outside a lab. */
  readonly labDir: string
  /** More words for the kernel command line of the ramdisk and of installed systems, e.g. for a machine with a quirk. */
  readonly kernelArguments: readonly string[]
  readonly logLevel: string
}

/** Reads the environment: the only place that does. Throws a sentence for a value that makes no sense. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>, moduleDir: string): Config {
  const parsed = Environment.safeParse(environment)
  if (!parsed.success) throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  const e = parsed.data
  const inRun = (given: string, name: string): string => (given === '' ? path.join(e.SYSTEM_CLOUD_RUN, name) : given)
  return Object.freeze({
    dataDir: e.SYSTEM_CLOUD_DATA,
    stateDir: e.SYSTEM_CLOUD_STATE === '' ? path.join(e.SYSTEM_CLOUD_DATA, 'state') : e.SYSTEM_CLOUD_STATE,
    rootDir: e.SYSTEM_CLOUD_ROOT === '' ? path.join(moduleDir, '..') : e.SYSTEM_CLOUD_ROOT,
    interface: e.SYSTEM_CLOUD_INTERFACE, address: e.SYSTEM_CLOUD_ADDRESS === '' ? '127.0.0.1' : e.SYSTEM_CLOUD_ADDRESS,
    cidr: e.SYSTEM_CLOUD_CIDR === '' ? '127.0.0.0/24' : e.SYSTEM_CLOUD_CIDR, mode: e.SYSTEM_CLOUD_MODE,
    ports: { http: e.SYSTEM_CLOUD_HTTP_PORT, tls: e.SYSTEM_CLOUD_TLS_PORT, operator: e.SYSTEM_CLOUD_OPERATOR_PORT, public: e.SYSTEM_CLOUD_PUBLIC_PORT, balancer: e.SYSTEM_CLOUD_BALANCER_PORT },
    plainHttp: e.SYSTEM_CLOUD_PLAIN_HTTP === '1',
    sockets: { operator: inRun(e.SYSTEM_CLOUD_OPERATOR_SOCKET, 'operator.sock'), builder: inRun(e.SYSTEM_CLOUD_BUILDER_SOCKET, 'builder.sock'), balancer: inRun(e.SYSTEM_CLOUD_LB_SOCKET, 'lb.sock') },
    hostsDir: inRun(e.SYSTEM_CLOUD_HOSTS_DIR, 'hosts.d'), networksFile: inRun(e.SYSTEM_CLOUD_NETWORKS_FILE, 'networks.json'), consoleUrl: e.SYSTEM_CLOUD_CONSOLE_URL, labDir: e.SYSTEM_CLOUD_LAB_DIR, kernelArguments: e.SYSTEM_CLOUD_KERNEL_ARGUMENTS.split(' ').filter((word) => /^[\w.,:=-]+$/.test(word)), logLevel: e.SYSTEM_CLOUD_LOG,
  })
}
