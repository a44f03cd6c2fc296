import { dockerTasks } from './docker.ts'
import { defineRole, primaryManager } from './role.ts'
import { health, swarmHealth } from './verify.ts'

const willServe = ['deploying', 'starting', 'ready', 'silent']

/** An AppServer: a Swarm worker that runs the instances of apps. It waits without failing until a Manager gives out the join token. */
export const appserver = defineRole({
  id: 'appserver',
  title: 'AppServer',
  summary: 'Runs instances of apps that a Manager places on it.',
  imageId: 'debian-13',
  services: ['Docker Swarm worker'],

  refusal({ machine, cloud }) {
    const others = cloud.managers.filter((m) => m.id !== machine.id)
    if (others.some((m) => willServe.includes(m.phase))) return null
    return 'There is no Manager: assign a Manager first.'
  },

  tasks({ machine, cloud }) {
    const primary = primaryManager(cloud)
    if (machine.address === null) return []
    const tasks = dockerTasks(primary?.address ?? null)
    if (primary?.address != null && cloud.tokens.worker !== '') {
      tasks.push({ kind: 'swarm', id: 'swarm', mode: 'join', advertise: machine.address, remote: `${primary.address}:2377`, token: cloud.tokens.worker })
    }
    return tasks
  },

  async verify(context) {
    const { machine, cloud } = context
    const waiting = cloud.tokens.worker === '' ? 'waiting for a Manager to be ready' : null
    return [health(context, 'Docker Swarm worker', waiting ?? swarmHealth(machine, cloud, 'worker'))]
  },
})
