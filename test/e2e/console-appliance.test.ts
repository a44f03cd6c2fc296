import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import { startBrowser, watchComplaints } from './console-rig.ts'

/**
 * The console in front of a real appliance: give SC_CONSOLE_URL and SC_CONSOLE_PASSWORD (and SC_CONSOLE_NEW_PASSWORD where the first is
 * the one-time password). It looks and asks for a plan, and changes nothing but the password.
 */
const url = process.env['SC_CONSOLE_URL']
const password = process.env['SC_CONSOLE_PASSWORD'] ?? ''
const next = process.env['SC_CONSOLE_NEW_PASSWORD'] ?? password
let browser: Browser

beforeAll(async () => {
  if (url === undefined) console.log('SC_CONSOLE_URL is not set: the console is not tested against an appliance here.')
  else browser = await startBrowser()
})
afterAll(async () => { await browser?.close() })

test.skipIf(url === undefined)('an operator signs in, sees the machines, opens one and is shown a plan', async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const complaints = watchComplaints(page)
  await page.goto(`${url}/`)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  const choose = page.getByRole('heading', { name: 'Choose your password' })
  const fleet = page.getByRole('heading', { name: 'Fleet' })
  await choose.or(fleet).waitFor()
  if (await choose.isVisible()) {
    await page.getByLabel('New password', { exact: true }).fill(next)
    await page.getByLabel('New password again').fill(next)
    await page.getByRole('button', { name: 'Change password' }).click()
  }
  await fleet.waitFor()
  const machines = page.getByRole('list', { name: 'Machines' })
  await machines.getByRole('listitem').first().waitFor()
  await machines.getByRole('link').first().click()
  await page.getByRole('log', { name: 'Log lines' }).waitFor()
  await page.getByRole('list', { name: 'Events' }).getByRole('listitem').first().waitFor()
  const assign = page.getByRole('button', { name: /Assign a role|Change role/ })
  if (await assign.getAttribute('aria-disabled') === null) {
    await assign.click()
    await page.getByRole('dialog').getByRole('radio').first().check()
    await page.getByRole('region', { name: /^Plan for / }).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
  }
  for (const place of ['Cloud', 'Images', 'Networks', 'Settings', 'Fleet']) {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: place }).click()
    await page.getByRole('heading', { name: place, level: 1 }).waitFor()
  }
  expect(complaints).toEqual([])
  await context.close()
})
