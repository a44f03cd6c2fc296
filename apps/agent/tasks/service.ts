import { createHash } from 'node:crypto'
import type { Executor, TaskOf } from '../host.ts'
import { isRecord, mustAsk } from '../docker-engine.ts'

const second = 1_000_000_000
const labelName = 'system-cloud.spec'

/** Places an app: creates its Swarm service, or updates it one instance at a time where the specification changed. */
export const applyService: Executor<'service'> = async (task, { engine }) => {
  const spec = renderService(task)
  const found = await engine.ask('GET', `/services/${task.name}`)
  if (found.status === 404) {
    await mustAsk(engine, 'POST', '/services/create', spec)
    return { changed: true, detail: `created with ${task.replicas} instances` }
  }
  const current = found.status === 200 && isRecord(found.body) ? found.body : await mustAsk(engine, 'GET', `/services/${task.name}`)
  const { version, id, label } = readService(current)
  if (label === spec.Labels[labelName]) return { changed: false, detail: '' }
  await mustAsk(engine, 'POST', `/services/${id}/update?version=${version}`, spec)
  return { changed: true, detail: 'updated' }
}

/** Removes a service that must not run any more. */
export const applyAbsentService: Executor<'absentService'> = async (task, { engine }) => {
  const answer = await engine.ask('DELETE', `/services/${encodeURIComponent(task.name)}`)
  if (answer.status === 404) return { changed: false, detail: '' }
  if (answer.status >= 400) throw new Error(`Docker did not remove service ${task.name}: ${JSON.stringify(answer.body).slice(0, 500)}`)
  return { changed: true, detail: 'removed' }
}

/**
 * The Engine's ServiceSpec. New instances start before old ones stop, and a failed update pauses, so that what serves goes on
 * serving. The health check keeps an instance that does not listen yet out of the mesh; it is rare because each costs a process.
 */
function renderService(task: TaskOf<'service'>) {
  const body = {
    Name: task.name,
    TaskTemplate: {
      ContainerSpec: {
        Image: task.image,
        Init: true,
        Env: Object.entries(task.env).map(([name, value]) => `${name}=${value}`).sort(),
        StopGracePeriod: 10 * second,
        Healthcheck: { Test: ['CMD', 'bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${task.targetPort}`], Interval: 15 * second, Timeout: 15 * second, StartPeriod: 120 * second, StartInterval: 3 * second, Retries: 3 },
      },
      Resources: { Limits: { MemoryBytes: task.memoryMb * 1024 * 1024 } },
      RestartPolicy: { Condition: 'any', Delay: 3 * second },
      Placement: { Constraints: [task.constraint], Preferences: [{ Spread: { SpreadDescriptor: 'node.id' } }] },
    },
    Mode: { Replicated: { Replicas: task.replicas } },
    UpdateConfig: { Parallelism: 1, Order: 'start-first', FailureAction: 'pause', Monitor: 20 * second },
    EndpointSpec: { Mode: 'vip', Ports: [{ Protocol: 'tcp', TargetPort: task.targetPort, PublishedPort: task.publishedPort, PublishMode: 'ingress' }] },
  }
  return { ...body, Labels: { [labelName]: createHash('sha256').update(JSON.stringify(body)).digest('hex') } }
}

function readService(body: unknown): { version: number; id: string; label: unknown } {
  if (!isRecord(body) || !isRecord(body['Version']) || !isRecord(body['Spec'])) throw new Error('Docker described a service in a form that is not known')
  const labels = isRecord(body['Spec']['Labels']) ? body['Spec']['Labels'] : {}
  return { version: Number(body['Version']['Index']), id: String(body['ID']), label: labels[labelName] }
}
