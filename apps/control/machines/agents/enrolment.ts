import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import type { z } from 'zod'
import type { EnrolRequest, EnrolResponse } from '#contract/agent-api'
import type { Authority } from '../../ca/authority.ts'
import { hostsOf } from '#control/roles/docker'
import type { Role } from '#control/roles/role'
import { publicKeyHash } from '../../ca/public-key.ts'
import type { EnrolmentStore } from '../../store/enrolment-store.ts'
import type { AgentDesk } from './agents.ts'
import { certificateNames } from './certificate-names.ts'
import type { MachineRecord } from '../record.ts'
import type { Registry } from '../registry.ts'

/** What enrolment needs. `port` is that of the appliance's HTTPS for machines, `agentFile` the bundled agent. */
export interface EnrolmentDeps {
  readonly registry: Registry
  readonly agents: AgentDesk
  readonly store: EnrolmentStore
  readonly authority: Authority
  readonly port: number
  readonly agentFile: string
  role(id: string): Role | undefined
  sshKeys(): Promise<string[]>
  now(): number
}

const windowMs = 3 * 3600_000
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The files that a deploy lays over the image, as a tar; the agent asks the appliance at its address `at`. Arms a new one-time secret each time: only the last tar's is good. */
export async function renderFiles(deps: EnrolmentDeps, machine: MachineRecord, at: string): Promise<Buffer> {
  const secret = randomBytes(32).toString('base64url')
  await deps.store.arm(machine.id, machine.intent.generation, digest(secret), new Date(deps.now() + windowMs).toISOString())
  const keys = await deps.sshKeys()
  const tar = pack()
  const add = (name: string, mode: number, content: string | Buffer): void => void tar.entry({ name, mode, uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(deps.now()) }, content)
  add('etc/hostname', 0o644, `${machine.name}\n`)
  add('etc/hosts', 0o644, hostsOf(machine.name, null))
  add('etc/systemd/network/10-provisioning.network', 0o644, `# Written by System Cloud at deploy: the card that this machine boots from.\n[Match]\nMACAddress=${machine.mac}\n\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=ipv6\nLLDP=yes\n\n[DHCPv4]\nClientIdentifier=mac\nUseDomains=yes\nUseNTP=yes\n`)
  add('etc/system-cloud/ca.pem', 0o644, deps.authority.pem)
  add('etc/system-cloud/agent.json', 0o600, `${JSON.stringify({ url: `https://${at}:${deps.port}`, machineId: machine.id, generation: machine.intent.generation, secret })}\n`)
  if (keys.length > 0) add('root/.ssh/authorized_keys', 0o600, keys.map((key) => `${key}\n`).join(''))
  add('usr/lib/system-cloud/agent.mjs', 0o644, await readFile(deps.agentFile))
  tar.finalize()
  return buffer(tar)
}

/**
 * Gives an agent its certificate for the one-time secret of its machine and generation. A replay is refused; only the very key that used
 * the secret may ask again, because its answer may have been lost.
 */
export async function enrol(deps: EnrolmentDeps, request: z.infer<typeof EnrolRequest>): Promise<{ kind: 'enrolled'; response: z.infer<typeof EnrolResponse> } | { kind: 'refused'; why: string }> {
  const refused = (why: string) => ({ kind: 'refused' as const, why })
  const machine = deps.registry.get(request.machineId)
  if (machine === undefined) return refused('No such machine.')
  const [secretHash, keyHash] = [digest(request.secret), publicKeyHash(request.csr)]
  if (keyHash === undefined) return refused('The certificate request cannot be read.')
  if (request.generation !== machine.intent.generation) return refused('This secret belongs to an older wish for this machine.')
  const before = deps.agents.enrolled(machine.id)
  const again = before?.generation === request.generation && before.secretHash === secretHash && before.keyHash === keyHash
  const signed = await deps.authority.signAgent(request.csr, certificateNames(machine, deps.role(machine.intent.role ?? '')))
  if (!signed.ok) return refused('The certificate request cannot be read, or is not signed by its own key.')
  const at = new Date(deps.now()).toISOString()
  if (!again && !(await deps.store.redeem(machine.id, request.generation, secretHash, at))) {
    await deps.registry.change(machine.id, (m) => m, { machineId: machine.id, kind: 'enrolment.refused', level: 'warn', text: 'An enrolment was refused: its secret was used, is too old or wrong', data: {} })
    return refused('This secret was used already, is too old, or is wrong.')
  }
  await deps.store.issued(signed.value.serial, machine.id, at)
  await deps.agents.setEnrolled(machine.id, { generation: request.generation, secretHash, keyHash })
  await deps.registry.change(machine.id, (m) => ({ ...m, lastSeenAt: at }), { machineId: machine.id, kind: 'agent.enrolled', level: 'info', text: 'The agent enrolled', data: { generation: request.generation } })
  return { kind: 'enrolled', response: { certificate: signed.value.cert, ca: deps.authority.pem } }
}

/** Gives a machine another certificate for the key that it enrolled with: its names changed, or the end is near. The old one stays good until its end, since the answer may be lost. */
export async function renew(deps: EnrolmentDeps, machineId: string, csr: string): Promise<{ kind: 'enrolled'; response: z.infer<typeof EnrolResponse> } | { kind: 'refused'; why: string }> {
  const machine = deps.registry.get(machineId)
  const key = publicKeyHash(csr)
  if (machine === undefined || key === undefined || deps.agents.enrolled(machineId)?.keyHash !== key) return { kind: 'refused', why: 'A certificate is renewed for the key that the machine enrolled with.' }
  const signed = await deps.authority.signAgent(csr, certificateNames(machine, deps.role(machine.intent.role ?? '')))
  if (!signed.ok) return { kind: 'refused', why: 'The certificate request cannot be read, or is not signed by its own key.' }
  await deps.store.issued(signed.value.serial, machineId, new Date(deps.now()).toISOString())
  await deps.registry.change(machineId, (m) => m, { machineId, kind: 'certificate.renewed', level: 'info', text: 'Its certificate was renewed', data: {} })
  return { kind: 'enrolled', response: { certificate: signed.value.cert, ca: deps.authority.pem } }
}
