import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { serveBuilder } from './builder-server.ts'
import { dnsArguments } from './dns.ts'
import { keepRunning, type KeptProcess, type ProcessPlan } from './child.ts'
import type { Standing } from './interface.ts'
import { labKernelArguments } from './lab/guest.ts'
import { findKernel } from './lab/kvm.ts'
import { inside, labNames } from './lab/network.ts'
import type { UpOptions } from './options.ts'
import { recordChildren } from './run-dir.ts'

/** A running appliance: the control and console processes, the image builder, DNS and time, and the forwards to the host's loopback. */
export interface Appliance {
  readonly operatorSocket: string
  /** The ramdisk's kernel, where it is built. */
  kernel(): string | undefined
  stop(): Promise<void>
}

const consoleUpstreamPort = 3000
/** Inside a lab's namespace; on a real card the console has the port that the person chose. */
const labOperatorPort = 8443

/**
 * Starts everything of the appliance. Whatever ends is started again.
 *
 * @param standing where it serves
 * @param namespace the network namespace it lives in, or undefined for the host's own
 */
export function startAppliance(options: UpOptions, standing: Standing, namespace: string | undefined, say: (text: string) => void): Appliance {
  const root = path.join(import.meta.dirname, '..')
  const operatorPort = namespace === undefined ? options.consolePort : labOperatorPort
  const logs = path.join(options.dataDir, 'log')
  const state = path.join(options.dataDir, 'state')
  for (const folder of [logs, state]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const sockets = { operator: path.join(options.runDir, 'operator.sock'), builder: path.join(options.runDir, 'builder.sock'), balancer: path.join(options.runDir, 'lb.sock'), console: path.join(options.runDir, 'console.sock') }
  const [enter, enterArgs] = namespace === undefined ? ['env', []] as [string, string[]] : inside(namespace)
  const kept: KeptProcess[] = []
  const told = new Map<string, string>()
  const tell = (name: string, how: string): void => {
    if (told.get(name) !== how) say(`${name} ended (${how}); starting it again. Its log: ${path.join(logs, `${name}.log`)}`)
    told.set(name, how)
  }
  const keep = (plan: Omit<ProcessPlan, 'logFile' | 'onExit' | 'command'> & { inNamespace: boolean }): void => {
    const [command, ...args] = plan.inNamespace ? [enter, ...enterArgs, ...plan.args] : [...plan.args]
    kept.push(keepRunning({ ...plan, command: command as string, args, logFile: path.join(logs, `${plan.name}.log`), onExit: (how) => tell(plan.name, how) }))
  }

  const builder = serveBuilder({ socket: sockets.builder, program: path.join(root, 'dist/image-build.mjs'), dataDir: options.dataDir, onLine: progressPrinter(say) })
  keep({
    name: 'control', inNamespace: true, args: [process.execPath, path.join(root, 'dist/control.mjs')],
    env: {
      NODE_ENV: 'production', SYSTEM_CLOUD_DATA: options.dataDir, SYSTEM_CLOUD_RUN: options.runDir, SYSTEM_CLOUD_STATE: state, SYSTEM_CLOUD_ROOT: root,
      SYSTEM_CLOUD_INTERFACE: standing.interface, SYSTEM_CLOUD_ADDRESS: standing.address, SYSTEM_CLOUD_CIDR: standing.cidr, SYSTEM_CLOUD_MODE: options.mode,
      SYSTEM_CLOUD_OPERATOR_PORT: String(operatorPort), SYSTEM_CLOUD_PLAIN_HTTP: options.plainHttp ? '1' : '', SYSTEM_CLOUD_PUBLIC_PORT: String(options.consolePort), SYSTEM_CLOUD_BALANCER_PORT: String(options.kind === 'lab' ? options.balancerPort : 0),
      SYSTEM_CLOUD_OPERATOR_SOCKET: sockets.operator, SYSTEM_CLOUD_BUILDER_SOCKET: sockets.builder, SYSTEM_CLOUD_LB_SOCKET: sockets.balancer, SYSTEM_CLOUD_HOSTS_DIR: path.join(options.runDir, 'hosts.d'),
      SYSTEM_CLOUD_CONSOLE_URL: `http://127.0.0.1:${consoleUpstreamPort}`, SYSTEM_CLOUD_LAB_DIR: options.kind === 'lab' ? path.join(options.runDir, 'qmp') : '',
      // On real hardware a person may name words for a quirk of theirs.
      SYSTEM_CLOUD_KERNEL_ARGUMENTS: options.kind === 'lab' ? labKernelArguments : (process.env['SYSTEM_CLOUD_KERNEL_ARGUMENTS'] ?? ''),
    },
  })
  keep({ name: 'console', inNamespace: true, args: [process.execPath, '--max-semi-space-size=1', path.join(root, 'apps/console/.next/standalone/apps/console/server.js')], env: { NODE_ENV: 'production', HOSTNAME: '127.0.0.1', PORT: String(consoleUpstreamPort), NEXT_TELEMETRY_DISABLED: '1' } })
  const names = path.join(options.runDir, 'hosts.d')
  mkdirSync(names, { recursive: true, mode: 0o755 })
  keep({ name: 'dns', inNamespace: true, args: ['dnsmasq', ...dnsArguments({ address: standing.address, port: 53, hostsDir: names, asksOthers: namespace === undefined })] })
  keep({ name: 'time', inNamespace: true, args: ['chronyd', '-d', '-x', '-u', 'root', '-f', timeConfig(options.runDir, standing)] })
  if (namespace !== undefined) {
    keep({ name: 'console-door', inNamespace: true, args: ['socat', `UNIX-LISTEN:${sockets.console},fork,mode=600,unlink-early`, `TCP:127.0.0.1:${operatorPort}`] })
    keep({ name: 'console-port', inNamespace: false, args: ['socat', `TCP-LISTEN:${options.consolePort},bind=127.0.0.1,fork,reuseaddr`, `UNIX-CONNECT:${sockets.console}`] })
    keep({ name: 'balancer-port', inNamespace: false, args: ['socat', `TCP-LISTEN:${options.balancerPort},bind=127.0.0.1,fork,reuseaddr`, `UNIX-CONNECT:${sockets.balancer}`] })
  }
  writeFileSync(path.join(options.runDir, 'appliance.json'), JSON.stringify({ socket: sockets.operator, url: `${options.plainHttp ? 'http' : 'https'}://127.0.0.1:${options.consolePort}`, dataDir: options.dataDir, ...(options.kind === 'lab' ? { lab: labNames(options.name) } : {}) }))
  const record = setInterval(() => recordChildren(options.runDir, kept.flatMap((one) => {
    const pid = one.pid()
    return pid === undefined ? [] : [{ name: one.name, pid }]
  })), 1000)
  return {
    operatorSocket: sockets.operator,
    kernel: () => findKernel(path.join(options.dataDir, 'images')),
    async stop() {
      clearInterval(record)
      builder.close()
      await Promise.all(kept.map((one) => one.stop()))
    },
  }
}

/** A time server for the machines that gives the appliance's own clock and never sets it. */
function timeConfig(runDir: string, standing: Standing): string {
  const file = path.join(runDir, 'chrony.conf')
  writeFileSync(file, ['local stratum 10', `bindaddress ${standing.address}`, `allow ${standing.cidr}`, 'cmdport 0', 'bindcmdaddress /', `pidfile ${path.join(runDir, 'chrony.pid')}`, ''].join('\n'))
  return file
}

/** Prints a build's progress at most once for each new step or ten percent: a terminal is not a log of every block. */
function progressPrinter(say: (text: string) => void): (text: string) => void {
  let last = ''
  return (text) => {
    const coarse = text.replace(/(\d+) %$/, (_, percent: string) => `${Math.floor(Number(percent) / 10) * 10} %`)
    if (coarse === last) return
    last = coarse
    say(`building ${coarse}`)
  }
}
