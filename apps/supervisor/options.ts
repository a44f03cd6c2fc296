import { parseArgs } from 'node:util'

/** What `scripts/up` was asked to do: a lab of virtual machines, or an appliance on a real network card. */
export interface UpOptions {
  readonly kind: 'lab' | 'interface'
  readonly machines: number
  readonly interface: string
  readonly subnet: string
  readonly mode: 'full' | 'proxy'
  readonly fresh: boolean
  /** Part of every namespace's name, so that several labs live side by side; empty for the person's own. */
  readonly name: string
  readonly consolePort: number
  readonly balancerPort: number
  readonly plainHttp: boolean
  readonly dataDir: string
  readonly runDir: string
}

/** What `scripts/up --help` says. */
export const usage = `usage: scripts/up --lab [N] [--fresh]
       scripts/up --interface IF [--subnet CIDR] [--mode full|proxy]

  --lab [N]          everything on this machine, with N virtual machines (default 3; 0: none, for simulated ones)
  --fresh            discard the lab's state and disks first
  --interface IF     serve a real network card
  --subnet CIDR      the provisioning network, e.g. 10.77.0.0/24 (default: the card's own)
  --mode MODE        full: give addresses; proxy: beside an existing DHCP server
  --console-port P   console on 127.0.0.1:P (default 8443); with --interface on the card's address too
  --balancer-port P  the cloud's load balancer on 127.0.0.1:P (default 8080, lab only)
  --http PORT        console over plain HTTP, on 127.0.0.1:PORT alone
  --name NAME        a second lab beside the first: a name of its own for namespaces`

/** Reads the command line. Returns a sentence that says what is wrong where it is. */
export function parseUp(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): UpOptions | string {
  let values
  try {
    // `--lab 3` takes an optional number, which parseArgs does not know: a bare `--lab` gets the default first.
    const normal = argv.flatMap((word, i) => (word === '--lab' && !/^\d+$/.test(argv[i + 1] ?? '') ? ['--lab', '3'] : [word]))
    values = parseArgs({
      args: normal,
      options: {
        lab: { type: 'string' }, interface: { type: 'string' }, subnet: { type: 'string' }, mode: { type: 'string' }, fresh: { type: 'boolean' },
        name: { type: 'string' }, 'console-port': { type: 'string' }, 'balancer-port': { type: 'string' }, http: { type: 'string' }, help: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  if (values.help) return ''
  const machines = Number(values.lab ?? 0)
  if ((values.lab === undefined) === (values.interface === undefined)) return 'say either --lab or --interface IF'
  if (values.lab !== undefined && machines > 16) return '--lab takes 0 to 16 machines'
  const mode = values.mode ?? 'full'
  if (mode !== 'full' && mode !== 'proxy') return '--mode is full or proxy'
  const name = values.name ?? ''
  if (!/^[a-z0-9]{0,6}$/.test(name)) return '--name is up to six lower-case letters and digits'
  const consolePort = Number(values.http ?? values['console-port'] ?? 8443)
  const balancerPort = Number(values['balancer-port'] ?? 8080)
  for (const port of [consolePort, balancerPort]) if (!Number.isInteger(port) || port < 1 || port > 65535) return 'a port is a number from 1 to 65535'
  const suffix = name === '' ? '' : `-${name}`
  const dataDir = env['SYSTEM_CLOUD_DATA'] ?? `/var/lib/system-cloud${suffix}`
  if (values.lab === undefined) {
    if (values.fresh) return `--fresh discards a lab's state and disks; with --interface leave it out, and to begin anew remove ${dataDir}/state yourself while the appliance is stopped`
    if (values['balancer-port'] !== undefined) return '--balancer-port is for a lab: leave it out, and ask the Manager itself'
  } else if (values.subnet !== undefined) return 'a lab has a network of its own: leave --subnet out, or serve a card with --interface IF --subnet CIDR'
  return {
    kind: values.lab === undefined ? 'interface' : 'lab',
    machines, interface: values.interface ?? '', subnet: values.subnet ?? '', mode, fresh: values.fresh ?? false, name, consolePort, balancerPort, plainHttp: values.http !== undefined,
    dataDir,
    runDir: env['SYSTEM_CLOUD_RUN'] ?? `/run/system-cloud${suffix}`,
  }
}

/** Every URL of the console: on loopback, and with HTTPS on a real card at the appliance's address there too. */
export function consoleUrls({ kind, plainHttp, consolePort }: UpOptions, address: string): string[] {
  const hosts = ['127.0.0.1', ...(kind === 'interface' && !plainHttp ? [address] : [])]
  return hosts.map((host) => `${plainHttp ? 'http' : 'https'}://${host}:${consolePort}`)
}
