import { expect, test } from 'vitest'
import type { Phase } from '#contract/lifecycle'
import type { Machine } from '#contract/operator-api'
import { decideWait } from './decide-wait.ts'

// Only the phase matters here.
const machines = (...all: Phase[]): Machine[] => all.map((phase, i) => ({ id: `m${i}`, phase }) as Machine)

test.each<[string, Phase[], Phase, boolean, string]>([
  ['all are there', ['ready', 'ready'], 'ready', true, 'reached'],
  ['one is on its way', ['ready', 'deploying'], 'ready', true, 'waiting'],
  ['one failed', ['deploying', 'failed'], 'ready', true, 'failed'],
  ['failed may still be the one before a retry', ['failed'], 'ready', false, 'waiting'],
  ['failed is what is waited for', ['failed'], 'failed', true, 'reached'],
  ['a retired machine never comes back', ['retired'], 'ready', false, 'failed'],
])('%s', (_name, all, phase, believe, kind) => expect(decideWait(machines(...all), phase, believe).kind).toBe(kind))
