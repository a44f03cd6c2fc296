import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { canRead, controlCapabilities, findAccounts, makeOwnFolder, runAs, type Accounts } from '../../apps/supervisor/accounts.ts'
import { openApplianceWorld, type ApplianceWorld } from '../sim/appliance-world.ts'
import { readPrivileges } from '../sim/privileges.ts'

let world: ApplianceWorld
let accounts: Accounts
let reading: string[]

beforeAll(async () => {
  accounts = await findAccounts()
  world = await openApplianceWorld('pr')
  makeOwnFolder(world.control.home, accounts.control, 0o700)
  // Where only root may enter the checkout, control may read everything: as scripts/up does it.
  reading = (await canRead(accounts.control, [world.control.program])) ? [] : ['dac_read_search']
  world.control.before = runAs(accounts.control, [...controlCapabilities, ...reading])
})
afterAll(() => world.close())

it('serves machines as a user of its own, with three capabilities and no way to more', async () => {
  await world.control.start()
  await world.dora(50, 16)
  expect(readPrivileges(world.control.pid)).toEqual({
    uids: [accounts.control.uid], gids: [accounts.control.gid], groups: [], noNewPrivileges: true,
    capabilities: ['net_bind_service', 'net_admin', 'net_raw', ...reading].sort(), bounding: ['net_bind_service', 'net_admin', 'net_raw', ...reading].sort(),
  })
  expect(world.control.output).not.toMatch(/EACCES|EPERM/)
})

it('keeps what it stores to itself', () => {
  const open: string[] = []
  const look = (file: string): void => {
    const found = statSync(file)
    if (found.uid !== accounts.control.uid || (found.mode & 0o077) !== 0) open.push(`${file} ${found.uid} ${(found.mode & 0o777).toString(8)}`)
    if (found.isDirectory()) for (const name of readdirSync(file)) look(path.join(file, name))
  }
  look(path.join(world.control.home, 'data/state'))
  expect(open).toEqual([])
  expect(readFileSync(path.join(world.control.home, 'data/state/initial-password'), 'utf8')).toMatch(/\S{8,}/)
})

it('finds the files of a checkout that only root may enter', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'sc-closed-'))
  const file = path.join(home, 'package.json')
  writeFileSync(file, '{}')
  const ask = (capabilities: readonly string[]): string => {
    const [command = '', ...words] = runAs(accounts.control, [...capabilities])
    return execFileSync(command, [...words, process.execPath, '-p', 'fs.existsSync(process.argv[1])', file], { encoding: 'utf8' }).trim()
  }
  expect(ask(controlCapabilities)).toBe('false')
  expect(ask([...controlCapabilities, 'dac_read_search'])).toBe('true')
  rmSync(home, { recursive: true })
})
