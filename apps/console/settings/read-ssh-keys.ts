import { SshKeys } from '#contract/operator-api'
import { fault, ok, type Result } from '#contract/result'

/** The public keys in pasted text, one a line; empty lines and # comments are left out. The fault names the line and what it should be. */
export function readSshKeys(text: string): Result<string[], { kind: 'not-a-key', sentence: string }> {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  for (const [index, line] of lines.entries()) {
    if (/PRIVATE KEY/.test(line)) return fault({ kind: 'not-a-key', sentence: 'That is a private key. It stays with you; paste the file that ends in .pub.' })
    const checked = SshKeys.safeParse({ keys: [line] })
    if (!checked.success) return fault({ kind: 'not-a-key', sentence: `Line ${index + 1} is not ${checked.error.issues[0]?.message ?? 'a public key'}.` })
  }
  return ok(lines)
}
