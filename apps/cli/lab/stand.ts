import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Where simulated machines are: a namespace of their own, behind a relay that stands on the lab's wire. */
export interface SimulatedPlace {
  /** Names of the lab's namespaces. */
  readonly lab: { readonly app: string; readonly wire: string }
  /** The relay's address on the wire with its prefix length, e.g. `10.77.0.254/24`. */
  readonly relayCidr: string
  /** The simulated machines' network: every address of it is theirs. */
  readonly cidr: string
}

/** The interface of the simulated machines inside their namespace. */
export const simulatedDevice = 'eth0'

/** The name of the namespace for the lab whose wire is called `wire`. */
export const simulatedSpace = (wire: string): string => wire.replace(/^sc-lab/, 'sc-sim')

const ip = (...argv: string[]): Promise<unknown> => execute('ip', argv)

/** Makes the namespace, the relay's place on the wire and the appliance's way back. Throws where a storm goes on there already. */
export async function makePlace({ lab, relayCidr, cidr }: SimulatedPlace): Promise<void> {
  const space = simulatedSpace(lab.wire)
  const { stdout: spaces } = await execute('ip', ['netns', 'list'])
  if (spaces.split('\n').some((line) => line.split(' ')[0] === space)) {
    const { stdout: pids } = await execute('ip', ['netns', 'pids', space])
    if (pids.trim() !== '') throw new Error('a storm goes on in this lab already: wait for its end, or end it with Ctrl-C')
    await ip('netns', 'delete', space)
  }
  await ip('netns', 'add', space)
  await ip('-n', lab.wire, 'link', 'add', 'storm', 'type', 'veth', 'peer', 'name', simulatedDevice, 'netns', space)
  await ip('-n', lab.wire, 'link', 'set', 'storm', 'master', 'br0', 'up')
  await ip('-n', space, 'link', 'set', 'lo', 'up')
  await ip('-n', space, 'address', 'add', relayCidr, 'dev', simulatedDevice)
  await ip('-n', space, 'link', 'set', simulatedDevice, 'up')
  // Without it a veth leaves checksums undone, which the appliance's own packet sockets would see.
  await execute('ip', ['netns', 'exec', space, 'ethtool', '-K', simulatedDevice, 'tx', 'off'])
  await ip('-n', space, 'route', 'add', 'local', cidr, 'dev', 'lo')
  await ip('-n', lab.app, 'route', 'replace', cidr, 'via', relayCidr.split('/')[0] ?? '')
}

/** Removes what `makePlace` made; what is gone already, for the lab has ended meanwhile, is left out. */
export async function clearPlace({ lab, cidr }: SimulatedPlace): Promise<void> {
  for (const argv of [['-n', lab.app, 'route', 'delete', cidr], ['netns', 'delete', simulatedSpace(lab.wire)]]) await ip(...argv).catch(() => undefined)
}
