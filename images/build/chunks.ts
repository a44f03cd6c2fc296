import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import path from 'node:path'
import { command } from './command.ts'
import { usedPieces, type ByteRange } from './free-blocks.ts'
import type { Chunk } from './manifest.ts'

/**
 * How a file is cut and packed: to what a machine decodes soonest. Literals that are not Huffman coded take a sixth less of its time, no matches
 * below six bytes a tenth less; most of the 5 % of bytes that both cost are won back by the level.
 */
export const packing = { chunkBytes: 4 * 1024 * 1024, zstd: ['-q', '-f', '-9', '--zstd=minMatch=6', '--no-compress-literals', '--no-check'] } as const

/**
 * Cuts a file into zstd chunks named by their BLAKE2b-512 (RFC 7693), which a small machine computes in two thirds of the time of SHA-256, in
 * `chunksDir`; pieces that are wholly in `free` are left out.
 */
export async function cutChunks(plan: { file: string; free: readonly ByteRange[]; chunksDir: string }, onShare?: (share: number) => void): Promise<Chunk[]> {
  const { size } = await stat(plan.file)
  const pieces = usedPieces(size, packing.chunkBytes, plan.free)
  const chunks: Chunk[] = []
  const source = await open(plan.file, 'r')
  const seen = new Map<string, { digest: string; compressedBytes: number }>()
  let next = 0
  // Two at a time: the smallest machine that builds has two cores.
  const worker = async (name: string): Promise<void> => {
    const raw = path.join(plan.chunksDir, `.${name}.raw`)
    const packed = path.join(plan.chunksDir, `.${name}.zst`)
    while (next < pieces.length) {
      const index = next
      next += 1
      const { from, to } = pieces[index] as ByteRange
      const bytes = Buffer.alloc(to - from)
      await source.read(bytes, 0, bytes.length, from)
      const content = createHash('sha256').update(bytes).digest('hex')
      let stored = seen.get(content)
      if (!stored) {
        writeFileSync(raw, bytes)
        await command('zstd', [...packing.zstd, raw, '-o', packed])
        const result = readFileSync(packed)
        stored = { digest: createHash('blake2b512').update(result).digest('hex'), compressedBytes: result.length }
        if (!existsSync(path.join(plan.chunksDir, stored.digest))) renameSync(packed, path.join(plan.chunksDir, stored.digest))
        seen.set(content, stored)
      }
      chunks[index] = { ...stored, offsetBytes: from, lengthBytes: bytes.length }
      if (index % 20 === 0) onShare?.(index / pieces.length)
    }
    rmSync(raw, { force: true })
    rmSync(packed, { force: true })
  }
  await Promise.all([worker('a'), worker('b')])
  await source.close()
  return chunks
}
