import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AgentConfig } from '#contract/agent-api'
import { EnrolResponse } from '#contract/agent-api'
import { must, type Run } from './command.ts'
import { ask, type Appliance, type Tls } from './appliance.ts'
import { whereAbsent } from './tasks/file.ts'

/** Who this agent is: what to call, as which machine, with which certificate. */
export interface Identity { readonly config: AgentConfig; readonly tls: Tls }

/** Files of the agent's folder (`/etc/system-cloud`). */
const identityFiles = (folder: string) => ({
  config: path.join(folder, 'agent.json'), ca: path.join(folder, 'ca.pem'), key: path.join(folder, 'agent.key'), certificate: path.join(folder, 'agent.crt'),
})

/** The identity on disk; `tls` is null before enrolment. Rejects where the deploy's files are absent or broken. */
export async function readIdentity(folder: string): Promise<{ config: AgentConfig; ca: string; tls: Tls | null }> {
  const files = identityFiles(folder)
  const config = AgentConfig.parse(JSON.parse(await readFile(files.config, 'utf8')))
  const ca = await readFile(files.ca, 'utf8')
  const [cert, key] = await Promise.all([readFile(files.certificate, 'utf8').catch(whereAbsent), readFile(files.key, 'utf8').catch(whereAbsent)])
  return { config, ca, tls: cert === undefined || key === undefined ? null : { ca, cert, key } }
}

/**
 * Gets this machine its certificate with the one-time secret, then deletes the secret. The key is made here and never leaves; a key
 * from an earlier try is used again, so that an answer lost on the way costs nothing.
 */
export async function enrol(folder: string, config: AgentConfig, ca: string, run: Run, signal: AbortSignal): Promise<Tls> {
  const files = identityFiles(folder)
  const key = (await readFile(files.key, 'utf8').catch(whereAbsent)) ?? (await makeKey(files.key))
  const csr = await must(run, 'openssl', ['req', '-new', '-key', files.key, '-subj', `/CN=${config.machineId}`])
  const answer = await ask({ url: config.url, ca }, { method: 'POST', path: '/agent/enrol', body: JSON.stringify({ machineId: config.machineId, generation: config.generation, secret: config.secret, csr }), signal })
  if (answer.status !== 200) throw new Error(`the appliance refused to enrol this machine (${answer.status}): ${answer.body.slice(0, 500)}`)
  const { certificate } = EnrolResponse.parse(JSON.parse(answer.body))
  await writeDurably(files.certificate, certificate, 0o644)
  await writeDurably(files.config, `${JSON.stringify({ ...config, secret: '' }, null, 2)}\n`, 0o600)
  return { ca, cert: certificate, key }
}

const day = 24 * 3600 * 1000

/** Whether a certificate (PEM) is within 90 days of its end, or lacks one of `names`: host names or dotted addresses. */
export function needsRenewal(cert: string, names: readonly string[], nowMs: number): boolean {
  const certificate = new X509Certificate(cert)
  if (Date.parse(certificate.validTo) - nowMs < 90 * day) return true
  return names.some((name) => (/^[\d.]+$/.test(name) ? certificate.checkIP(name) : certificate.checkHost(name, { subject: 'never' })) === undefined)
}

/** Gets a new certificate for the machine's own key, by the present one. */
export async function renew(folder: string, appliance: Appliance, machineId: string, run: Run, signal: AbortSignal): Promise<{ cert: string }> {
  const files = identityFiles(folder)
  const csr = await must(run, 'openssl', ['req', '-new', '-key', files.key, '-subj', `/CN=${machineId}`])
  const answer = await ask(appliance, { method: 'POST', path: '/agent/renew', body: JSON.stringify({ csr }), signal })
  if (answer.status !== 200) throw new Error(`the appliance refused (${answer.status}): ${answer.body.slice(0, 300)}`)
  const { certificate } = EnrolResponse.parse(JSON.parse(answer.body))
  await writeDurably(files.certificate, certificate, 0o644)
  return { cert: certificate }
}

async function makeKey(file: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await writeDurably(file, pem, 0o600)
  return pem
}

/** Writes a small file by rename, on disk before it returns. */
export async function writeDurably(file: string, content: string, mode: number): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const temporary = `${file}.new`
  await writeFile(temporary, content, { mode })
  await chmod(temporary, mode)
  const handle = await open(temporary, 'r')
  await handle.sync()
  await handle.close()
  await rename(temporary, file)
}
