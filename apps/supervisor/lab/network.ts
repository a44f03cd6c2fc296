import type { Standing } from '../interface.ts'
import { attempt, run } from '../run.ts'

/** Names of one lab's namespaces: `app` holds the appliance, `wire` the bridge, the taps and the virtual machines. */
export interface LabNames {
  readonly app: string
  readonly wire: string
}

/** The namespaces of the lab of this name; of the one without a name `sc-app` and `sc-lab`. */
export const labNames = (name: string): LabNames => ({ app: `sc-app${name && `-${name}`}`, wire: `sc-lab${name && `-${name}`}` })

/** Where the appliance stands in a lab. */
export const labStanding: Standing = { interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24' }

/** Runs a command inside a namespace: the words to put before it. */
export const inside = (namespace: string): [string, string[]] => ['ip', ['netns', 'exec', namespace]]

/**
 * Makes the two namespaces, the bridge between them and one tap for each machine (tap0, tap1, ...).
 *
 * No forward delay, or the firmware's first DISCOVERs are lost; LLDP passes the bridge; no checksum offload on the veth, or raw-socket
 * DHCP clients see bad UDP checksums.
 */
export async function makeLabNetwork(names: LabNames, machines: number): Promise<void> {
  const wire = (...args: string[]): Promise<string> => run('ip', 'netns', 'exec', names.wire, ...args)
  const app = (...args: string[]): Promise<string> => run('ip', 'netns', 'exec', names.app, ...args)
  await run('ip', 'netns', 'add', names.wire)
  await run('ip', 'netns', 'add', names.app)
  await wire('ip', 'link', 'set', 'lo', 'up')
  await app('ip', 'link', 'set', 'lo', 'up')
  await wire('ip', 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0', 'group_fwd_mask', '0x4000')
  await wire('ip', 'link', 'set', 'br0', 'up')
  await wire('ip', 'link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', names.app)
  // What the appliance had to cut into frames is joined again before it reaches the machines: each frame costs an emulated one dear.
  await wire('ethtool', '-K', 'uplink', 'gro', 'on')
  await wire('ip', 'link', 'set', 'uplink', 'master', 'br0', 'up')
  await app('ethtool', '-K', 'eth0', 'tx', 'off')
  await app('ip', 'address', 'add', `${labStanding.address}/24`, 'broadcast', '+', 'dev', 'eth0')
  await app('ip', 'link', 'set', 'eth0', 'up')
  for (let i = 0; i < machines; i += 1) {
    await wire('ip', 'tuntap', 'add', 'dev', `tap${i}`, 'mode', 'tap')
    await wire('ip', 'link', 'set', `tap${i}`, 'master', 'br0', 'up')
  }
}

/** Ends every process inside the lab's namespaces, by id, and deletes them. Does nothing where there are none. */
export async function clearLabNetwork(names: LabNames): Promise<boolean> {
  const present = ((await attempt('ip', 'netns', 'list')) ?? '').split('\n').map((line) => line.split(' ')[0])
  let found = false
  for (const name of [names.wire, names.app]) {
    if (!present.includes(name)) continue
    found = true
    const pids = ((await attempt('ip', 'netns', 'pids', name)) ?? '').split('\n').filter((pid) => pid !== '')
    if (pids.length > 0) await attempt('kill', '-KILL', ...pids)
    await attempt('ip', 'netns', 'delete', name)
  }
  return found
}
