import { parentPort, workerData } from 'node:worker_threads'
import { BadBackup, type BackupHead } from '../backup/archive.ts'
import { packState, stageRestore } from '../backup/state-archive.ts'

/** What the thread is started for. */
export type BackupWork = { readonly do: 'pack'; readonly stateDir: string; readonly file: string; readonly head: BackupHead } | { readonly do: 'stage'; readonly stateDir: string; readonly file: string; readonly migrationsDir: string }
/** What it says at its end. `refused`: the archive is to blame. */
export type BackupDone = { readonly head: BackupHead } | { readonly refused: string } | { readonly failed: string }

async function work(asked: BackupWork): Promise<BackupDone> {
  try {
    if (asked.do === 'stage') return { head: await stageRestore(asked.stateDir, asked.file, asked.migrationsDir) }
    await packState(asked.stateDir, asked.file, asked.head)
    return { head: asked.head }
  } catch (error) {
    return error instanceof BadBackup ? { refused: error.message } : { failed: error instanceof Error ? error.message : String(error) }
  }
}

if (parentPort !== null) {
  const port = parentPort
  void work(workerData as BackupWork).then((done) => port.postMessage(done))
}
