/** A half-open range of bytes. */
export interface ByteRange { readonly from: number; readonly to: number }

/** What dumpe2fs says is free, in bytes. Throws where the text has no block size: then nothing may be skipped. */
export function parseDumpe2fs(text: string): ByteRange[] {
  const size = Number(/^Block size:\s+(\d+)$/m.exec(text)?.[1])
  if (!(size > 0)) throw new Error('dumpe2fs gave no block size')
  const free: ByteRange[] = []
  for (const [, list] of text.matchAll(/^ {2}Free blocks: (.+)$/gm)) {
    for (const [, first, last] of (list as string).matchAll(/(\d+)(?:-(\d+))?/g)) free.push({ from: Number(first) * size, to: (Number(last ?? first) + 1) * size })
  }
  return mergeRanges(free)
}

/**
 * The free clusters of a FAT32 file system, in bytes. `head` holds at least the reserved sectors and the first table.
 * Throws where it is not FAT32.
 *
 * @see Microsoft FAT specification 1.03, "Boot sector and BPB", "FAT data structure"
 */
export function readFat32Free(head: Buffer): ByteRange[] {
  const sector = head.readUInt16LE(11)
  const cluster = head.readUInt8(13) * sector
  const reserved = head.readUInt16LE(14) * sector
  const tableBytes = head.readUInt32LE(36) * sector
  if (head.readUInt16LE(22) !== 0 || tableBytes === 0 || cluster === 0) throw new Error('this is not FAT32')
  const data = reserved + head.readUInt8(16) * tableBytes
  const clusters = Math.floor((head.readUInt32LE(32) * sector - data) / cluster)
  const free: ByteRange[] = []
  for (let index = 2; index < clusters + 2; index += 1) {
    if ((head.readUInt32LE(reserved + index * 4) & 0x0fffffff) === 0) free.push({ from: data + (index - 2) * cluster, to: data + (index - 1) * cluster })
  }
  return mergeRanges(free)
}

/** Sorted, without overlaps, neighbours joined. */
export function mergeRanges(ranges: readonly ByteRange[]): ByteRange[] {
  const merged: { from: number; to: number }[] = []
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to)
    else merged.push({ ...range })
  }
  return merged
}

/** The pieces of an image of `sizeBytes`, `pieceBytes` each, that hold something: those that are not wholly inside one free range. */
export function usedPieces(sizeBytes: number, pieceBytes: number, free: readonly ByteRange[]): ByteRange[] {
  const used: ByteRange[] = []
  let next = 0
  for (let from = 0; from < sizeBytes; from += pieceBytes) {
    const to = Math.min(from + pieceBytes, sizeBytes)
    while (next < free.length && (free[next] as ByteRange).to <= from) next += 1
    const range = free[next]
    if (!(range && range.from <= from && to <= range.to)) used.push({ from, to })
  }
  return used
}
