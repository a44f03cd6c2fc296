import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync, existsSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, until } from '../lab/appliance.ts'
import { isRunning, labWords, makeMadeUpHome, processGroup, StartedLab, typeUp, type Home, type TypedUp } from '../sim/typed-up.ts'

const ownPassword = 'a password of my own'
let home: Home
let lab: StartedLab
let up: TypedUp

beforeAll(async () => {
  home = await makeMadeUpHome()
  lab = new StartedLab(home)
})
afterAll(() => lab?.remove())

/** The one-time password that was printed, or undefined. */
const printedPassword = (output: string): string | undefined => /^ {2}password {2}(\S+) /m.exec(output)?.[1]

/** Starts it and waits until the person can go on: its words are there and the console answers. */
async function start(...more: string[]): Promise<void> {
  const startedAt = Date.now()
  up = typeUp(home, ...labWords(home), ...more)
  await lab.consoleAnswers(up)
  await until('its address is printed', 30_000, async () => up.output().includes('  cloud     '), up.output)
  console.log(`scripts/up --lab 0 ${more.join(' ')}: the console answers after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}

async function interrupt(): Promise<number> {
  up.interrupt()
  return up.ended
}

describe('the life of scripts/up', () => {
  let password = ''

  it('prints where the console is and how to sign in; the console answers, and takes the one-time password', async () => {
    await start()
    expect(up.output()).toContain(`  console   https://127.0.0.1:${home.consolePort}\n  user      admin\n`)
    password = printedPassword(up.output()) ?? ''
    const signedIn = await lab.ask('POST', '/api/v1/session', { user: 'admin', password })
    expect(signedIn.status).toBe(204)
    expect(lab.namespaces()).toHaveLength(2)
    expect(execFileSync('ip', ['-n', `sc-lab-${home.name}`, '-brief', 'link', 'show', 'type', 'bridge']).toString()).toMatch(/^br0 /)
  })

  it('refuses a second start beside it in a sentence, whatever the two would share', async () => {
    const elsewhere = (name: string): string => path.join(mkdtempSync(path.join(home.home, 'second-')), name)
    const [ports, own] = [['--console-port', String(await freePort()), '--balancer-port', String(await freePort())], ['--lab', '0', '--name', `${home.name}b`]]
    const supervisor = lab.pids()['up']
    for (const [folders, words, sentence] of [
      [home, labWords(home), `an appliance already runs here (process ${supervisor}): stop it first`],
      [{ ...home, runDir: elsewhere('run') }, [...own, ...ports], `an appliance already runs on the data in ${home.dataDir} (process ${supervisor}): stop it first`],
      [{ dataDir: elsewhere('data'), runDir: elsewhere('run') }, ['--lab', '0', '--name', home.name, ...ports], `a lab of this name already runs (process ${supervisor}): stop it first`],
      [{ dataDir: elsewhere('data'), runDir: elsewhere('run') }, [...own, '--console-port', String(home.consolePort), '--balancer-port', ports[3] ?? ''], `another program has port ${home.consolePort} of 127.0.0.1: stop it, or choose another port with --console-port`],
    ] as const) {
      const second = typeUp(folders, ...words)
      expect([await second.ended, second.output()]).toEqual([1, expect.stringContaining(`scripts/up: ${sentence}`)])
    }
    expect(await lab.signIn(password)).toBe(204)
  })

  it('Ctrl-C stops everything in its order, clears the network and keeps the state', async () => {
    const { cookie } = await lab.ask('POST', '/api/v1/session', { user: 'admin', password })
    expect((await lab.ask('POST', '/api/v1/password', { old: password, new: ownPassword }, cookie)).status).toBe(204)
    mkdirSync(path.join(home.dataDir, 'lab'), { recursive: true })
    writeFileSync(path.join(home.dataDir, 'lab/disk.raw'), 'of a machine')
    const pids = lab.pids()
    expect(Object.keys(pids)).toEqual(expect.arrayContaining(['up', 'control', 'console', 'dns', 'time', 'console-port', 'balancer-port']))
    // Only the supervisor hears the Ctrl-C: QEMU would end at once, and control before it could say which machines are to be asked first.
    const group = processGroup(pids['up'] ?? 0)
    expect(Object.entries(pids).filter(([, pid]) => processGroup(pid) === group).map(([name]) => name)).toEqual(['up'])
    expect(await interrupt()).toBe(0)
    expect(up.output()).toContain('stopping; state and disks are kept')
    expect(Object.entries(pids).filter(([, pid]) => isRunning(pid))).toEqual([])
    expect(lab.namespaces()).toEqual([])
    expect(existsSync(home.runDir)).toBe(false)
    expect((await lab.ask('GET', '/sign-in')).status).toBe(0)
    expect(readdirSync(path.join(home.dataDir, 'state'))).toEqual(expect.arrayContaining(['registry.db', 'hot.db', 'ca']))
    expect(readFileSync(path.join(home.dataDir, 'lab/disk.raw'), 'utf8')).toBe('of a machine')
  })

  it('a second run finds its state', async () => {
    await start()
    expect(printedPassword(up.output())).toBeUndefined()
    expect(await lab.signIn(password)).toBe(401)
    expect(await lab.signIn(ownPassword)).toBe(204)
  })

  it('what a kill -9 of the supervisor leaves is cleared by the next run', async () => {
    const before = lab.pids()
    process.kill(before['up'] ?? 0, 'SIGKILL')
    await up.ended
    expect(lab.namespaces()).toHaveLength(2)
    expect(isRunning(before['control'] ?? 0)).toBe(true)
    await start()
    expect(up.output()).toContain('cleared the leftovers of an earlier run')
    expect(Object.entries(before).filter(([, pid]) => isRunning(pid))).toEqual([])
    expect(await lab.signIn(ownPassword)).toBe(204)
    expect(await interrupt()).toBe(0)
  })

  it('--fresh begins anew, keeps the images, and follows no link out of the data folder', async () => {
    const outside = path.join(home.home, 'outside')
    mkdirSync(outside)
    writeFileSync(path.join(outside, 'precious'), 'kept')
    for (const part of ['lab', 'state']) symlinkSync(outside, path.join(home.dataDir, part, 'link'))
    const images = readdirSync(path.join(home.dataDir, 'images')).sort()
    await start('--fresh')
    const next = printedPassword(up.output()) ?? ''
    expect(next).not.toBe(password)
    expect(await lab.signIn(ownPassword)).toBe(401)
    expect(await lab.signIn(next)).toBe(204)
    for (const gone of ['state/link', 'lab/link', 'lab/disk.raw']) expect(existsSync(path.join(home.dataDir, gone)), gone).toBe(false)
    expect(readFileSync(path.join(outside, 'precious'), 'utf8')).toBe('kept')
    expect(readdirSync(path.join(home.dataDir, 'images')).sort()).toEqual(images)
    expect(await interrupt()).toBe(0)
    expect(lab.namespaces()).toEqual([])
  })
})
