import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { standAppliance, type ApplianceStand } from './appliance-stand.ts'

let page: Page
let stand: ApplianceStand
standAppliance((given) => { ({ page, stand } = given) })

const systemcloud = (...words: string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(path.join(import.meta.dirname, '../../scripts/systemcloud'), words, { env: { ...process.env, SYSTEM_CLOUD_RUN: stand.lab.home.runDir }, timeout: 240_000, maxBuffer: 1 << 24 })

test('a storm of simulated machines is watched as it comes, and is gone from the page when it is taken back', async () => {
  await page.goto(stand.url)
  await page.getByLabel('Password').fill(stand.oneTimePassword)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('New password', { exact: true }).fill('correct horse battery')
  await page.getByLabel('New password again').fill('correct horse battery')
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByRole('heading', { name: 'Plug a machine in' }).waitFor()
  let loads = 0
  page.on('load', () => { loads += 1 })

  const storm = systemcloud('lab', 'simulate', '100', '--within', '10', '--json')
  const counter = page.getByRole('button', { name: /Discovered\s*\d+/ })
  const counted = async (): Promise<number> => Number(/\d+/.exec((await counter.count()) === 1 ? await counter.innerText() : '')?.[0] ?? 0)
  const seen = new Set<number>()
  await expect.poll(async () => { seen.add(await counted()); return Math.max(...seen) }, { timeout: 120_000, interval: 100 }).toBe(100)
  expect(seen.size, 'it was seen to rise').toBeGreaterThan(3)
  expect(JSON.parse((await storm).stdout)).toMatchObject({ machines: 100, booted: 100, naks: 0, duplicates: 0 })
  await page.getByRole('list', { name: 'Machines' }).getByRole('listitem').filter({ hasText: 'simulated-' }).first().waitFor()

  for (const [width, height] of [[1440, 900], [390, 844]] as const) {
    await page.setViewportSize({ width, height })
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true)
  }

  await systemcloud('lab', 'simulate', '--remove', '--yes')
  await page.getByRole('heading', { name: 'Plug a machine in' }).waitFor()
  expect(loads, 'without the page being loaded again').toBe(0)
})
