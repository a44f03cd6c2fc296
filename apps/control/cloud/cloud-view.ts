import type { Cloud } from '#contract/operator-api'
import { viewApp } from '#control/apps/app-view'
import { parseStoredApp } from '#control/apps/stored-app'
import type { Health } from '#control/roles/verify'
import { cloudDomain, cloudFacts, type FactSource } from './facts.ts'

/** The cloud as the console draws it. `servicesOf` gives what was last verified of a machine. */
export function viewCloud(source: FactSource, servicesOf: (machineId: string) => readonly Health[]): Cloud {
  const cloud = cloudFacts(source)
  const nodes = new Map(cloud.managers.flatMap((m) => m.report?.swarm?.nodes ?? []).map((node) => [node.id, node]))
  const members = [...cloud.managers, ...cloud.appServers].map((m) => {
    const node = nodes.get(m.report?.swarm?.nodeId ?? '')
    return { machineId: m.id, name: m.name, role: m.role ?? '', phase: m.phase, address: m.address, services: [...servicesOf(m.id)], swarmState: node === undefined ? '' : node.availability === 'active' ? node.state : `${node.state}, ${node.availability}` }
  })
  const apps = source.apps.map((row) => parseStoredApp(row.value)).filter((app) => !app.removed).map((app) => viewApp(app, cloudDomain(source), source.machines))
  return { members, apps, quorum: quorumSentence(cloud.managers.length), loadBalancer: balancerTarget(source)?.host ?? null }
}

/** Where the cloud's load balancer is now: port 80 of the primary Manager, else of another ready one; undefined while there is none. */
export function balancerTarget(source: FactSource): { host: string; port: number } | undefined {
  const { primary, managers } = cloudFacts(source)
  const serving = [primary, ...managers].find((m) => m !== undefined && m.address !== null && m.phase === 'ready')
  return serving?.address == null ? undefined : { host: serving.address, port: 80 }
}

/** How many Managers may fail: Swarm's managers decide by majority. */
export function quorumSentence(managers: number): string {
  if (managers === 0) return 'There is no Manager: assign the role Manager to a machine first.'
  if (managers === 1) return 'One Manager: when it fails nothing new is placed, and apps cannot be reached until it is back.'
  const mayFail = Math.floor((managers - 1) / 2)
  if (mayFail === 0) return 'Two Managers have no quorum when one of them fails: use one, three or five.'
  return `${managers} Managers: ${mayFail === 1 ? 'one' : mayFail} of them may fail${managers % 2 === 0 ? `; ${managers - 1} would bear as much` : ''}. Registry and database run on the first Manager alone for now.`
}
