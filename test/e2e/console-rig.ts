import { type ChildProcess, spawn } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'

const root = path.join(import.meta.dirname, '../..')

/** The console's own server, from the last `next build`; its static files are copied beside it, as a release does. */
export async function startConsole(): Promise<{ url: string, stop: () => void }> {
  const built = path.join(root, 'apps/console/.next/standalone/apps/console')
  if (!existsSync(path.join(built, 'server.js'))) throw new Error('The console is not built. Run: cd apps/console && NEXT_TELEMETRY_DISABLED=1 npx next build')
  await cp(path.join(root, 'apps/console/.next/static'), path.join(built, '.next/static'), { recursive: true })
  const port = await freePort()
  const child = spawn(process.execPath, ['server.js'], { cwd: built, env: { PATH: process.env['PATH'], NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', HOSTNAME: '127.0.0.1', PORT: String(port) }, stdio: ['ignore', 'ignore', 'inherit'] })
  const url = `http://127.0.0.1:${port}`
  await untilAnswers(`${url}/sign-in`, child)
  return { url, stop: () => { child.kill('SIGTERM') } }
}

/** Debian's Chromium without a window and without anything that calls home. */
export const startBrowser = (): Promise<Browser> => chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', headless: true,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

/** What the page complained about: script errors and breaches of the content security policy. Refused requests are left out, tests provoke them. */
export function watchComplaints(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection|net::ERR/.test(message.text())) complaints.push(message.text())
  })
  return complaints
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', () => resolve()) })
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => { server.close(() => resolve()) })
  return port
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The console ended with ${child.exitCode}.`)
    const answered = await fetch(url).then(({ ok }) => ok, () => false) // Not listening yet is what is being waited for.
    if (answered) return
    if (Date.now() > deadline) throw new Error(`The console does not answer at ${url}.`)
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
}
