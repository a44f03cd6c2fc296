import type { Task } from '#contract/agent-api'

/** Where the agent keeps what identifies its machine. */
export const agentFiles = { ca: '/etc/system-cloud/ca.pem', certificate: '/etc/system-cloud/agent.crt', key: '/etc/system-cloud/agent.key' } as const

/** The port of the image registry on the primary Manager. */
export const registryPort = 5000

/** `host:port` of the image registry as image references and certs.d name it. */
export const registryName = (address: string): string => `${address}:${registryPort}`

/**
 * Docker Engine, told to trust the registry at `registryAddress` (null: none yet) and to show it the machine's own certificate.
 * Docker reads certs.d at every pull, so these files need no restart.
 */
export function dockerTasks(registryAddress: string | null): Task[] {
  const daemon = { 'log-driver': 'json-file', 'log-opts': { 'max-size': '10m', 'max-file': '3' } }
  const tasks: Task[] = [file('docker-config', '/etc/docker/daemon.json', `${JSON.stringify(daemon, null, 2)}\n`)]
  if (registryAddress !== null) {
    const folder = `/etc/docker/certs.d/${registryName(registryAddress)}`
    tasks.push(
      copy('docker-registry-ca', agentFiles.ca, `${folder}/ca.crt`, '0644', 'root'),
      copy('docker-client-cert', agentFiles.certificate, `${folder}/client.cert`, '0644', 'root'),
      copy('docker-client-key', agentFiles.key, `${folder}/client.key`, '0600', 'root'),
    )
  }
  tasks.push({ kind: 'unit', id: 'docker', name: 'docker.service', state: 'running', restartOn: ['docker-config'], reloadOn: [] })
  return tasks
}

/** A file task; root owns it unless `more` says otherwise. */
export const file = (id: string, path: string, content: string, more: { mode?: string; owner?: string; group?: string } = {}): Task =>
  ({ kind: 'file', id, path, content, mode: more.mode ?? '0644', owner: more.owner ?? 'root', group: more.group ?? more.owner ?? 'root' })

/** A copy task whose owner and group have one name. */
export const copy = (id: string, from: string, path: string, mode: string, owner: string): Task => ({ kind: 'copy', id, from, path, mode, owner, group: owner })
