import type { Task } from '#contract/agent-api'
import { instancePort } from '#control/cloud/app-env'
import { cloudFacts, type CloudFacts } from '#control/cloud/facts'
import { agentFiles, copy, dockerTasks, file, registryHost, registryName, registryPort } from './docker.ts'
import { haproxyHealthPort, haproxyPaths, renderErrorPage, renderHaproxy, renderHosts, type Route } from './haproxy.ts'
import { probeHttp, probePostgres } from './probe.ts'
import { defineRole, type CloudMachine } from './role.ts'
import { health, swarmHealth } from './verify.ts'

/**
 * A Manager: Swarm manager, HAProxy, and on the first of them ("primary") the image registry and the database.
 *
 * The registry is served with the machine's agent certificate, which names it (`registryHost`): it outlives a change of address.
 * The certificate must allow serverAuth; its clients are those with a certificate of the same CA.
 */
export const manager = defineRole({
  id: 'manager',
  title: 'Manager',
  summary: 'Runs the cloud: places apps on AppServers, balances their load, holds images and the database.',
  imageId: 'debian-13',
  names: [registryHost],
  services: ['Docker Swarm manager', 'Image registry', 'HAProxy load balancer', 'PostgreSQL 17'],

  tasks(context) {
    const { machine } = context
    const cloud = cloudFacts(context)
    if (machine.address === null) return []
    const { primary } = cloud
    const isPrimary = primary?.id === machine.id
    return [
      ...dockerTasks(machine.name, primary?.address ?? null),
      ...(isPrimary ? registryTasks() : []),
      ...(isPrimary ? databaseTasks(cloud) : []),
      ...swarmTasks(machine.address, isPrimary, primary, cloud.tokens.manager),
      ...(isPrimary ? appTasks(cloud) : []),
      ...balancerTasks(cloud, machine.address),
    ]
  },

  async verify(context, signal) {
    const { machine, nowMs } = context
    const cloud = cloudFacts(context)
    const { address } = machine
    if (address === null) return [health(nowMs, 'Docker Swarm manager', 'the machine has no address yet')]
    const swarm = health(nowMs, 'Docker Swarm manager', swarmHealth(machine, cloud, 'manager', nowMs))
    const balancer = health(nowMs, 'HAProxy load balancer', await probeHttp(`http://${address}:${haproxyHealthPort}/healthz`, signal))
    if (cloud.primary?.id !== machine.id) return [swarm, balancer]
    const [registry, database] = await Promise.all([probeHttp(`https://${registryName}/v2/`, signal, context.tls(), address), probePostgres(address, 5432, signal)])
    return [swarm, health(nowMs, 'Image registry', registry), balancer, health(nowMs, 'PostgreSQL 17', database)]
  },

  warnings(context) {
    const { machine } = context
    const { managers, primary, apps } = cloudFacts(context)
    const others = managers.filter((m) => m.id !== machine.id)
    // A machine that waits in the ramdisk is written anew, and with it what only the first Manager has.
    const beginsEmpty = (machine.phase === 'discovered' || machine.phase === 'failed') && (others.length === 0 || primary?.id === machine.id) && apps.length > 0
    return [
      ...(others.length === 1 ? ['Two Managers have no quorum when one of them dies: use one, three or five.'] : []),
      ...(beginsEmpty ? [`The database of this Manager begins empty, also for ${apps.map((app) => app.name).join(', ')}: what they stored on an earlier Manager is gone unless you restore it.`] : []),
    ]
  },
})

function registryTasks(): Task[] {
  const folder = '/etc/docker/registry'
  const config = `# Written by System Cloud; changes here are overwritten.
version: 0.1
log:
  level: info
storage:
  filesystem:
    rootdirectory: /var/lib/docker-registry
  delete:
    enabled: true
http:
  addr: :${registryPort}
  tls:
    certificate: ${folder}/agent.crt
    key: ${folder}/agent.key
    clientcas:
      - ${folder}/ca.pem
`
  return [
    file('registry-config', `${folder}/config.yml`, config),
    // The registry runs as its own user, and /etc/system-cloud is root's alone.
    copy('registry-ca', agentFiles.ca, `${folder}/ca.pem`, '0644', 'docker-registry'),
    copy('registry-cert', agentFiles.certificate, `${folder}/agent.crt`, '0644', 'docker-registry'),
    copy('registry-key', agentFiles.key, `${folder}/agent.key`, '0600', 'docker-registry'),
    { kind: 'unit', id: 'registry', name: 'docker-registry.service', state: 'running', restartOn: ['registry-config', 'registry-ca', 'registry-cert', 'registry-key'], reloadOn: [] },
  ]
}

