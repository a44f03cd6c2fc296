import { describe, expect, it } from 'vitest'
import { makePasswordLimit } from './password-limit.ts'

const minuteMs = 60_000
const open = () => makePasswordLimit({ has: (user, address) => user === 'admin' && address === '10.77.0.5' })
/** How many of so many wrong passwords are judged. */
const judged = (limit: ReturnType<typeof open>, from: (n: number) => { user?: string; address?: string; isSignedIn?: boolean }, count: number, atMs = 0): number =>
  Array.from({ length: count }, (_, n) => limit.begin({ user: 'admin', address: '10.77.0.66', isSignedIn: false, ...from(n) }, atMs)).filter((one) => one !== undefined).length

describe('the limit of wrong passwords', () => {
  it.each<[string, (n: number) => object, number]>([
    ['five from one address for one user', () => ({}), 5],
    ['twenty from one address for many users', (n) => ({ user: `user-${n}` }), 20],
    ['ten for one user from many addresses', (n) => ({ address: `10.78.${n >> 8}.${n & 255}` }), 10],
    ['five from an address that the user signed in from', () => ({ address: '10.77.0.5' }), 5],
    ['five with a session of the user', (n) => ({ address: `10.78.0.${n}`, isSignedIn: true }), 5],
  ])('is %s within a minute', (_, from, expected) => {
    const limit = open()
    expect(judged(limit, from, 200)).toBe(expected)
    expect(judged(limit, from, 200, minuteMs - 1)).toBe(0)
    expect(judged(limit, from, 200, minuteMs)).toBe(expected)
  })

  it('lets one address shut nobody else out', () => {
    const limit = open()
    judged(limit, () => ({}), 1000)
    expect(judged(limit, () => ({ address: '10.77.0.9' }), 1)).toBe(1)
  })

  it('lets many addresses not shut a user out of where they signed in before, or have a session', () => {
    const limit = open()
    for (let second = 0; second < 60; second += 1) judged(limit, (n) => ({ address: `10.78.${n >> 8}.${n & 255}` }), 1000, second * 1000)
    expect(judged(limit, () => ({ address: '10.77.0.9' }), 1, minuteMs - 1)).toBe(0)
    expect(judged(limit, () => ({ address: '10.77.0.5' }), 1, minuteMs - 1)).toBe(1)
    expect(judged(limit, () => ({ address: '10.77.0.9', isSignedIn: true }), 1, minuteMs - 1)).toBe(1)
  })

  it('takes a right one back, and none of the wrong ones before it', () => {
    const limit = open()
    judged(limit, () => ({}), 3)
    for (let n = 0; n < 20; n += 1) limit.begin({ user: 'admin', address: '10.77.0.66', isSignedIn: false }, 0)?.right()
    expect(judged(limit, () => ({}), 20)).toBe(2)
  })

  it('keeps no more names and addresses than it may, and then lets those in that are known', () => {
    const limit = open()
    const made = (n: number) => ({ user: `user-${n}`, address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` })
    const before = judged(limit, made, 20_000)
    expect(before).toBeLessThan(4000)
    expect(judged(limit, () => ({ user: 'other' }), 1)).toBe(0)
    expect(judged(limit, () => ({ address: '10.77.0.5' }), 1)).toBe(1)
    expect(judged(limit, made, 20_000, minuteMs)).toBe(before)
  })
})
