import { createReadStream, existsSync, statSync, writeFileSync } from 'node:fs'
import { Refused } from '../appliance/api.ts'
import type { Answer } from '../appliance/transport.ts'
import type { AddVerbs } from '../context.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { renderBytes } from '../show/amount.ts'

/** `backup FILE` and `restore FILE`: the appliance's whole state as one file. */
export const addBackupVerbs: AddVerbs = (program, bind) => {
  program.command('backup').description("writes the appliance's state to a file").argument('<file>').action(bind(async (context, file: string) => {
    if (existsSync(file)) throw new CliFailure(`${file} exists: name another file`)
    const answer = await offered(context.api().raw({ method: 'POST', path: 'admin/backup', timeoutMs: 600_000 }))
    writeFileSync(file, answer.body, { mode: 0o600, flag: 'wx' })
    context.answer({ file, sizeBytes: answer.body.length }, () => `${file}: ${renderBytes(answer.body.length)}. It holds secrets: keep it safe.\n`)
  }))
  program.command('restore').description("replaces the appliance's state by that of a file").argument('<file>').action(bind(async (context, file: string) => {
    if (!existsSync(file) || !statSync(file).isFile()) throw wrongCall(`${file} is not a file`)
    if (!(await context.confirm(`Replace everything the appliance knows by ${file}?`))) throw new CliFailure('nothing was restored')
    await offered(context.api().raw({ method: 'POST', path: 'admin/restore', body: createReadStream(file), contentType: 'application/octet-stream', timeoutMs: 600_000 }))
    context.answer({ restored: file }, () => `${file} is restored.\n`)
  }))
}

async function offered(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Refused && error.status === 404) throw new CliFailure('not available in this version', 1, error)
    throw error
  }
}
