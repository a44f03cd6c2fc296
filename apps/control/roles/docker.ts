import type { Task } from '#contract/agent-api'

/** Where the agent keeps what identifies its machine. */
export const agentFiles = { ca: '/etc/system-cloud/ca.pem', certificate: '/etc/system-cloud/agent.crt', key: '/etc/system-cloud/agent.key' } as const

/** The port of the image registry on the primary Manager. */
export const registryPort = 5000

/** The name that the primary Manager's registry has on every machine, whatever its address is and whichever Manager it is. */
export const registryHost = 'registry.system-cloud.internal'

/** `host:port` of the image registry as image references and certs.d name it. */
export const registryName = `${registryHost}:${registryPort}`

/** /etc/hosts of a machine: pulls must not need a name server. `registryAddress` null: there is no registry yet. */
export const hostsOf = (name: string, registryAddress: string | null): string =>
  `127.0.0.1 localhost\n127.0.1.1 ${name}\n::1 localhost ip6-localhost ip6-loopback\n${registryAddress === null ? '' : `${registryAddress} ${registryHost}\n`}`

/**
 * Docker Engine, told where the registry is (`registryAddress` null: none yet), to trust it and to show it the machine's own certificate.
 * Docker reads certs.d at every pull, so these files need no restart.
 */
export function dockerTasks(machineName: string, registryAddress: string | null): Task[] {
  const daemon = { 'log-driver': 'json-file', 'log-opts': { 'max-size': '10m', 'max-file': '3' } }
  const tasks: Task[] = [file('hosts', '/etc/hosts', hostsOf(machineName, registryAddress)), file('docker-config', '/etc/docker/daemon.json', `${JSON.stringify(daemon, null, 2)}\n`)]
  if (registryAddress !== null) {
    const folder = `/etc/docker/certs.d/${registryName}`
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
