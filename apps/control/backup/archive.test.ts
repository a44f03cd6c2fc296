import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { pack, type Header } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BadBackup, listFiles, readArchive, writeArchive, type BackupHead } from './archive.ts'
import { stageRestore, takeStagedRestore } from './state-archive.ts'

const head: BackupHead = { format: 'system-cloud-backup-1', version: '1', at: '2026-01-02T03:04:05.000Z' }
let folder: string
const at = (...parts: string[]): string => path.join(folder, ...parts)
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sc-backup-'))
  for (const name of ['state/ca', 'state/logs/m1', 'out']) mkdirSync(at(name), { recursive: true })
  writeFileSync(at('state/ca/ca.pem'), 'a certificate')
  writeFileSync(at('state/logs/m1/000000000001.jsonl'), 'x'.repeat(200_000))
  writeFileSync(at('state/empty'), '')
  symlinkSync('/etc/passwd', at('state/link'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function make(): Promise<string> {
  await writeArchive(at('b.tar.gz'), head, listFiles(at('state'), () => false).map((name) => ({ name, file: at('state', name) })))
  return at('b.tar.gz')
}

async function craft(entries: readonly (Partial<Header> & { name: string; text?: string })[]): Promise<string> {
  const tar = pack()
  for (const { text, ...header } of entries) tar.entry(header, text ?? '')
  tar.finalize()
  writeFileSync(at('crafted.tar.gz'), gzipSync(await buffer(tar)))
  return at('crafted.tar.gz')
}
const start = { name: 'backup.json', text: JSON.stringify(head) }

describe('an archive', () => {
  it('gives back every file, and no link', async () => {
    expect(await readArchive(await make(), at('out'))).toEqual(head)
    expect(listFiles(at('out'), () => false)).toEqual(['ca/ca.pem', 'empty', 'logs/m1/000000000001.jsonl'])
    expect(readFileSync(at('out/logs/m1/000000000001.jsonl'), 'utf8')).toHaveLength(200_000)
  })

  it('is refused where a byte differs, where its end is missing, and where it is something else', async () => {
    const whole = gunzipSync(readFileSync(await make()))
    const changed = Buffer.from(whole)
    changed[whole.indexOf('a certificate')] = 0x41
    for (const [name, bytes] of [['changed', gzipSync(changed)], ['cut', gzipSync(whole.subarray(0, 40_960))], ['cut-gzip', gzipSync(whole).subarray(0, 300)], ['noise', Buffer.from('not a backup at all')], ['empty', Buffer.alloc(0)]] as const) {
      mkdirSync(at(name))
      writeFileSync(at(`${name}.gz`), bytes)
      await expect(readArchive(at(`${name}.gz`), at(name)), name).rejects.toThrow(BadBackup)
    }
  })

  it.each<[string, Partial<Header> & { name: string; text?: string }]>([
    ['climbs', { name: '../evil', text: 'x' }], ['climbs later', { name: 'a/../../evil', text: 'x' }], ['is absolute', { name: '/tmp/evil', text: 'x' }], ['is a link', { name: 'l', type: 'symlink', linkname: '/etc' }],
    ['is hidden', { name: '.complete', text: 'x' }], ['is a device', { name: 'd', type: 'character-device' }],
  ])('is refused where an entry %s', async (_, entry) => {
    await expect(readArchive(await craft([start, entry]), at('out'))).rejects.toThrow(/an entry that no backup has/)
    expect(existsSync(at('evil'))).toBe(false)
  })

  it('is refused where it is of another kind or says nothing of itself', async () => {
    await expect(readArchive(await craft([{ name: 'backup.json', text: '{"format":"tomorrow"}' }]), at('out'))).rejects.toThrow(/a kind that this version does not know/)
    await expect(readArchive(await craft([{ name: 'x', text: 'x' }]), at('out'))).rejects.toThrow(/not a backup of System Cloud/)
  })
})

describe('restoring', () => {
  it('stages nothing from an archive without databases, and leaves the state as it is', async () => {
    await expect(stageRestore(at('state'), await make(), at('out'))).rejects.toThrow(/it lacks registry.db/)
    expect(existsSync(at('state.restore'))).toBe(false)
    expect(takeStagedRestore(at('state'))).toBeUndefined()
    expect(existsSync(at('state/ca/ca.pem'))).toBe(true)
  })

  it('goes on where a kill left it, and keeps the state before', () => {
    const stage = (): void => {
      mkdirSync(at('state.restore'))
      writeFileSync(at('state.restore/registry.db'), 'restored')
      writeFileSync(at('state.restore/.complete'), JSON.stringify(head))
    }
    writeFileSync(at('state/registry.db'), 'present')
    stage()
    expect(takeStagedRestore(at('state'))).toEqual({ head, revocations: 'unknown' })
    expect([readFileSync(at('state/registry.db'), 'utf8'), readFileSync(at('state.before-restore/registry.db'), 'utf8')]).toEqual(['restored', 'present'])
    expect(takeStagedRestore(at('state'))).toBeUndefined()
    // Killed between the two renames, and somebody has made an empty state folder since.
    stage()
    rmSync(at('state'), { recursive: true })
    mkdirSync(at('state'))
    expect(takeStagedRestore(at('state'))).toMatchObject({ head })
    expect(readFileSync(at('state.before-restore/registry.db'), 'utf8')).toBe('present')
  })
})
