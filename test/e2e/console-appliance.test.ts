import type { BrowserContext, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { standAppliance, type ApplianceStand } from './appliance-stand.ts'

// The console as a person has it: behind a real appliance, with machines that boot over its wire. Each test goes on where the one before it ended.

const ownPassword = 'correct horse battery'
let page: Page
let context: BrowserContext
let stand: ApplianceStand
standAppliance((given) => { ({ page, context, stand } = given) })

const machines = () => page.getByRole('list', { name: 'Machines' })
const row = (name: string) => machines().getByRole('listitem').filter({ hasText: name })
const logLines = () => page.getByRole('log', { name: 'Log lines' })
const steps = () => page.getByRole('list', { name: 'Steps' })
const events = () => page.getByRole('list', { name: 'Events' })
const phase = (word: string) => page.locator('header').getByText(word, { exact: true }).first()
const open = async (path: string): Promise<void> => { await page.goto(stand.url + path) }

test('signs in with the one-time password, which must be changed, and finds an empty fleet', async () => {
  await open('/')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText(/password/i).filter({ hasText: /not right|wrong/i }).waitFor()
  await page.getByLabel('Password').fill(stand.oneTimePassword)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Choose your password' }).waitFor()
  const choose = async (word: string): Promise<void> => {
    await page.getByLabel('New password', { exact: true }).fill(word)
    await page.getByLabel('New password again').fill(word)
    await page.getByRole('button', { name: 'Change password' }).click()
  }
  await choose('too short')
  await page.getByText('Use at least 12 characters').waitFor()
  await choose(ownPassword)
  await page.getByRole('heading', { name: 'Plug a machine in' }).waitFor()
  expect([await stand.lab.signIn(stand.oneTimePassword), await stand.lab.signIn(ownPassword)]).toEqual([401, 204])
})

test('machines appear by themselves as they boot, and say what they are', async () => {
  await open('/')
  await page.getByRole('heading', { name: 'Plug a machine in' }).waitFor()
  stand.rack.on(0, 1, 2)
  for (const machine of [0, 1, 2]) await row(stand.rack.mac(machine)).getByText('Discovered').waitFor()
  await page.getByRole('button', { name: /Discovered\s*3/ }).click()
  await row(stand.rack.mac(0)).getByRole('link').first().click()
  await page.getByText('RACK-00', { exact: true }).first().waitFor()
  await page.getByText('RACK-00-A').first().waitFor()
  await logLines().getByText('<b>markup is text</b>').waitFor()
  await events().getByText(/inventory/i).first().waitFor()
  const packets = page.getByRole('list', { name: 'Packets and events of this boot' })
  for (const what of ['DISCOVER', 'OFFER', 'INVENTORY']) await packets.getByText(what).first().waitFor()
})
