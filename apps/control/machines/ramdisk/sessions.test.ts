import { describe, expect, it } from 'vitest'
import { ramdiskSessions } from './sessions.ts'

const [mac, other, uuid] = ['52:54:00:00:00:01', '52:54:00:00:00:02', '5c10ad00-0000-4000-8000-0000000000a1']
const [mine, theirs] = ['11'.repeat(32), '22'.repeat(32)]

function setup() {
  const clock = { ms: 1_000_000 }
  const kept = new Map<string, string>()
  const memory = { load: () => [...kept.values()], save: (key: string, json: string) => void kept.set(key, json), remove: (key: string) => void kept.delete(key) }
  return { clock, kept, open: () => ramdiskSessions(memory, () => clock.ms) }
}

describe('ramdisk sessions', () => {
  it('belong to the first, and a second live one is held', () => {
    const sessions = setup().open()
    expect(sessions.claim({ mac, machineId: 'a', uuid, token: mine })).toEqual({ kind: 'owner' })
    expect(sessions.claim({ mac, machineId: 'a', uuid, token: theirs })).toEqual({ kind: 'held', by: 'mac', machineId: 'a' })
    expect(sessions.claim({ mac: other, machineId: 'b', uuid, token: theirs })).toEqual({ kind: 'held', by: 'uuid', machineId: 'a' })
    expect(sessions.touch(mac, mine)).toBe(true)
    expect(sessions.touch(mac, theirs)).toBe(false)
  })

  it('go to the next after a reboot or a long silence', () => {
    const s = setup()
    const sessions = s.open()
    sessions.claim({ mac, machineId: 'a', uuid, token: mine })
    s.clock.ms += 10_000
    sessions.rebooted(mac)
    expect(sessions.liveSince('a')).toBeUndefined()
    expect(sessions.claim({ mac, machineId: 'a', uuid, token: theirs })).toEqual({ kind: 'owner' })
    s.clock.ms += 61_000
    expect(sessions.claim({ mac, machineId: 'a', uuid, token: mine })).toEqual({ kind: 'owner' })
  })

  it('are kept by a machine that goes on asking after somebody else fetched its boot script', () => {
    const s = setup()
    const sessions = s.open()
    sessions.claim({ mac, machineId: 'a', uuid, token: mine })
    sessions.rebooted(mac)
    s.clock.ms += 5000
    expect(sessions.touch(mac, mine)).toBe(true)
    expect(sessions.claim({ mac, machineId: 'a', uuid, token: theirs })).toMatchObject({ kind: 'held' })
  })

  it('survive a restart of control, and their tokens are not in its memory', () => {
    const s = setup()
    s.open().claim({ mac, machineId: 'a', uuid, token: mine })
    expect([...s.kept.values()].join()).not.toContain(mine)
    expect(s.open().claim({ mac, machineId: 'a', uuid, token: theirs })).toMatchObject({ kind: 'held' })
    expect(s.open().touch(mac, mine)).toBe(true)
  })
})
