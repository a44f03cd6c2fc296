import { describe, expect, it } from 'vitest'
import { goneMs, OtherServers, type OtherServer } from './other-servers.ts'

const server = (how: OtherServer['how'], address = '10.77.0.9'): OtherServer => ({ address, serverMac: null, offered: null, bootFile: null, how })

describe('OtherServers', () => {
  it('says each once a minute', () => {
    const others = new OtherServers(goneMs.full)
    expect([0, 10_000, 59_999, 60_000, 61_000].map((at) => others.heard(server('answer'), at))).toEqual([true, false, false, true, false])
    expect(others.heard(server('probe', '10.77.0.10'), 61_000)).toBe(true)
  })
  it('says at once that one gives a boot file, and another one, but not that it gave none to somebody else', () => {
    const givers = new OtherServers(goneMs.proxy)
    const told = [null, 'theirs.0', null, 'theirs.0', 'other.0'].map((bootFile, at) => givers.heard({ ...server('answer'), bootFile }, at))
    expect(told).toEqual([true, true, false, false, true])
    expect([givers.gone(95_000), givers.gone(96_000)]).toEqual([[], ['10.77.0.9']])
  })
  it('counts one that a client chose only when it was heard itself', () => {
    const others = new OtherServers(goneMs.full)
    expect([others.heard(server('choice'), 0), others.isPresent]).toEqual([true, false])
    expect([others.heard(server('probe'), 1000), others.isPresent]).toEqual([true, true])
    others.heard(server('choice'), 30_000)
    expect(others.gone(37_000)).toEqual(['10.77.0.9'])
    expect(others.isPresent).toBe(false)
  })
  it('names one that is gone once, and one that was never heard not at all', () => {
    const others = new OtherServers(goneMs.full)
    others.heard(server('answer'), 0)
    others.heard(server('choice', '10.77.0.10'), 0)
    expect([others.gone(35_000), others.gone(35_001), others.gone(80_000)]).toEqual([[], ['10.77.0.9'], []])
  })
  it('remembers no more than it must', () => {
    const others = new OtherServers(goneMs.full)
    for (let n = 0; n < 1000; n += 1) others.heard(server('choice', `10.0.${n >> 8}.${n & 255}`), 0)
    expect(others.heard(server('answer', '10.9.9.9'), 0)).toBe(false)
  })
})
