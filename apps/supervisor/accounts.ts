import { lchownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { attempt } from './run.ts'

/** A user of the host. */
export interface Account { readonly name: string; readonly uid: number; readonly gid: number }

/** Whom the appliance's processes run as: control by itself, and what only talks to networks (console, DNS, time, doors) without access to it. */
export interface Accounts { readonly control: Account; readonly doors: Account }

/** What control needs of root: low ports, raw frames, its receive buffers. */
export const controlCapabilities = ['net_bind_service', 'net_raw', 'net_admin'] as const

/** Finds the accounts that scripts/install makes. Throws a sentence where one is missing. */
export async function findAccounts(): Promise<Accounts> {
  const find = async (name: string): Promise<Account> => {
    const [, , uid, gid] = ((await attempt('getent', 'passwd', name)) ?? '').trim().split(':')
    if (uid === undefined || gid === undefined) throw new Error(`the system user ${name} is missing: run scripts/install`)
    return { name, uid: Number(uid), gid: Number(gid) }
  }
  return { control: await find('system-cloud'), doors: await find('system-cloud-doors') }
}

/** The words before a command that run it as an account, with these capabilities and no way to get more. */
export function runAs(account: Account, capabilities: readonly string[]): string[] {
  const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',')
  // access(2) answers for a user without capabilities, unless this bit is set: programs that ask it first would not find what they may read.
  const asking = capabilities.includes('dac_read_search') ? ['--securebits=+no_setuid_fixup'] : []
  return ['setpriv', ...asking, `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', `--inh-caps=${set}`, `--ambient-caps=${set}`, `--bounding-set=${set}`, '--no-new-privs']
}

/** Whether an account without any capability can read all these files and folders. */
export async function canRead(account: Account, files: readonly string[]): Promise<boolean> {
  const [command = '', ...words] = runAs(account, [])
  for (const file of files) if ((await attempt(command, ...words, 'test', '-r', file)) === undefined) return false
  return true
}

/** Makes a folder that belongs to an account, and gives it all that is in it. Links are not followed. */
export function makeOwnFolder(folder: string, account: Account, mode: number): void {
  mkdirSync(folder, { recursive: true, mode })
  own(folder)

  function own(file: string): void {
    const found = lstatSync(file)
    if (found.uid !== account.uid || found.gid !== account.gid) lchownSync(file, account.uid, account.gid)
    if (found.isDirectory()) for (const name of readdirSync(file)) own(path.join(file, name))
  }
}
