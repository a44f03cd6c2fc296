import { describe, expect, test } from 'vitest'
import { diagnose } from '#control/blackbox/diagnose'
import { rules } from '#control/blackbox/rules/index'
import { capturedBoots } from '../boots/captured.ts'
import { contextOf, diagnosesOf, findingsOf, readRecorded, recordedNames, sessionsOf } from '../boots/fixture.ts'
import { scenes } from '../boots/scenes.ts'
import { storyOf } from '../sim/capture-story.ts'
import { context } from '../sim/made-story.ts'

const recorded = recordedNames()

describe('boots that were recorded', () => {
  test('are those that can be recorded again, each once', () => {
    expect(new Set(scenes.map(({ name }) => name)).size).toBe(scenes.length)
    expect(recorded).toEqual(scenes.map(({ name }) => name).sort())
  })
  test.each(scenes.map(({ name, says, origin, about }) => ({ name, says, origin, about })))('$name: of each boot exactly what is wrong with it', ({ name, says, origin, about }) => {
    const one = readRecorded(name)
    expect(one.recorded).toMatchObject({ name, origin, about })
    expect(diagnosesOf(one)).toEqual(says)
  })
  test('are told of in finished sentences that say what to do, with evidence from the boot itself', () => {
    for (const name of recorded) for (const { session, found } of findingsOf(readRecorded(name))) for (const { id, happened, todo, evidence } of found) {
      expect(happened, `${name}: ${id}`).toMatch(/^(iPXE |[A-Z0-9]).*\S$/)
      expect(todo, `${name}: ${id}`).toMatch(/^[A-Z].*\.$/)
      expect(evidence.length, `${name}: ${id}`).toBeGreaterThan(0)
      for (const moment of evidence) expect(session.moments, `${name}: ${id}`).toContain(moment)
    }
  })
  test.each(recorded)('%s: each boot is quiet until its trouble shows', (name) => {
    const one = readRecorded(name)
    const allowed = diagnosesOf(one)
    const [first] = sessionsOf(one)
    if (first === undefined) throw new Error('no boot')
    // At its first packet nothing can be known but what the packet itself says.
    const said = diagnose([{ ...first, moments: first.moments.slice(0, 1), endMs: first.startMs, isOver: false }], 0, { ...contextOf(one.recorded), nowMs: first.startMs + 100 }).map(({ id }) => id)
    for (const id of said) expect(allowed[0]).toContain(id)
  })
})

describe('captures of real firmware', () => {
  test.each(capturedBoots)('$name, seen from $ours in mode $mode', ({ name, ours, mode, says }) => {
    const said = storyOf(name).flatMap(({ sessions, endMs }) => sessions.map((_, index) => diagnose(sessions, index, { ...context(0), nowMs: endMs + 1000, ours: [ours], ownDuids: [], mode }).map(({ id }) => id)))
    expect(said).toEqual(says)
  })
})

test('every rule speaks of some boot that was recorded', () => {
  const spoken = new Set([...scenes, ...capturedBoots].flatMap(({ says }) => says.flat()))
  expect(rules.map(({ id }) => id).filter((id) => !spoken.has(id))).toEqual([])
})
