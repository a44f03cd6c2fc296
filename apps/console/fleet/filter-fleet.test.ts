import { expect, test } from 'vitest'
import type { Machine } from '#contract/operator-api'
import { countPhases, currentStep, filterFleet } from './filter-fleet.ts'

const machine = (name: string, rest: Partial<Machine> = {}) => ({ id: name, name, mac: '', macs: [], address: null, phase: 'seen', role: null, inventory: null, uuid: null, problem: null, steps: [], ...rest }) as unknown as Machine
const fleet = [machine('sc-10', { phase: 'ready', role: 'manager' }), machine('sc-9', { macs: ['52:54:00:aa:bb:cc'] }), machine('sc-2', { phase: 'failed' })]
const names = (machines: readonly Machine[]) => machines.map(({ name }) => name)

test('names are in the order in which people count', () => {
  expect(names(filterFleet(fleet, '', new Set()))).toEqual(['sc-2', 'sc-9', 'sc-10'])
})

test('names that end in a MAC are in its order', () => {
  const hex = ['machine-0010', 'machine-000a', 'machine-0001', 'machine-00ff'].map((name) => machine(name))
  expect(names(filterFleet(hex, '', new Set()))).toEqual(['machine-0001', 'machine-000a', 'machine-0010', 'machine-00ff'])
})

test('every word must be found somewhere', () => {
  expect(names(filterFleet(fleet, 'sc- manager', new Set()))).toEqual(['sc-10'])
  expect(names(filterFleet(fleet, 'BB:CC', new Set()))).toEqual(['sc-9'])
  expect(filterFleet(fleet, 'nothing like it', new Set())).toEqual([])
})

test('phases narrow and are counted in the order of life', () => {
  expect(names(filterFleet(fleet, '', new Set(['failed', 'ready'])))).toEqual(['sc-2', 'sc-10'])
  expect(countPhases(fleet)).toEqual([{ phase: 'seen', count: 1 }, { phase: 'ready', count: 1 }, { phase: 'failed', count: 1 }])
})

test('the running step and how far it is', () => {
  const step = { kind: 'writeImage', status: 'running', bytesDone: 25, bytesTotal: 100 } as Machine['steps'][number]
  expect(currentStep(machine('a', { steps: [step] }))).toEqual({ kind: 'writeImage', percent: 25 })
  expect(currentStep(machine('a'))).toBeUndefined()
})
