import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { compileWriter } from '#images/build/writer'
import { renderChunkList, type Chunk } from '#images/build/manifest'

const mebibyte = 1024 ** 2
const exits = { done: 0, plan: 2, damaged: 3, disk: 4, unheard: 5 } as const

/** Bytes that hardly pack, the same for the same seed. */
function noise(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, index) => createHash('sha512').update(`${seed} ${index}`).digest())
  return Buffer.concat(blocks).subarray(0, length)
}
interface Piece extends Chunk { readonly content: Buffer; readonly packed: Buffer }
function piece(content: Buffer, offsetBytes: number, lengthBytes = content.length): Piece {
  const packed = execFileSync('zstd', ['-qc'], { input: content, maxBuffer: 8 * mebibyte })
  return { digest: createHash('blake2b512').update(packed).digest('hex'), compressedBytes: packed.length, offsetBytes, lengthBytes, content, packed }
}

let folder = ''
let writer = ''
const at = (name: string): string => path.join(folder, name)
const places = (): string[] => [at('root'), at('esp'), at('bios')]

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sc-writer-'))
  writer = at('write-chunks')
  await compileWriter(writer, ['-Werror'])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const old = noise('what was on the disk', 16 * mebibyte)
beforeEach(() => { writeFileSync(at('root'), old); writeFileSync(at('esp'), old.subarray(0, 2 * mebibyte)); writeFileSync(at('bios'), Buffer.alloc(mebibyte)) })

const zeros = Buffer.alloc(mebibyte)
const image = { root: [piece(noise('a', 4 * mebibyte), 0), piece(zeros, 5 * mebibyte), piece(noise('b', 3 * mebibyte), 8 * mebibyte), piece(zeros, 15 * mebibyte)], esp: [piece(noise('c', mebibyte + 512), 512)], bios: [piece(noise('d', 30_001), 0)] }
const all = [...image.root, ...image.esp, ...image.bios]
const listOf = (of: Record<'root' | 'esp' | 'bios', Chunk[]>): string => renderChunkList({ ...of, id: '', title: '', hash: '', suite: '', kernel: '', builtAt: '', sizes: { rootBytes: 0, espBytes: 0, writtenBytes: 0, downloadBytes: 0 } })
const stream = (pieces: readonly Piece[]): Buffer => Buffer.concat(pieces.map((one) => one.packed))
/** The bytes of `before` with pieces laid over them. */
function laid(before: Buffer, pieces: readonly Piece[]): Buffer {
  const after = Buffer.from(before)
  for (const one of pieces) one.content.copy(after, one.offsetBytes)
  return after
}
interface End { readonly code: number | null; readonly told: string; readonly words: string }
function run(list: string, input: Buffer, options: { first?: number | 'check'; targets?: string[]; before?: string[] } = {}): End {
  writeFileSync(at('plan'), list)
  const [program, ...words] = [...(options.before ?? []), writer, String(options.first ?? 0), at('plan'), ...(options.targets ?? places())] as [string, ...string[]]
  const { status, stdout, stderr } = spawnSync(program, words, { input })
  return { code: status, told: stdout.toString(), words: stderr.toString().trim() }
}
const expectSame = (file: string, bytes: Buffer): void => expect(readFileSync(file).equals(bytes), file).toBe(true)
const expectWritten = (pieces: { root: Piece[]; esp: Piece[]; bios: Piece[] }): void => {
  expectSame(at('root'), laid(old, pieces.root))
  expectSame(at('esp'), laid(old.subarray(0, 2 * mebibyte), pieces.esp))
  expectSame(at('bios'), laid(zeros, pieces.bios))
}
const nothing = { root: [], esp: [], bios: [] }

