import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser, watchComplaints } from '../e2e/console-rig.ts'
import { startLabRun, type LabRun } from './appliance.ts'

const full = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
/** Where pictures of the real thing go; none are taken without it. */
const shots = process.env['SYSTEM_CLOUD_TEST_SHOTS']
const minute = 60_000
const ownPassword = 'a password of my own'

if (!full) console.log('A deploy clicked through in a browser, on real firmware, is run with --full only.')

describe.skipIf(!full)('a person with a browser, from two bare machines to an app', () => {
  let lab: LabRun
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    if (shots !== undefined) mkdirSync(shots, { recursive: true })
    lab = await startLabRun(2)
    browser = await startBrowser()
    context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 } })
    page = await context.newPage()
    page.setDefaultTimeout(minute)
    complaints = watchComplaints(page)
  })
  afterAll(async () => {
    if (shots !== undefined && page !== undefined) await page.screenshot({ path: path.join(shots, 'last.png') }).catch(() => undefined) // the browser may be gone: that is the failure itself
    await browser?.close()
    await lab?.stop()
  })

  const machines = () => page.getByRole('list', { name: 'Machines' })
  const row = (firmware: string) => machines().getByRole('listitem').filter({ hasText: firmware })
  const steps = () => page.getByRole('list', { name: 'Steps' })

  /** The page as it is now, on a desk and on a phone, light and dark. */
  async function picture(name: string): Promise<void> {
    if (shots === undefined) return
    for (const colorScheme of ['light', 'dark'] as const) for (const [width, height] of [[1440, 900], [390, 844]] as const) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height })
      await page.waitForTimeout(400) // colours change with a transition
      await page.screenshot({ path: path.join(shots, `${name}-${width}-${colorScheme}.png`) })
      if (width === 390) expect(await page.evaluate(() => document.documentElement.scrollWidth), `${name} sticks out on a phone`).toBeLessThanOrEqual(390)
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1440, height: 900 })
  }

  async function assign(role: string, serial: string): Promise<void> {
    await page.getByRole('button', { name: 'Assign a role' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('radio', { name: new RegExp(`^${role}`) }).check()
    await dialog.getByText('This disk is ERASED.').waitFor()
    await dialog.getByText(`serial ${serial}-D`).waitFor()
    await picture(`role-${role.toLowerCase()}`)
    await dialog.getByRole('button', { name: 'Erase the disk and assign' }).click()
    await dialog.waitFor({ state: 'detached' })
    await steps().waitFor()
  }

  it('signs in with the one-time password and chooses an own one', async () => {
    const password = readFileSync(path.join(lab.dataDir, 'state/initial-password'), 'utf8').trim()
    expect(lab.output()).toContain(password)
    await page.goto(lab.consoleUrl)
    await page.getByLabel('Password').fill(password)
    await picture('sign-in')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('New password', { exact: true }).fill(ownPassword)
    await page.getByLabel('New password again').fill(ownPassword)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByRole('heading', { name: 'Fleet' }).waitFor()
    if (await machines().count() === 0) await picture('empty')
  })

  it('watches the machines arrive and say what they are', async () => {
    page.setDefaultTimeout(15 * minute)
    await row('BIOS').getByText('Discovered').waitFor()
    await row('UEFI').getByText('Discovered').waitFor()
    page.setDefaultTimeout(minute)
    await picture('fleet')
  }, 32 * minute)

  it('gives each a role by the dialog with its plan, and sees the image written by bytes and rate', async () => {
    const uefi = await row('UEFI').getByRole('link').getAttribute('href')
    await row('BIOS').getByRole('link').click()
    await page.getByText('LAB-0001', { exact: true }).waitFor()
    await picture('machine')
    await assign('Manager', 'LAB-0001')
    await steps().getByText(/ of \d+(\.\d+)? [MG]B/).waitFor({ timeout: 15 * minute })
    await steps().getByText(/\d [kKM]B\/s/).waitFor({ timeout: 5 * minute })
    await picture('deploy')
    const manager = page.url()
    await page.goto(`${lab.consoleUrl}${uefi}`)
    await page.getByText('LAB-0002', { exact: true }).waitFor()
    await assign('AppServer', 'LAB-0002')
    for (const place of [manager, `${lab.consoleUrl}${uefi}`]) {
      await page.goto(place)
      await page.locator('header').getByText(/^(Ready|Failed)$/).first().waitFor({ timeout: 30 * minute })
      expect(await page.locator('header').getByText('Failed', { exact: true }).count(), lab.output()).toBe(0)
    }
    await page.getByText('Last deploy').waitFor()
    await picture('ready')
  }, 70 * minute)

  it('finds both in the cloud, follows an app from its folder to its log, and opens it', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Cloud' }).click()
    await page.getByText('One Manager: while it is away').waitFor()
    await picture('cloud-before')
    const deployed = lab.cli('deploy', 'test/apps/guestbook')
    const card = page.getByRole('article', { name: 'App guestbook' })
    await card.waitFor({ timeout: 5 * minute })
    await card.getByText('Serving').waitFor({ timeout: 15 * minute })
    await deployed
    await card.getByText('2 of 2 instances run').first().waitFor({ timeout: 10 * minute })
    await picture('cloud')
    const opened = context.waitForEvent('page')
    await card.getByRole('link', { name: /guestbook/ }).click()
    const guestbook = await opened
    await guestbook.getByRole('heading').first().waitFor()
    expect(new URL(guestbook.url()).host).toBe(`guestbook.localhost:${lab.balancerPort}`)
    await guestbook.close()
    await card.getByRole('button', { name: 'Log' }).click()
    await page.getByRole('log', { name: 'Log lines' }).getByText(/gunicorn|Booting worker|GET/i).first().waitFor({ timeout: 5 * minute })
    await picture('app-log')
    await page.getByRole('button', { name: 'Close' }).click()
    for (const place of ['Networks', 'Images', 'Fleet']) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: place }).click()
      await page.getByRole('heading', { name: place, level: 1 }).waitFor()
      await page.waitForLoadState('networkidle').catch(() => undefined) // the socket may keep it from ever being idle
      await picture(`${place.toLowerCase()}-after`)
    }
    expect(complaints).toEqual([])
  }, 45 * minute)
})
