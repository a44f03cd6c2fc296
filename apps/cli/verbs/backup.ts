import { createReadStream, existsSync, statSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { AddVerbs, Context } from '../context.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { renderBytes } from '../show/amount.ts'

const Restored = z.object({ at: z.string(), version: z.string() })
const restartMs = 120_000

/** `backup FILE` and `restore FILE`: the appliance's whole state as one file. */
export const addBackupVerbs: AddVerbs = (program, bind) => {
  program.command('backup').description("writes the appliance's state to a file").argument('<file>').action(bind(async (context, file: string) => {
    if (existsSync(file)) throw new CliFailure(`${file} exists: name another file`)
    await context.api().raw({ method: 'POST', path: 'backup', timeoutMs: 600_000, into: file })
    const sizeBytes = statSync(file).size
    context.answer({ file, sizeBytes }, () => `${file}: ${renderBytes(sizeBytes)}. It holds secrets: keep it safe.\n`)
  }))
  program.command('restore').description("replaces the appliance's state by that of a file").argument('<file>').action(bind(restore))
}

async function restore(context: Context, file: string): Promise<void> {
  if (!existsSync(file) || !statSync(file).isFile()) throw wrongCall(`${file} is not a file`)
  if (!(await context.confirm(`Replace everything the appliance knows by ${file}? Its present state is kept beside it.`))) throw new CliFailure('nothing was restored')
  const api = context.api()
  const { startedAt } = await api.status()
  const answer = await api.raw({ method: 'POST', path: 'restore', body: createReadStream(file), contentType: 'application/octet-stream', timeoutMs: 600_000 })
  const { at } = Restored.parse(JSON.parse(answer.body.toString('utf8')))
  for (const end = Date.now() + restartMs; Date.now() < end; await wait(300)) {
    const status = await api.status().catch(() => undefined) // it is being started again
    if (status === undefined || status.startedAt === startedAt) continue
    context.answer({ restored: file, at }, () => `The state of ${at} is restored, and the appliance runs with it.\n`)
    return
  }
  throw new CliFailure(`the state of ${at} is ready, but the appliance did not start again within ${restartMs / 1000} s: see its log`)
}