describe('what the ramdisk writes an image with', () => {
  it('writes every chunk where the list says, and nothing else', () => {
    expect(run(listOf(image), Buffer.alloc(0), { first: 'check' })).toEqual({ code: exits.done, told: `${all.reduce((sum, one) => sum + one.lengthBytes, 0)}\n`, words: '' })
    expectWritten(nothing)
    expect(run(listOf(image), stream(all))).toEqual({ code: exits.done, told: '', words: '' })
    expectWritten(image)
  })

  it('writes nothing of a damaged chunk, says how far it came, and goes on from there', () => {
    const bytes = stream(all)
    const spot = stream(all.slice(0, 2)).length + 70_000
    bytes[spot] = (bytes[spot] as number) ^ 1
    expect(run(listOf(image), bytes)).toEqual({ code: exits.damaged, told: `2 ${5 * mebibyte}\n`, words: 'chunk 3 of 6 came damaged' })
    expectWritten({ ...nothing, root: image.root.slice(0, 2) })
    expect(run(listOf(image), stream(all.slice(2)), { first: 2 })).toEqual({ code: exits.done, told: '', words: '' })
    expectWritten(image)
  })

  it.each([['before the first byte', 0, 0], ['within the first chunk', 100_000, 0], ['after a chunk', all[0]!.packed.length, 1], ['one byte before the end', stream(all).length - 1, 5]])('says where the stream was cut: %s', (_, bytes, written) => {
    expect(run(listOf(image), stream(all).subarray(0, bytes))).toEqual({ code: exits.damaged, told: `${written} ${all.slice(0, written).reduce((sum, one) => sum + one.lengthBytes, 0)}\n`, words: `chunk ${written + 1} of 6 did not come whole` })
    expectWritten({ root: image.root.slice(0, written), esp: written > 4 ? image.esp : [], bios: [] })
  })

  it.each([['less', -1], ['more', 1]])('stops at a chunk that holds %s than the list says, and writes nothing of it', (_, by) => {
    const wrong = { ...image, root: [piece(noise('a', mebibyte), 0, mebibyte - by), ...image.root.slice(1)] }
    const end = run(listOf(wrong), stream([...wrong.root, ...image.esp, ...image.bios]))
    expect(end).toEqual({ code: exits.plan, told: '', words: `chunk 1 does not hold the ${mebibyte - by} bytes that the chunk list says` })
    expectWritten(nothing)
  })

  it('stops at a chunk that is no zstd frame at all', () => {
    const packed = noise('no frame', 5000)
    const wrong = { ...all[0]!, packed, compressedBytes: packed.length, digest: createHash('blake2b512').update(packed).digest('hex') }
    expect(run(listOf({ ...image, root: [wrong] }), stream([wrong, ...image.esp, ...image.bios])).code).toBe(exits.plan)
    expectWritten(nothing)
  })

  const line = (fields: Partial<Record<'digest' | 'packed' | 'offset' | 'length' | 'target' | 'more', string>>): string => `${fields.digest ?? 'a'.repeat(128)} ${fields.packed ?? '100'} ${fields.offset ?? '0'} ${fields.length ?? '4096'} ${fields.target ?? 'root'}${fields.more ?? ''}\n`
  it.each([
    ['an end behind the target', line({ offset: String(16 * mebibyte - 4095) })],
    ['an offset behind the target', line({ offset: String(17 * mebibyte) })],
    ['an end that overflows', line({ offset: '18446744073709551615' })],
    ['an end that overflows a signed number', line({ offset: '9223372036854775807' })],
    ['a number that no machine holds', line({ offset: '99999999999999999999999' })],
    ['a negative offset', line({ offset: '-4096' })],
    ['an offset with a sign', line({ offset: '+0' })],
    ['an offset in hex', line({ offset: '0x10' })],
    ['no length', line({ length: '0' })],
    ['more than 4 MiB', line({ length: String(4 * mebibyte + 1) })],
    ['nothing packed', line({ packed: '0' })],
    ['more packed than 4 MiB can become', line({ packed: String(5 * mebibyte) })],
    ['a short digest', line({ digest: 'a'.repeat(127) })],
    ['a digest in capitals', line({ digest: 'A'.repeat(128) })],
    ['another target', line({ target: 'data' })],
    ['two blanks', line({ packed: ' 100' })],
    ['a field more', line({ more: ' 1' })],
    ['a field less', `${'a'.repeat(128)} 100 0 4096\n`],
    ['an empty line', '\n'],
  ])('refuses a list with %s before it writes', (_, wrong) => {
    for (const first of ['check', 0] as const) expect(run(wrong + listOf(image), stream(all), { first })).toEqual({ code: exits.plan, told: '', words: 'line 1 of the chunk list is no chunk of this disk' })
    expectWritten(nothing)
  })

  it.each([
    ['boot code before the system', listOf({ ...image, root: [] }) + listOf({ root: image.root, esp: [], bios: [] }), 'line 1 of the chunk list is for esp out of turn'],
    ['boot code between the system', listOf({ ...image, bios: [] }) + listOf(image), 'line 6 of the chunk list is for root out of turn'],
    ['no boot code', listOf({ ...image, bios: [] }), 'the chunk list has nothing for bios'],
    ['nothing', '', 'the chunk list has nothing for root'],
  ])('refuses a list with %s', (_, list, words) => {
    expect(run(list, stream(all))).toEqual({ code: exits.plan, told: '', words })
    expectWritten(nothing)
  })

  it('says what a disk that fails said, and where', () => {
    const end = run(listOf(image), stream(all), { before: ['sh', '-c', `trap '' XFSZ; exec prlimit --fsize=${9 * mebibyte} "$@"`, 'sh'] })
    expect(end).toEqual({ code: exits.disk, told: '', words: `writing at byte ${9 * mebibyte} of ${at('root')}: File too large` })
    expect(run(listOf(image), stream(all), { targets: [at('not-there'), at('esp'), at('bios')] }).words).toBe(`${at('not-there')}: No such file or directory`)
  })

  it('ends when nobody reads any more what it tells, also while no bytes come', async () => {
    writeFileSync(at('plan'), listOf(image))
    const child = spawn(writer, ['0', at('plan'), ...places()], { stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdin.on('error', () => undefined).write(image.root[0]!.packed)
    child.stdout.destroy()
    expect(await new Promise((resolve) => { child.once('exit', resolve) })).toBe(exits.unheard)
  })
})

describe('on a block device', () => {
  let memory = ''
  let device = ''
  beforeEach(() => {
    // A file system in memory takes no writes past the page cache on some kernels.
    memory = mkdtempSync('/dev/shm/sc-writer-')
    for (const name of ['esp', 'bios']) writeFileSync(path.join(memory, name), Buffer.alloc(2 * mebibyte))
    writeFileSync(path.join(memory, 'disk'), '')
    truncateSync(path.join(memory, 'disk'), 16 * mebibyte)
    device = execFileSync('losetup', ['--find', '--show', path.join(memory, 'disk')]).toString().trim()
    return () => { execFileSync('losetup', ['--detach', device]); rmSync(memory, { recursive: true, force: true }) }
  })

  it('writes the same, and no further than its end', () => {
    const targets = [device, path.join(memory, 'esp'), path.join(memory, 'bios')]
    expect(run(listOf(image), stream(all), { targets })).toEqual({ code: exits.done, told: '', words: '' })
    expectSame(path.join(memory, 'disk'), laid(Buffer.alloc(16 * mebibyte), image.root))
    expectSame(path.join(memory, 'esp'), laid(Buffer.alloc(2 * mebibyte), image.esp))
    const beyond = { ...image, root: [piece(zeros, 15 * mebibyte + 512)] }
    expect(run(listOf(beyond), stream([...beyond.root, ...image.esp, ...image.bios]), { targets }).code).toBe(exits.plan)
  })
})
