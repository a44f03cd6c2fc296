import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSegmentLog } from './segment-log.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'log-')) })
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const line = (text: string) => ({ at: '2026-01-01T00:00:00.000Z', source: 'kernel' as const, level: 'info' as const, text })
const texts = (log: ReturnType<typeof openSegmentLog>, after = 0, limit = 1000) => log.read(after, limit).lines.map((one) => one.text)

describe('a segment log', () => {
  it('reads back what was appended, page by page', () => {
    const log = openSegmentLog(folder)
    for (let i = 1; i <= 10; i += 1) log.append(line(`line ${i}`))
    expect(log.read(0, 4)).toMatchObject({ nextSeq: 4 })
    expect(texts(log, 8)).toEqual(['line 9', 'line 10'])
    expect(log.read(10, 5)).toEqual({ lines: [], nextSeq: 10 })
  })

  it('goes on with its numbers after a restart, and passes over half a line of a killed process', () => {
    const first = openSegmentLog(folder)
    first.append(line('one'))
    first.append(line('two'))
    first.close()
    appendFileSync(path.join(folder, readdirSync(folder)[0] as string), '{"seq":3,"text":"hal')
    const second = openSegmentLog(folder)
    expect(second.append(line('three')).seq).toBe(3)
    expect(texts(second)).toEqual(['one', 'two', 'three'])
  })

  it('is bounded: the oldest segment goes first, and numbers stay', () => {
    const log = openSegmentLog(folder, { segmentBytes: 500, segments: 3, lineChars: 50, flushMs: 1000 })
    for (let i = 1; i <= 100; i += 1) {
      log.append(line(`line ${i}`))
      log.flush()
    }
    expect(readdirSync(folder)).toHaveLength(3)
    expect(texts(log).at(-1)).toBe('line 100')
    expect(texts(log).length).toBeLessThan(30)
    expect(log.read(99, 5).lines[0]?.seq).toBe(100)
  })

  it('keeps hostile text harmless: control characters go, long lines are cut', () => {
    const log = openSegmentLog(folder)
    expect(log.append(line('a\u001b[31mred\u0007\u202eb\nc')).text).toBe('aredbc')
    expect(log.append(line('x'.repeat(9999))).text).toHaveLength(2000)
  })

  it('gives a download', () => {
    const log = openSegmentLog(folder)
    log.append(line('Linux version 6.12'))
    expect(log.text()).toBe('2026-01-01T00:00:00.000Z kernel   Linux version 6.12\n')
  })
})
