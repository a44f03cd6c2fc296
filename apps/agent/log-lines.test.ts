import { describe, expect, test } from 'vitest'
import { frameCutter, parseAppFrame, parseJournal, type OutgoingLine } from './log-lines.ts'
import { logQueue } from './log-queue.ts'

const frame = (stream: number, text: string): Buffer => {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}
const line = (text: string): OutgoingLine => ({ at: '2026-01-02T03:04:05.000Z', source: 'journal', level: 'info', text })

describe('log lines', () => {
  test('frames survive any cut of the stream', () => {
    const bytes = Buffer.concat([frame(1, 'one\n'), frame(2, 'zwei €\n')])
    for (let at = 0; at <= bytes.length; at += 1) {
      const cut = frameCutter()
      expect([...cut(bytes.subarray(0, at)), ...cut(bytes.subarray(at))]).toEqual([{ stream: 'stdout', text: 'one\n' }, { stream: 'stderr', text: 'zwei €\n' }])
    }
  })

  test('a stream out of step is refused', () => expect(() => frameCutter()(Buffer.alloc(16, 0xff))).toThrow('out of step'))

  test('the time of a frame becomes milliseconds', () => {
    expect(parseAppFrame('web', { stream: 'stdout', text: '2026-01-02T03:04:05.123456789Z GET /\n' })).toEqual({ at: '2026-01-02T03:04:05.123Z', source: 'app', level: 'info', text: 'GET /', app: 'web' })
    expect(parseAppFrame('web', { stream: 'stdout', text: 'no time' })).toBeUndefined()
  })

  test.each([
    ['an entry', '{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1000000","MESSAGE":"hello","PRIORITY":"3","SYSLOG_IDENTIFIER":"sshd"}', 'sshd: hello', 'error'],
    ['bytes', '{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1000000","MESSAGE":[104,105],"PRIORITY":"4"}', 'hi', 'warn'],
    ['a field twice', '{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1000000","MESSAGE":["a","b"]}', 'a', 'info'],
  ])('journald: %s', (_, text, said, level) => expect(parseJournal(text)?.line).toMatchObject({ text: said, level, at: '1970-01-01T00:00:01.000Z' }))

  test('journald: what is no entry is passed over', () => expect([parseJournal('-- No entries --'), parseJournal('{}')]).toEqual([undefined, undefined]))
})

describe('the queue', () => {
  test('keeps what was not sent, drops the oldest when full, and says how many', () => {
    const queue = logQueue(() => new Date(0))
    for (let n = 0; n < 5010; n += 1) queue.push(line(`line ${n}`))
    const first = queue.batch()
    expect(first?.body.split('\n')[0]).toContain('line 10')
    for (let n = 5010; n < 5200; n += 1) queue.push(line(`line ${n}`))
    queue.sent(first?.upTo ?? 0)
    expect(queue.batch()?.body.split('\n')[0]).toContain('line 510')
    let all = ''
    for (let batch = queue.batch(); batch !== undefined; batch = queue.batch()) {
      all += batch.body
      queue.sent(batch.upTo)
    }
    expect(all).toContain('log lines were dropped while the appliance was away')
  })

  test('a batch stays below what the appliance takes', () => {
    const queue = logQueue(() => new Date(0))
    for (let n = 0; n < 500; n += 1) queue.push(line('x'.repeat(4000)))
    expect(Buffer.byteLength(queue.batch()?.body ?? '')).toBeLessThan(256 * 1024 + 1)
  })
})
