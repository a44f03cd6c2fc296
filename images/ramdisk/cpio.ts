/** One member of an archive: a folder, a file with its bytes, or a symbolic link with its destination. `mode` is the permission bits. */
export type CpioEntry =
  | { path: string; kind: 'folder'; mode: number }
  | { path: string; kind: 'file'; mode: number; content: Buffer }
  | { path: string; kind: 'link'; to: string }

const typeBits = { folder: 0o040000, file: 0o100000, link: 0o120000 } as const

/**
 * A "newc" cpio archive as the kernel unpacks it: members in the given order, owned by root, dated 1970, padded to 512 bytes.
 * Parents must come before what is in them. The result may be concatenated with others.
 *
 * @see Linux Documentation/driver-api/early-userspace/buffer-format.rst
 */
export function encodeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.map((entry, index) => encodeMember(index + 1, entry.path, typeBits[entry.kind] | (entry.kind === 'link' ? 0o777 : entry.mode), body(entry)))
  parts.push(encodeMember(0, 'TRAILER!!!', 0, Buffer.alloc(0)))
  return pad(Buffer.concat(parts), 512)
}

/** The second initrd that carries the appliance's CA: /etc/system-cloud/ca.pem, for the ramdisk whose own image is the same everywhere. */
export function buildCaCpio(pem: string): Buffer {
  return encodeCpio([
    { path: 'etc', kind: 'folder', mode: 0o755 },
    { path: 'etc/system-cloud', kind: 'folder', mode: 0o755 },
    { path: 'etc/system-cloud/ca.pem', kind: 'file', mode: 0o644, content: Buffer.from(pem) },
  ])
}

function body(entry: CpioEntry): Buffer {
  if (entry.kind === 'file') return entry.content
  return entry.kind === 'link' ? Buffer.from(entry.to) : Buffer.alloc(0)
}

function encodeMember(inode: number, path: string, mode: number, content: Buffer): Buffer {
  const name = Buffer.from(`${path}\0`)
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0]
  const head = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`, 'latin1')
  return Buffer.concat([pad(Buffer.concat([head, name]), 4), pad(content, 4)])
}

const pad = (bytes: Buffer, size: number): Buffer => (bytes.length % size === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(size - (bytes.length % size))]))
