import { cloudFacts } from '#control/cloud/facts'
import { dockerTasks } from './docker.ts'
import { defineRole } from './role.ts'
import { health, swarmHealth } from './verify.ts'

const willServe = ['deploying', 'starting', 'ready', 'silent']

/** An AppServer: a Swarm worker that runs the instances of apps. It waits without failing until a Manager gives out the join token. */
export const appserver = defineRole({
  id: 'appserver',
  title: 'AppServer',
  summary: 'Runs instances of apps that a Manager places on it.',
  imageId: 'debian-13',
  services: ['Docker Swarm worker'],

  refusals(context) {
    const others = cloudFacts(context).managers.filter((m) => m.id !== context.machine.id)
    return others.some((m) => willServe.includes(m.phase)) ? [] : ['There is no Manager: assign a Manager first.']
  },

  tasks(context) {
    const { machine } = context
    const { primary, tokens } = cloudFacts(context)
    if (machine.address === null) return []
    const tasks = dockerTasks(machine.name, primary?.address ?? null)
    if (primary?.address == null || tokens.worker === '') return tasks
    return [...tasks, { kind: 'swarm', id: 'swarm', mode: 'join', advertise: machine.address, remote: `${primary.address}:2377`, token: tokens.worker }]
  },

  async verify(context) {
    const cloud = cloudFacts(context)
    const waiting = cloud.tokens.worker === '' ? 'waiting for a Manager to be ready' : null
    return [health(context.nowMs, 'Docker Swarm worker', waiting ?? swarmHealth(context.machine, cloud, 'worker', context.nowMs))]
  },
})