/** Only members of the Swarm: HAProxy takes a server for good until its first check fails, and a machine that is being installed would get requests. */
function serves(machine: CloudMachine, cloud: CloudFacts): boolean {
  if (machine.phase === 'ready' || machine.phase === 'silent') return true
  const nodeId = machine.report?.swarm?.nodeId
  return nodeId !== undefined && nodeId !== '' && cloud.managers.some((m) => m.report?.swarm?.nodes.some((node) => node.id === nodeId) === true)
}

/** Listens on every address because the lease may come after the start; pg_hba.conf lets only the subnets of the cloud in. */
function databaseTasks(cloud: CloudFacts): Task[] {
  const folder = '/etc/postgresql/17/main'
  const postgres = { mode: '0640', owner: 'postgres' }
  const access = `# Written by System Cloud; changes here are overwritten.
local all postgres peer
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
${cloud.cidrs.map((cidr) => `host all all ${cidr} scram-sha-256\n`).join('')}`
  const settings = `# Written by System Cloud; changes here are overwritten.
listen_addresses = '*'
password_encryption = 'scram-sha-256'
max_connections = 200
`
  return [
    file('database-config', `${folder}/conf.d/system-cloud.conf`, settings, postgres),
    file('database-access', `${folder}/pg_hba.conf`, access, postgres),
    { kind: 'unit', id: 'database', name: 'postgresql@17-main.service', state: 'running', restartOn: ['database-config'], reloadOn: ['database-access'] },
  ]
}

function swarmTasks(address: string, isPrimary: boolean, primary: CloudMachine | undefined, token: string): Task[] {
  if (isPrimary) return [{ kind: 'swarm', id: 'swarm', mode: 'init', advertise: address, remote: '', token: '' }]
  if (primary?.address == null || token === '') return []
  return [{ kind: 'swarm', id: 'swarm', mode: 'join', advertise: address, remote: `${primary.address}:2377`, token }]
}

function appTasks(cloud: CloudFacts): Task[] {
  return [
    ...cloud.removedApps.map((name): Task => ({ kind: 'absentService', id: `app-${name}`, name })),
    ...cloud.apps.flatMap((app): Task[] => [
      { kind: 'database', id: `database-${app.name}`, name: app.database.name, password: app.database.password },
      {
        kind: 'service', id: `app-${app.name}`, name: app.name, image: app.image, replicas: app.replicas, publishedPort: app.publishedPort, targetPort: instancePort,
        env: { ...app.env }, memoryMb: app.memoryMb, healthPath: app.healthPath, constraint: 'node.role==worker',
      },
    ]),
  ]
}

function balancerTasks(cloud: CloudFacts, ownAddress: string): Task[] {
  const servers = cloud.appServers.filter((m) => serves(m, cloud)).flatMap((m) => (m.address === null ? [] : [{ name: m.name, address: m.address }]))
  const routes: Route[] = cloud.apps.map((app) => ({
    app: app.name, domain: app.domain, port: app.publishedPort, healthPath: app.healthPath,
    alias: `${app.name}.localhost`, servers: servers.length === 0 ? [{ name: 'mesh', address: ownAddress }] : servers,
  }))
  return [
    file('balancer-503', haproxyPaths.busy, renderErrorPage('503 Service Unavailable', 'Just a moment', 'The app is starting or none of its instances answers. This page will work again as soon as one does.')),
    file('balancer-404', haproxyPaths.nobody, renderErrorPage('404 Not Found', 'No app lives here', 'No app of this cloud has this domain. Deploy one, or check the name.')),
    file('balancer-hosts', haproxyPaths.hosts, renderHosts(routes)),
    file('balancer-config', haproxyPaths.config, renderHaproxy(routes, cloud.cidrs)),
    { kind: 'unit', id: 'balancer', name: 'haproxy.service', state: 'running', restartOn: [], reloadOn: ['balancer-503', 'balancer-404', 'balancer-hosts', 'balancer-config'] },
  ]
}
