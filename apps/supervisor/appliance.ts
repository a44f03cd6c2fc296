import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { canRead, controlCapabilities, findAccounts, makeOwnFolder, runAs } from './accounts.ts'
import { serveBuilder } from './builder-server.ts'
import { keepRunning, type KeptProcess, type ProcessPlan } from './child.ts'
import { controlEngine } from './engine.ts'
import type { Standing } from './interface.ts'
import { labKernelArguments } from './lab/guest.ts'
import { findKernel } from './lab/kvm.ts'
import { inside, labNames } from './lab/network.ts'
import { serveNamesAndTime } from './names-and-time.ts'
import type { UpOptions } from './options.ts'
import { progressPrinter } from './progress-printer.ts'
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
 * Starts everything of the appliance. Whatever ends is started again. Only the image builder stays root: control has a user of its own
 * with the capabilities it needs, and what talks to networks but needs nothing of control's has another.
 *
 * @param standing where it serves
 * @param namespace the network namespace it lives in, or undefined for the host's own
 */
export async function startAppliance(options: UpOptions, standing: Standing, namespace: string | undefined, say: (text: string) => void): Promise<Appliance> {
  const root = path.join(import.meta.dirname, '..')
  const operatorPort = namespace === undefined ? options.consolePort : labOperatorPort
  const logs = path.join(options.dataDir, 'log')
  const state = path.join(options.dataDir, 'state')
  const accounts = await findAccounts()
  const [own, doors, qmp, names] = ['control', 'doors', 'qmp', 'hosts.d'].map((name) => path.join(options.runDir, name)) as [string, string, string, string]
  for (const [name, mode] of [['log', 0o700], ['lab', 0o700], ['images', 0o755], ['cache', 0o755]] as const) mkdirSync(path.join(options.dataDir, name), { recursive: true, mode })
  // Control puts a backup or a restored state beside the present one; the sticky bit keeps it from what is root's.
  chownSync(options.dataDir, 0, accounts.control.gid)
  chmodSync(options.dataDir, 0o1771)
  for (const [folder, account, mode] of [[state, accounts.control, 0o700], [own, accounts.control, 0o700], [qmp, accounts.control, 0o700], [names, accounts.control, 0o755], [doors, accounts.doors, 0o700]] as const) makeOwnFolder(folder, account, mode)
  const sockets = { operator: path.join(own, 'operator.sock'), builder: path.join(options.runDir, 'builder.sock'), balancer: path.join(own, 'lb.sock'), console: path.join(doors, 'console.sock') }
  const networksFile = path.join(own, 'networks.json')
  const server = path.join(root, 'apps/console/.next/standalone/apps/console/server.js')
  const isOpen = await canRead(accounts.doors, [process.execPath, path.join(root, 'dist/control.mjs'), path.join(root, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node'), server]) && await canRead(accounts.control, [state])
  if (!isOpen) say(`only root may enter the folders of ${root} or ${options.dataDir}, so the appliance's own users may read every file here; installed in /opt, with its data in /var/lib, they may not`)
  const reading = isOpen ? [] : ['dac_read_search']
  const asControl = runAs(accounts.control, [...controlCapabilities, ...reading])
  const asDoor = runAs(accounts.doors, reading)
  const asLowDoor = runAs(accounts.doors, ['net_bind_service', ...reading])
  const [enter, enterArgs] = namespace === undefined ? ['env', []] as [string, string[]] : inside(namespace)
  const kept: KeptProcess[] = []
  const told = new Map<string, string>()
  const tell = (name: string, how: string): void => {
    if (told.get(name) !== how) say(`${name} ended (${how}); starting it again. Its log: ${path.join(logs, `${name}.log`)}`)
    told.set(name, how)
  }
  const keep = (plan: Omit<ProcessPlan, 'logFile' | 'onExit' | 'command'> & { inNamespace: boolean }): KeptProcess => {
    const [command, ...args] = plan.inNamespace ? [enter, ...enterArgs, ...plan.args] : [...plan.args]
    const one = keepRunning({ ...plan, command: command as string, args, logFile: path.join(logs, `${plan.name}.log`), onExit: (how) => tell(plan.name, how) })
    kept.push(one)
    return one
  }

  const builder = serveBuilder({ socket: sockets.builder, caller: accounts.control, program: path.join(root, 'dist/image-build.mjs'), dataDir: options.dataDir, onLine: progressPrinter(say) })
  keep({
    name: 'control', inNamespace: true, args: [...asControl, process.execPath, ...controlEngine, path.join(root, 'dist/control.mjs')],
    env: {
      NODE_ENV: 'production', SYSTEM_CLOUD_DATA: options.dataDir, SYSTEM_CLOUD_RUN: options.runDir, SYSTEM_CLOUD_STATE: state, SYSTEM_CLOUD_ROOT: root,
      SYSTEM_CLOUD_INTERFACE: standing.interface, SYSTEM_CLOUD_ADDRESS: standing.address, SYSTEM_CLOUD_CIDR: standing.cidr, SYSTEM_CLOUD_MODE: options.mode,
      SYSTEM_CLOUD_OPERATOR_PORT: String(operatorPort), SYSTEM_CLOUD_PLAIN_HTTP: options.plainHttp ? '1' : '', SYSTEM_CLOUD_PUBLIC_PORT: String(options.consolePort), SYSTEM_CLOUD_BALANCER_PORT: String(options.kind === 'lab' ? options.balancerPort : 0),
      SYSTEM_CLOUD_OPERATOR_SOCKET: sockets.operator, SYSTEM_CLOUD_BUILDER_SOCKET: sockets.builder, SYSTEM_CLOUD_LB_SOCKET: sockets.balancer, SYSTEM_CLOUD_HOSTS_DIR: names, SYSTEM_CLOUD_NETWORKS_FILE: networksFile,
      SYSTEM_CLOUD_CONSOLE_URL: `http://127.0.0.1:${consoleUpstreamPort}`, SYSTEM_CLOUD_LAB_DIR: options.kind === 'lab' ? qmp : '',
      // On real hardware a person may name words for a quirk of theirs.
      SYSTEM_CLOUD_KERNEL_ARGUMENTS: options.kind === 'lab' ? labKernelArguments : (process.env['SYSTEM_CLOUD_KERNEL_ARGUMENTS'] ?? ''),
    },
  })
  keep({ name: 'console', inNamespace: true, args: [...asDoor, process.execPath, '--max-semi-space-size=1', server], env: { NODE_ENV: 'production', HOSTNAME: '127.0.0.1', PORT: String(consoleUpstreamPort), NEXT_TELEMETRY_DISABLED: '1' } })
  const namesAndTime = serveNamesAndTime({
    standing, file: networksFile, as: asLowDoor, user: accounts.doors.name, hostsDir: names, asksOthers: namespace === undefined, runDir: options.runDir, ownDir: doors, say,
    keep: (plan) => keep({ ...plan, inNamespace: true }),
    drop: async (one) => {
      kept.splice(kept.indexOf(one), 1)
      await one.stop()
    },
  })
  if (namespace !== undefined) {
    keep({ name: 'console-door', inNamespace: true, args: [...asDoor, 'socat', `UNIX-LISTEN:${sockets.console},fork,mode=600,unlink-early`, `TCP:127.0.0.1:${operatorPort}`] })
    keep({ name: 'console-port', inNamespace: false, args: [...(options.consolePort < 1024 ? asLowDoor : asDoor), 'socat', `TCP-LISTEN:${options.consolePort},bind=127.0.0.1,fork,reuseaddr`, `UNIX-CONNECT:${sockets.console}`] })
    keep({ name: 'balancer-port', inNamespace: false, args: [...runAs(accounts.control, options.balancerPort < 1024 ? ['net_bind_service'] : []), 'socat', `TCP-LISTEN:${options.balancerPort},bind=127.0.0.1,fork,reuseaddr`, `UNIX-CONNECT:${sockets.balancer}`] })
  }
  writeFileSync(path.join(options.runDir, 'appliance.json'), JSON.stringify({ socket: sockets.operator, url: `${options.plainHttp ? 'http' : 'https'}://127.0.0.1:${options.consolePort}`, dataDir: options.dataDir, ...(options.kind === 'lab' ? { lab: labNames(options.name) } : {}) }))
  const recordNow = (): void => recordChildren(options.runDir, kept.flatMap((one) => {
    const pid = one.pid()
    return pid === undefined ? [] : [{ name: one.name, pid }]
  }))
  recordNow()
  const record = setInterval(recordNow, 1000)
  return {
    operatorSocket: sockets.operator,
    kernel: () => findKernel(path.join(options.dataDir, 'images')),
    async stop() {
      clearInterval(record)
      namesAndTime.close()
      builder.close()
      await Promise.all(kept.map((one) => one.stop()))
    },
  }
}
