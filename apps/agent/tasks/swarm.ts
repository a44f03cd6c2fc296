import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Executor, Host, Outcome } from '../host.ts'
import { isRecord, mustAsk } from '../docker-engine.ts'
import { whereAbsent } from './file.ts'

/** This machine in the Swarm as its own Docker tells. */
export interface SwarmSelf { readonly state: string; readonly nodeId: string; readonly manager: boolean; readonly error: string }

/** Reads Docker's own view. Rejects where Docker does not answer. */
export async function readSwarm(host: Pick<Host, 'engine'>): Promise<SwarmSelf> {
  const info = await mustAsk(host.engine, 'GET', '/info')
  const swarm = isRecord(info) && isRecord(info['Swarm']) ? info['Swarm'] : {}
  return { state: String(swarm['LocalNodeState'] ?? 'inactive'), nodeId: String(swarm['NodeID'] ?? ''), manager: swarm['ControlAvailable'] === true, error: String(swarm['Error'] ?? '') }
}

/**
 * Begins, joins or leaves a Swarm. A worker in another Swarm than the token's (the Manager was reinstalled) leaves it first: the part
 * of the token that names the Swarm's CA is kept beside the agent's state.
 */
export const applySwarm: Executor<'swarm'> = async (task, host) => {
  const self = await readSwarm(host)
  const isMember = self.state !== 'inactive'
  if (task.mode === 'leave') {
    if (!isMember) return { changed: false, detail: '' }
    await mustAsk(host.engine, 'POST', '/swarm/leave?force=true')
    return { changed: true, detail: 'left the Swarm' }
  }
  if (task.mode === 'init') {
    if (self.state === 'active' && self.manager) return keepHeartbeat(host)
    if (isMember) await mustAsk(host.engine, 'POST', '/swarm/leave?force=true')
    await mustAsk(host.engine, 'POST', '/swarm/init', { ListenAddr: '0.0.0.0:2377', AdvertiseAddr: task.advertise })
    await keepHeartbeat(host)
    return { changed: true, detail: 'began a Swarm' }
  }
  const swarm = task.token.split('-')[2] ?? ''
  const file = path.join(host.stateDir, 'swarm')
  const joined = await readFile(file, 'utf8').catch(whereAbsent)
  if (self.state === 'active' && joined === swarm) return { changed: false, detail: '' }
  // Docker answers "timed out" after 20 s and goes on joining: on a slow machine, leaving now would begin again for ever.
  if (self.state === 'pending' && joined === swarm && self.error === '') throw new Error('Docker is still joining the Swarm')
  if (isMember) await mustAsk(host.engine, 'POST', '/swarm/leave?force=true')
  await mkdir(host.stateDir, { recursive: true })
  await writeFile(file, swarm)
  await mustAsk(host.engine, 'POST', '/swarm/join', { ListenAddr: '0.0.0.0:2377', AdvertiseAddr: task.advertise, RemoteAddrs: [task.remote], JoinToken: task.token })
  return { changed: true, detail: `joined the Swarm at ${task.remote}` }
}

/**
 * How often nodes say that they live; one that misses three is down. After a power cut all machines are busy at once, and with Docker's
 * five seconds a slow one was taken for dead again and again, and its instances with it. A machine that is dead gets no requests
 * meanwhile: the load balancer's own checks see to that within seconds.
 */
const heartbeatNanoseconds = 10_000_000_000

/** Sets the heartbeat where the Swarm has another. */
async function keepHeartbeat(host: Host): Promise<Outcome> {
  const swarm = await mustAsk(host.engine, 'GET', '/swarm')
  const spec = isRecord(swarm) && isRecord(swarm['Spec']) ? swarm['Spec'] : undefined
  const version = isRecord(swarm) && isRecord(swarm['Version']) ? Number(swarm['Version']['Index']) : Number.NaN
  const dispatcher = spec !== undefined && isRecord(spec['Dispatcher']) ? spec['Dispatcher'] : {}
  if (spec === undefined || Number.isNaN(version) || dispatcher['HeartbeatPeriod'] === heartbeatNanoseconds) return { changed: false, detail: '' }
  await mustAsk(host.engine, 'POST', `/swarm/update?version=${version}`, { ...spec, Dispatcher: { ...dispatcher, HeartbeatPeriod: heartbeatNanoseconds } })
  return { changed: true, detail: 'set the heartbeat of the Swarm' }
}
