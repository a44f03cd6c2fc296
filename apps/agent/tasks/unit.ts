import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Task } from '#contract/agent-api'
import type { Executor, Host } from '../host.ts'
import { must } from '../command.ts'
import { whereAbsent } from './file.ts'

/** What a unit had read when it was last started or reloaded: fingerprints of the files it depends on. */
interface Stamp { readonly restart: string; readonly reload: string }

/**
 * Starts (and enables) or stops a unit. Restarts or reloads it when the files it depends on are not those it last read: the
 * fingerprints are on disk, so an agent killed between writing a file and restarting the unit still restarts it.
 */
export const applyUnit: Executor<'unit'> = async (task, host, all) => {
  const active = (await host.run('systemctl', ['is-active', task.name])).stdout.trim()
  if (task.state === 'stopped') {
    if (['inactive', 'failed', 'unknown', ''].includes(active)) return { changed: false, detail: '' }
    await must(host.run, 'systemctl', ['disable', '--now', task.name])
    return { changed: true, detail: 'stopped' }
  }
  const now: Stamp = { restart: await fingerprint(host, all, task.restartOn), reload: await fingerprint(host, all, task.reloadOn) }
  const before = await readStamp(host, task.name)
  const act = active !== 'active' && active !== 'reloading' ? 'start' : before?.restart !== now.restart ? 'restart' : before.reload !== now.reload ? 'reload-or-restart' : undefined
  if (act === undefined) return { changed: false, detail: '' }
  await host.run('systemctl', ['daemon-reload'])
  await host.run('systemctl', ['enable', task.name]) // a static unit cannot be enabled and need not be
  if (active === 'failed') await host.run('systemctl', ['reset-failed', task.name])
  const done = await host.run('systemctl', [act, task.name])
  if (done.code !== 0) throw new Error(`${task.name} did not ${act}: ${await lastWords(host, task.name, done.stderr)}`)
  await writeStamp(host, task.name, now)
  return { changed: true, detail: `${act === 'start' ? 'started' : act === 'restart' ? 'restarted' : 'reloaded'} ${task.name}` }
}

async function fingerprint(host: Host, all: readonly Task[], ids: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const task of all) {
    if ((task.kind !== 'file' && task.kind !== 'copy') || !ids.includes(task.id)) continue
    const content = await readFile(path.join(host.root, task.path)).catch(whereAbsent)
    hash.update(`${task.path}\0${content === undefined ? 'absent' : createHash('sha256').update(content).digest('hex')}\0`)
  }
  return hash.digest('hex')
}

/** The last lines of the unit's journal: the line that explains a failure is there, not in what systemctl says. */
async function lastWords(host: Host, unit: string, fallback: string): Promise<string> {
  const journal = await host.run('journalctl', ['-u', unit, '-n', '12', '--no-pager', '-o', 'cat'])
  return (journal.stdout.trim() || fallback.trim()).slice(-1500)
}

const stampFile = (host: Host, unit: string) => path.join(host.stateDir, 'units', `${unit}.stamp`)

async function readStamp(host: Host, unit: string): Promise<Stamp | undefined> {
  const text = await readFile(stampFile(host, unit), 'utf8').catch(whereAbsent)
  if (text === undefined) return undefined
  const [restart, reload] = text.split('\n')
  return restart === undefined || reload === undefined ? undefined : { restart, reload }
}

async function writeStamp(host: Host, unit: string, stamp: Stamp): Promise<void> {
  const file = stampFile(host, unit)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(`${file}.new`, `${stamp.restart}\n${stamp.reload}\n`)
  await rename(`${file}.new`, file)
}
