import { describe, expect, it } from 'vitest'
import { nameSome, refuseRemoval } from './refuse-removal.ts'

const use = { title: 'Rack 2', address: '10.99.0.1', active: 0, cutOff: [] }

describe('refuseRemoval', () => {
  it('lets a network go that nobody uses', () => expect(refuseRemoval(use)).toBeUndefined())
  it.each([
    [{ active: 1 }, 'A client has an address of Rack 2: they lose it when the lease ends. Repeat with force to remove the network nevertheless.'],
    [{ active: 2 }, '2 clients have addresses of Rack 2: they lose them when the lease ends. Repeat with force to remove the network nevertheless.'],
    [{ cutOff: ['a'] }, 'a would be cut off: its agent asks the appliance at 10.99.0.1 and nowhere else, so nothing is heard of it until a network is served at that address again. Release it first. Repeat with force to remove the network nevertheless.'],
    [{ active: 2, cutOff: ['a', 'b'] }, '2 clients have addresses of Rack 2: they lose them when the lease ends. a and b would be cut off: their agents ask the appliance at 10.99.0.1 and nowhere else, so nothing is heard of them until a network is served at that address again. Release them first. Repeat with force to remove the network nevertheless.'],
  ])('says what hangs on it: %j', (more, sentence) => expect(refuseRemoval({ ...use, ...more })).toBe(sentence))
})

it('names eight at most', () => {
  const names = Array.from({ length: 10 }, (_, n) => `m${n}`)
  expect([nameSome(names.slice(0, 1)), nameSome(names.slice(0, 3)), nameSome(names)]).toEqual(['m0', 'm0, m1 and m2', 'm0, m1, m2, m3, m4, m5, m6, m7 and 2 more'])
})
