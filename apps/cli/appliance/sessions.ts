import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

const Sessions = z.record(z.string(), z.string())

/** Where logins are kept: a file of the person's own, mode 0600. */
export function sessionFile(env: Readonly<Record<string, string | undefined>>): string {
  return path.join(env['XDG_CONFIG_HOME'] ?? path.join(env['HOME'] ?? '/root', '.config'), 'system-cloud', 'sessions.json')
}

/** The session cookie kept for `url`. Undefined where there was no login or the file is damaged: a login mends both. */
export function readSession(file: string, url: string): string | undefined {
  return readAll(file)[url]
}

/** Keeps the session cookie for `url`. */
export function recordSession(file: string, url: string, cookie: string): void {
  const sessions = { ...readAll(file), [url]: cookie }
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, `${JSON.stringify(sessions, null, 2)}\n`, { mode: 0o600 })
  // The mode above holds only for a new file.
  chmodSync(file, 0o600)
}

function readAll(file: string): Record<string, string> {
  try {
    const parsed = Sessions.safeParse(JSON.parse(readFileSync(file, 'utf8')))
    return parsed.success ? parsed.data : {}
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}
