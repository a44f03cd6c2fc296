import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { carryRevocations } from '../store/carry-revocations.ts'
import { copyDatabases, databaseFiles } from '../store/copy-databases.ts'
import { migrationNames } from '../store/migrate.ts'
import { BadBackup, listFiles, readArchive, writeArchive, type BackupHead } from './archive.ts'

/** What a backup leaves out: the live databases (copies are in it), what is made anew at every start, uploads under way, recorded packets. */
const leftOut = (name: string): boolean => /^(registry|hot)\.db/.test(name) || /^(hosts|boot|packets)(\.|\/|$)/.test(name) || name.split('/').some((part) => part.startsWith('.'))

/** Writes the whole state as one archive. The state goes on being written meanwhile. */
export async function packState(stateDir: string, target: string, head: BackupHead): Promise<void> {
  const copies = mkdtempSync(`${stateDir}.backup-`)
  try {
    await copyDatabases(stateDir, copies)
    await writeArchive(target, head, [
      ...databaseFiles.map((name) => ({ name, file: path.join(copies, name) })),
      ...listFiles(stateDir, leftOut).map((name) => ({ name, file: path.join(stateDir, name) })),
    ])
  } finally {
    rmSync(copies, { recursive: true, force: true })
  }
}

const stagedDir = (stateDir: string): string => `${stateDir}.restore`
const completeMark = '.complete'

/**
 * Unpacks an archive beside the state and checks it: the next start of control takes it. Rejects with `BadBackup`, the state untouched and
 * nothing staged, where it is damaged, comes from a newer version, or lacks what an appliance cannot be without.
 */
export async function stageRestore(stateDir: string, archive: string, migrationsDir: string): Promise<BackupHead> {
  const staged = stagedDir(stateDir)
  rmSync(staged, { recursive: true, force: true })
  mkdirSync(staged, { mode: 0o700 })
  try {
    const head = await readArchive(archive, staged)
    for (const name of [...databaseFiles, 'ca/ca.pem']) if (!existsSync(path.join(staged, name))) throw new BadBackup(`it lacks ${name}`)
    for (const name of databaseFiles) checkDatabase(path.join(staged, name), name === 'registry.db' ? migrationNames(migrationsDir) : undefined)
    checkAuthority(readFileSync(path.join(staged, 'ca/ca.pem'), 'utf8'))
    writeFileSync(path.join(staged, completeMark), JSON.stringify(head), { mode: 0o600, flush: true })
    return head
  } catch (error) {
    rmSync(staged, { recursive: true, force: true })
    throw error
  }
}

function checkDatabase(file: string, known: readonly string[] | undefined): void {
  const name = path.basename(file)
  const db = new Database(file, { fileMustExist: true })
  try {
    if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') throw new BadBackup(`${name} is damaged`)
    const applied = known === undefined ? [] : (db.prepare('SELECT name FROM "_migrations"').pluck().all() as string[])
    const newer = applied.filter((one) => known?.includes(one) === false)
    if (newer.length > 0) throw new BadBackup(`a newer System Cloud wrote it (${newer.join(', ')}): install that version first`)
  } catch (error) {
    throw error instanceof BadBackup ? error : new BadBackup(`${name} is no database of an appliance`, { cause: error })
  } finally {
    db.close()
  }
}

function checkAuthority(pem: string): void {
  try {
    if (!new X509Certificate(pem).ca || !pem.includes('PRIVATE KEY')) throw new Error('it signs nothing')
  } catch (error) {
    throw new BadBackup('its certificate authority cannot be read', { cause: error })
  }
}

/**
 * Puts a staged state in the place of the present one, which stays as STATE.before-restore. Called before anything is opened; does nothing
 * where nothing is staged. Killed at any moment, it goes on at the next start.
 *
 * What was revoked since the backup stays revoked, as far as the present state can be read.
 */
export function takeStagedRestore(stateDir: string): { head: BackupHead; revocations: 'kept' | 'unknown' } | undefined {
  const staged = stagedDir(stateDir)
  const mark = path.join(staged, completeMark)
  if (!existsSync(mark)) {
    rmSync(staged, { recursive: true, force: true })
    return undefined
  }
  const head = JSON.parse(readFileSync(mark, 'utf8')) as BackupHead
  const before = `${stateDir}.before-restore`
  const revocations = keepRevocations(stateDir, before, staged)
  if (existsSync(path.join(stateDir, 'registry.db'))) {
    rmSync(before, { recursive: true, force: true })
    renameSync(stateDir, before)
  } else rmSync(stateDir, { recursive: true, force: true })
  renameSync(staged, stateDir)
  rmSync(path.join(stateDir, completeMark), { force: true })
  return { head, revocations }
}

/** A kill between the two renames leaves the present state in `before` only. */
function keepRevocations(stateDir: string, before: string, staged: string): 'kept' | 'unknown' {
  const present = [stateDir, before].map((folder) => path.join(folder, 'registry.db')).find((file) => existsSync(file))
  if (present === undefined) return 'unknown'
  try {
    carryRevocations(present, path.join(staged, 'registry.db'))
    return 'kept'
  } catch { // a damaged state is a reason to restore: whoever restores is told
    return 'unknown'
  }
}

/** Clears what killed backups and uploads left beside the state. */
export function clearLeftovers(stateDir: string): void {
  const name = path.basename(stateDir)
  const home = path.dirname(stateDir)
  if (!existsSync(home)) return
  for (const entry of readdirSync(home)) if (entry.startsWith(`${name}.backup-`) || entry.startsWith(`${name}.upload-`)) rmSync(path.join(home, entry), { recursive: true, force: true })
}
