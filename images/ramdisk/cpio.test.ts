import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { buildCaCpio, encodeCpio } from './cpio.ts'

it('is an archive that cpio itself unpacks', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'cpio-'))
  try {
    const bytes = encodeCpio([{ path: 'a', kind: 'folder', mode: 0o750 }, { path: 'a/file', kind: 'file', mode: 0o600, content: Buffer.from('hello') }, { path: 'a/link', kind: 'link', to: 'file' }])
    execFileSync('cpio', ['--extract', '--quiet', '--no-preserve-owner'], { cwd: dir, input: bytes })
    expect(readFileSync(path.join(dir, 'a/file'), 'utf8')).toBe('hello')
    expect(statSync(path.join(dir, 'a/file')).mode & 0o777).toBe(0o600)
    expect(readlinkSync(path.join(dir, 'a/link'))).toBe('file')
    expect(bytes.length % 512).toBe(0)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

it('puts the CA where the ramdisk looks for it', () => {
  const bytes = buildCaCpio('PEM\n')
  expect(execFileSync('cpio', ['--list', '--quiet'], { input: bytes }).toString().trim().split('\n')).toEqual(['etc', 'etc/system-cloud', 'etc/system-cloud/ca.pem'])
})
