import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Executor, Host } from '../host.ts'
import { must } from '../command.ts'

interface Wanted { readonly path: string; readonly content: Buffer; readonly mode: string; readonly owner: string; readonly group: string }

/** Writes a file whole, by rename, so that no reader sees half of it. */
export const applyFile: Executor<'file'> = (task, host) => place({ ...task, content: Buffer.from(task.content) }, host)

/** Copies a file that only this machine has. */
export const applyCopy: Executor<'copy'> = async (task, host) => place({ ...task, content: await readFile(path.join(host.root, task.from)) }, host)

async function place(wanted: Wanted, host: Host) {
  const target = path.join(host.root, wanted.path)
  const [uid, gid] = await Promise.all([lookUp(host, 'passwd', wanted.owner), lookUp(host, 'group', wanted.group)])
  const mode = Number.parseInt(wanted.mode, 8)
  if (await isThere(target, wanted.content, mode, uid, gid)) return { changed: false, detail: '' }
  await mkdir(path.dirname(target), { recursive: true })
  const temporary = `${target}.${randomBytes(6).toString('hex')}.new`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(wanted.content)
      await handle.chown(uid, gid)
      await handle.chmod(mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  } finally {
    await rm(temporary, { force: true })
  }
  return { changed: true, detail: `wrote ${wanted.path}` }
}

async function isThere(target: string, content: Buffer, mode: number, uid: number, gid: number): Promise<boolean> {
  const found = await stat(target).catch(whereAbsent)
  if (found === undefined || (found.mode & 0o7777) !== mode || found.uid !== uid || found.gid !== gid || found.size !== content.length) return false
  return content.equals(await readFile(target))
}

/** undefined for a file that is not there; anything else that went wrong is thrown on. */
export function whereAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}

async function lookUp(host: Host, database: 'passwd' | 'group', name: string): Promise<number> {
  if (name === 'root') return 0
  const line = await must(host.run, 'getent', [database, name]).catch((error: unknown) => {
    throw new Error(`there is no ${database === 'passwd' ? 'user' : 'group'} ${name} on this machine`, { cause: error })
  })
  return Number(line.split(':')[2])
}
