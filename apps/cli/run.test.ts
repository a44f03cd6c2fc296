import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { machinePath } from './appliance/api.ts'
import { findAppliance, type Whereabouts } from './appliance/find.ts'
import { readSession, recordSession } from './appliance/sessions.ts'
import { run } from './run.ts'
import type { Terminal } from './terminal.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'sc-run-')) })
afterEach(() => rmSync(folder, { recursive: true }))

async function type(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const terminal: Terminal = {
    out: (text) => { said.out += text }, err: (text) => { said.err += text }, outIsTty: false, errIsTty: false, inIsTty: false,
    env: { SYSTEM_CLOUD_RUN: folder, HOME: folder }, isRoot: true, now: () => 0, ask: async () => undefined, readAll: async () => '', interrupted: new AbortController().signal,
  }
  return { code: await run(argv, terminal), ...said }
}

describe('exit codes', () => {
  test.each([
    [['--help'], 0], [['assign', '--help'], 0],
    [[], 2], [['frobnicate'], 2], [['machines', '--frob'], 2], [['machine'], 2], [['machine', 'a', 'b'], 2], [['assign', 'm1'], 2], [['wait', 'm1', 'happy'], 2],
    [['wait', 'm1', 'ready', '--timeout', 'soon'], 2], [['power', 'm1', 'explode'], 2], [['networks', 'policy', 'n', 'sometimes'], 2], [['deploy', '/no/such/folder'], 2],
    [['--url', 'ftp://x', 'machines'], 2], [['--url', 'not a url', 'machines'], 2], [['--url', 'https://127.0.0.1:1', '--ca', '/no/such/file', 'machines'], 2],
    [['machines'], 1], [['--url', 'http://127.0.0.1:1', 'machines'], 1],
  ])('%j: %i', async (argv, code) => expect((await type(...argv)).code).toBe(code))

  test('with --json an error is JSON on standard error, and standard output stays empty', async () => {
    const said = await type('machines', '--json')
    expect(said.out).toBe('')
    expect(JSON.parse(said.err)).toMatchObject({ exitCode: 1 })
  })
})

describe('where the appliance is', () => {
  const where = (more: Partial<Whereabouts> = {}): Whereabouts => ({ url: undefined, token: undefined, caFile: undefined, runDir: folder, isRoot: true, cookieFor: () => undefined, ...more })
  const present = (): void => writeFileSync(path.join(folder, 'appliance.json'), JSON.stringify({ socket: '/x/operator.sock', url: 'https://127.0.0.1:8443', dataDir: '/d' }))
  test('root takes the socket, others the URL', () => {
    present()
    expect(findAppliance(where())).toEqual({ kind: 'socket', socketPath: '/x/operator.sock' })
    expect(findAppliance(where({ isRoot: false, cookieFor: () => 'sc_session=1' }))).toMatchObject({ kind: 'url', url: 'https://127.0.0.1:8443', cookie: 'sc_session=1' })
  })
  test('--url wins, a scheme may be left out, and a token leaves the login aside', () => {
    present()
    expect(findAppliance(where({ url: 'box:8443/some/page', token: 't', cookieFor: () => 'c=1' }))).toEqual({ kind: 'url', url: 'https://box:8443', token: 't', cookie: undefined, ca: undefined })
  })
  test('a damaged file says so', () => {
    writeFileSync(path.join(folder, 'appliance.json'), '{')
    expect(() => findAppliance(where())).toThrow('is damaged')
  })
})

test('a login is kept in a file of the person\'s own', () => {
  const file = path.join(folder, 'deep', 'sessions.json')
  expect(readSession(file, 'https://a')).toBeUndefined()
  recordSession(file, 'https://a', 'sc_session=1')
  recordSession(file, 'https://b', 'sc_session=2')
  expect([readSession(file, 'https://a'), readSession(file, 'https://b')]).toEqual(['sc_session=1', 'sc_session=2'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  writeFileSync(file, 'garbage')
  expect(readSession(file, 'https://a')).toBeUndefined()
  expect(readFileSync(file, 'utf8')).toBe('garbage')
})

test.each([['m1', 'machines/m1'], ['52-54-00-AB-CD-EF', 'machines/52%3A54%3A00%3Aab%3Acd%3Aef'], ['525400abcdef', 'machines/525400abcdef'], ['../admin', 'machines/..%2Fadmin'], ['web-1', 'machines/web-1']])('%s is asked for as %s', (name, asked) => expect(machinePath(name)).toBe(asked))
