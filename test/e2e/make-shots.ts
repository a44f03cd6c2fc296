import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import type { Phase } from '#contract/lifecycle'
import { apiPrefix, type Machine } from '#contract/operator-api'
import { phaseFleet } from '../sim/operator-fixture-machines.ts'
import { fillFixtureNetworks } from '../sim/operator-fixture-networks.ts'
import { fillFixtureTraffic, guestbook } from '../sim/operator-fixture-state.ts'
import { startOperatorFixture } from '../sim/operator-fixture.ts'
import { startBrowser, startConsole } from './console-rig.ts'

const usage = `usage: npx tsx test/e2e/make-shots.ts FOLDER [NAME...] [--whole] [--url URL --password PASSWORD]
       npx tsx test/e2e/make-shots.ts --readme [--url URL --password PASSWORD]

Pictures of every page of the console, wide and narrow, light and dark; with NAMEs only those; with
--whole from the top of each page to its end; with --readme those that the README shows, into test/e2e/shots. Without a URL the console of the last build stands before
an appliance in memory, with a machine in each phase.`

interface Shot {
  readonly name: string
  /** A page, or the phase of the machine whose page it is: the first of the fleet that is in it. */
  readonly path: `/${string}` | Phase
  /** What is done before the picture. */
  before?(page: Page): Promise<void>
}

const shots: readonly Shot[] = [
  { name: 'fleet', path: '/', before: async (page) => { await page.getByRole('list', { name: 'Machines' }).getByRole('listitem').first().or(page.getByRole('heading', { name: 'Plug a machine in' })).waitFor() } },
  { name: 'machine', path: 'ready' },
  { name: 'discovered', path: 'discovered' },
  { name: 'plan', path: 'discovered', before: async (page) => {
    await page.getByRole('button', { name: 'Assign a role' }).click()
    await page.getByRole('dialog').getByRole('radio', { name: /^AppServer/ }).check()
    await page.getByRole('dialog').getByText('ERASED').waitFor()
  } },
  { name: 'deploy', path: 'deploying' },
  { name: 'failed', path: 'failed' },
  { name: 'boot', path: 'seen' },
  { name: 'cloud', path: '/cloud' },
  { name: 'app-log', path: '/cloud', before: async (page) => {
    if (await page.getByRole('article').count() === 0) throw new Error('no app is deployed: no picture')
    await page.getByRole('article').getByRole('button', { name: 'Log' }).first().click()
  } },
  { name: 'images', path: '/images' },
  { name: 'networks', path: '/networks' },
  { name: 'network', path: '/networks/provisioning' },
  { name: 'settings', path: '/settings' },
  { name: 'absent', path: '/nowhere' },
]

/** What the README shows. */
const readmePictures = ['fleet-wide-light', 'fleet-wide-dark', 'boot-wide-light', 'deploy-wide-dark', 'fleet-narrow-light']

async function main(): Promise<void> {
  const { values, positionals: [named, ...names] } = parseArgs({ allowPositionals: true, options: { readme: { type: 'boolean', default: false }, whole: { type: 'boolean', default: false }, url: { type: 'string' }, password: { type: 'string' }, user: { type: 'string', default: 'admin' } } })
  const folder = values.readme ? path.join(import.meta.dirname, 'shots') : named
  const isWanted = (picture: string): boolean => (values.readme ? readmePictures.includes(picture) : names.length === 0 || names.includes(picture.split(/-(wide|narrow)-/)[0] ?? ''))
  if (folder === undefined) throw new Error(usage)
  await mkdir(folder, { recursive: true })
  const place = values.url === undefined ? await openFixture() : { url: values.url, password: values.password ?? '', close: async () => undefined }
  const browser = await startBrowser()
  try {
    for (const width of [1440, 390]) for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ viewport: { width, height: width > 500 ? 900 : 844 }, colorScheme, ignoreHTTPSErrors: true })
      const page = await context.newPage()
      page.setDefaultTimeout(15_000)
      const pictureOf = (name: string): string => `${name}-${width > 500 ? 'wide' : 'narrow'}-${colorScheme}`
      const take = (name: string): Promise<unknown> => page.screenshot({ path: path.join(folder, `${pictureOf(name)}.png`), fullPage: values.whole })
      await page.goto(place.url)
      await page.getByLabel('Password').waitFor()
      if (isWanted(pictureOf('sign-in'))) await take('sign-in')
      await page.getByLabel('User').fill(values.user)
      await page.getByLabel('Password').fill(place.password)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'Sign in' }).waitFor()
      if (await page.getByRole('heading', { name: 'Choose your password' }).isVisible()) throw new Error('This is the one-time password: choose your own first (systemcloud passwd), then take pictures with it.')
      for (const shot of shots.filter(({ name }) => isWanted(pictureOf(name)))) {
        try {
          await page.goto(place.url + (await pathOf(page, place.url, shot.path)))
          await page.getByRole('heading', { level: 1 }).waitFor()
          await settle(page)
          await shot.before?.(page)
          await take(shot.name)
        } catch (error) {
          console.error(`${shot.name}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
        }
      }
      await context.close()
    }
  } finally {
    await browser.close()
    await place.close()
  }
}

/** A page is still when nothing more is fetched; on an appliance at work that may never be, so a few seconds are enough. */
const settle = (page: Page): Promise<void> => page.waitForLoadState('networkidle', { timeout: 4000 }).catch(() => undefined)

/** Throws where a running appliance has no machine in that phase. */
async function pathOf(page: Page, url: string, path: Shot['path']): Promise<string> {
  if (path.startsWith('/')) return path
  const machines = (await (await page.request.get(`${url}${apiPrefix}/machines`)).json()) as Machine[]
  const found = machines.find(({ phase }) => phase === path)
  if (found === undefined) throw new Error(`no machine is ${path}: no picture`)
  return `/machines/${found.id}`
}

async function openFixture(): Promise<{ url: string; password: string; close(): Promise<void> }> {
  const server = await startConsole()
  const fixture = await startOperatorFixture({ fleet: phaseFleet, consoleUrl: server.url, mustChange: false })
  fixture.state.apps.push(guestbook('app-01'))
  fillFixtureTraffic(fixture.state)
  if (fixture.state.net) await fillFixtureNetworks(fixture.state.net)
  return { url: fixture.url, password: fixture.password, close: async () => { await fixture.close(); server.stop() } }
}

await main()
