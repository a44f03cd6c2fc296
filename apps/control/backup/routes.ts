import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Core } from '../core.ts'
import { bytes, stream } from '../http/answers.ts'
import { Refusal } from '../http/deps.ts'
import { startStoreThread } from '../store/thread.ts'
import type { BackupDone, BackupWork } from '../store/backup-thread.ts'
import type { BackupHead } from './archive.ts'

const mostBytes = 16 * 1024 ** 3

/** `POST backup` and `POST restore`: for root on the appliance alone, since a backup holds every secret. One at a time; the work is a thread's. */
export function registerBackupRoutes(app: FastifyInstance, core: Core, version: string, restart: () => void): void {
  const { stateDir } = core.config
  const rootOnly = (request: FastifyRequest): void => {
    if (request.operator.by !== 'socket') throw new Refusal(403, 'Only root on the appliance may do this: a backup holds every secret. Use "systemcloud backup" there.')
  }
  const audit = (act: string, detail: string): Promise<void> => core.people.audit({ at: new Date(core.now()).toISOString(), user: 'root', act, target: 'appliance', detail })
  const beside = (what: string): string => `${stateDir}.${what}-${randomBytes(6).toString('hex')}`

  const api = app.withTypeProvider<ZodTypeProvider>()
  api.post('/backup', { schema: { response: { 200: bytes('application/gzip', 'The whole state of the appliance, as a file') } } }, async (request, reply) => {
    rootOnly(request)
    const at = new Date(core.now()).toISOString()
    const file = beside('backup')
    await runAlone({ do: 'pack', stateDir, file, head: { format: 'system-cloud-backup-1', version, at } })
    await audit('backup', '')
    await core.journal.record({ machineId: null, kind: 'state.backedUp', level: 'info', text: 'root made a backup', data: {} })
    const { size } = await stat(file)
    const bytes = createReadStream(file)
    bytes.once('close', () => void rm(file, { force: true }))
    return reply.type('application/gzip').header('content-length', size).header('content-disposition', `attachment; filename="system-cloud-${at.slice(0, 10)}.tar.gz"`).send(bytes)
  })

  api.post('/restore', { bodyLimit: mostBytes, schema: { consumes: ['application/octet-stream'], body: stream('A backup'), response: { 202: z.object({ at: z.string(), version: z.string() }) } } }, async (request, reply) => {
    rootOnly(request)
    const body = request.body as Readable | undefined
    if (body === undefined || typeof body.pipe !== 'function') throw new Refusal(400, 'Send the backup with the content type application/octet-stream.')
    const file = beside('upload')
    let head: BackupHead
    try {
      await pipeline(body, createWriteStream(file, { flags: 'wx', mode: 0o600 }))
      head = await runAlone({ do: 'stage', stateDir, file, migrationsDir: path.join(core.config.rootDir, 'prisma/migrations') })
    } finally {
      await rm(file, { force: true })
    }
    await audit('restore', head.at)
    await core.journal.record({ machineId: null, kind: 'state.restoreStaged', level: 'warn', text: `root restores the state of ${head.at}: control restarts with it`, data: { at: head.at } })
    reply.raw.once('close', () => setTimeout(restart, 200))
    return reply.code(202).send({ at: head.at, version: head.version })
  })
}

let busy = false

async function runAlone(work: BackupWork): Promise<BackupHead> {
  if (busy) throw new Refusal(409, 'A backup or restore is under way: try again when it is done.')
  busy = true
  try {
    const thread = startStoreThread('backup-thread', work)
    const [done] = (await once(thread, 'message')) as [BackupDone]
    await thread.terminate()
    if ('refused' in done) throw new Refusal(422, `This file cannot be restored: ${done.refused}.`)
    if ('failed' in done) throw new Error(`the ${work.do === 'pack' ? 'backup' : 'restore'} failed: ${done.failed}`)
    return done.head
  } finally {
    busy = false
  }
}
