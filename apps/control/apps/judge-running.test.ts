import { expect, test } from 'vitest'
import { judgeRunning } from './judge-running.ts'

const [running, failed, pending] = [{ state: 'running', error: '' }, { state: 'failed', error: 'task: non-zero exit (137)' }, { state: 'pending', error: 'no suitable node (1 node not available for new tasks)' }]
const up = { up: 1, trouble: '' }
const away = { up: 0, trouble: 'the load balancer on 10.77.0.11 does not answer: connection refused' }
const silent = 'm1 was last heard of at 10:31:05 UTC'

test.each([
  ['both run and are found', [running, running], null, up, 'serving', '2 of 2 instances run'],
  ['both run, the load balancer was not asked yet', [running, running], null, undefined, 'serving', '2 of 2 instances run'],
  ['one of two runs', [failed, running], null, up, 'serving', '1 of 2 instances run: an instance has failed: task: non-zero exit (137)'],
  ['an old failure says nothing where both run', [running, running, failed], null, up, 'serving', '2 of 2 instances run'],
  ['none runs, and the Swarm says why', [pending, failed], null, up, 'down', '0 of 2 instances run: an instance is pending: no suitable node (1 node not available for new tasks)'],
  ['none runs, and nothing is said', [{ state: 'preparing', error: '' }], null, undefined, 'down', '0 of 2 instances run: others are preparing'],
  ['they are started again', [{ state: 'starting', error: '' }, failed], null, undefined, 'down', '0 of 2 instances run: others are starting; an instance has failed: task: non-zero exit (137)'],
  ['none is placed', [], null, away, 'down', '0 of 2 instances run: waiting for the Manager to place instances'],
  ['both are said to run, but nobody reaches them', [running, running], null, away, 'down', '2 of 2 instances run, but the load balancer on 10.77.0.11 does not answer: connection refused'],
  ['the Manager is silent', [running, running], silent, undefined, 'unknown', silent],
  ['the Manager is silent and its load balancer too', [running, running], silent, away, 'down', `${away.trouble}; ${silent}`],
  ['the agent is silent, but the app answers', [], silent, up, 'serving', `it answers; how many instances run is not known: ${silent}`],
] as const)('%s', (_, instances, blindness, balancer, state, detail) => expect(judgeRunning({ instances, wanted: 2, blindness, balancer })).toEqual({ state, detail }))
