import { type APIResponse, type BrowserContext, type Page, request } from 'playwright-core'
import { expect, test } from 'vitest'
import type { JournalEvent } from '#contract/events'
import { standAppliance, type ApplianceStand } from './appliance-stand.ts'

// The console as a person has it: behind a real appliance, with machines that boot over its wire. Each test goes on where the one before it ended.

const ownPassword = 'correct horse battery'
/** The body of a public key of nobody's. */
const ed25519 = 'AAAAC3NzaC1lZDI1NTE5AAAAIJUFVXxL5Y0yO9bzlbLAg3nUtKQ3Zr6Hn6DXgQwY3gkF'
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
  const appeared = await Promise.all([0, 1, 2].map(async (machine) => {
    await row(stand.rack.mac(machine)).waitFor()
    return Date.now()
  }))
  for (const machine of [0, 1, 2]) await row(stand.rack.mac(machine)).getByText('Discovered').waitFor()
  for (const machine of [0, 1, 2]) {
    const { events: heard } = (await (await page.request.get(`${stand.url}/api/v1/machines/${encodeURIComponent(stand.rack.mac(machine))}/events?limit=5000`)).json()) as { events: JournalEvent[] }
    const first = heard.find(({ kind }) => kind === 'dhcp.discovered')
    expect(first).toBeDefined()
    console.log(`${stand.rack.mac(machine)} was in the browser ${(appeared[machine] ?? 0) - Date.parse(first?.at ?? '')} ms after its first DHCP packet`)
  }
  await page.getByRole('button', { name: /Discovered\s*3/ }).click()
  await row(stand.rack.mac(0)).getByRole('link').first().click()
  await page.getByText('RACK-00', { exact: true }).first().waitFor()
  await page.getByText('RACK-00-A').first().waitFor()
  await logLines().getByText('<b>markup is text</b>').waitFor()
  await events().getByText(/inventory/i).first().waitFor()
  const packets = page.getByRole('list', { name: 'Packets and events of this boot' })
  for (const what of ['DISCOVER', 'OFFER', 'INVENTORY']) await packets.getByText(what).first().waitFor()
})

test('the role dialog refuses with the reason, and shows the plan before anything happens', async () => {
  await openMachine(0)
  await page.getByRole('button', { name: 'Assign a role' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /^AppServer/ }).check()
  await dialog.getByText('There is no Manager: assign a Manager first.').first().waitFor()
  expect(await dialog.getByRole('button', { name: /assign/i }).getAttribute('aria-disabled')).toBe('true')
  await dialog.getByRole('radio', { name: /^Manager/ }).check()
  await dialog.getByText('This disk is ERASED.').waitFor()
  await dialog.getByText('serial RACK-00-A').waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await phase('Discovered').waitFor()

  // A disk with data on it asks for the machine's name.
  await openMachine(1)
  await page.getByRole('button', { name: 'Assign a role' }).click()
  await dialog.getByRole('radio', { name: /^Manager/ }).check()
  await dialog.getByText('GPT with 3 partitions: ext4').first().waitFor()
  expect(await dialog.getByRole('button', { name: 'Erase the disk and assign' }).getAttribute('aria-disabled')).toBe('true')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
})

test('a deploy is followed live, over a lost connection and a crash of the appliance, and nothing of it is lost', async () => {
  await openMachine(0)
  stand.rack.hold('writeImage')
  await assignManager()
  await steps().getByText('1 B of 2 B').waitFor()
  await logLines().getByText('writeImage: at work').waitFor()

  await context.setOffline(true)
  await page.getByText('Connection lost').first().waitFor()
  await stand.rack.log(0, 'said while nobody listened', 1500)
  await context.setOffline(false)
  await page.getByText('Connection lost').first().waitFor({ state: 'detached' })
  await logLines().getByText('said while nobody listened 1500').waitFor()

  stand.killControl()
  await page.getByText('Connection lost').first().waitFor()
  stand.rack.go()
  await page.getByText('Connection lost').first().waitFor({ state: 'detached' })
  await stand.rack.log(0, 'said after the crash', 300)
  await logLines().getByText('said after the crash 300').waitFor()
  await phase('Ready').waitFor({ timeout: 60_000 })
  for (const [words, count] of [['nobody listened', 1500], ['said after the crash', 300]] as const) {
    await page.getByRole('searchbox', { name: 'Filter lines' }).fill(words)
    await page.getByText(new RegExp(`^${count} of [\\d,. ]+ lines$`)).waitFor()
  }
  await page.reload()
  await page.getByText('Last deploy').waitFor()
  await page.getByText('Docker Swarm manager').first().waitFor()
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download the log' }).click()
  expect((await download).suggestedFilename()).toMatch(/^[\w-]+\.log$/)
  expect(stand.output()).toContain('control ended (killed by SIGKILL); starting it again')
})

test('a failure stops at its step with the line that explains it, and retry goes on from there', async () => {
  await openMachine(1)
  stand.rack.fail(1, 'writeImage', 'the disk answers with I/O errors')
  await assignManager()
  await phase('Failed').waitFor({ timeout: 60_000 })
  await page.getByText(/the disk answers with I\/O errors/).first().waitFor()
  stand.rack.hold('writeImage')
  await page.getByRole('button', { name: 'Retry' }).click()
  await phase('Deploying').waitFor()
  stand.rack.go()
  await phase('Ready').waitFor({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Cloud' }).first().click()
  await page.getByText(/2 Managers|two Managers/i).first().waitFor()
})

test('networks: leases of machines and of others, live; reservations made, refused, changed and removed', async () => {
  await open('/networks/provisioning')
  const leases = page.getByRole('list', { name: 'Leases' })
  const lease = (text: string) => leases.getByRole('listitem').filter({ hasText: text })
  await lease(stand.rack.mac(0)).getByRole('link').first().waitFor()
  stand.rack.visit('02:00:00:00:07:07', 'printer')
  await lease('printer').waitFor()
  await page.getByRole('searchbox', { name: 'Search leases' }).fill('printer')
  await lease(stand.rack.mac(0)).waitFor({ state: 'detached' })
  await lease('printer').getByRole('button', { name: /^Details of/ }).click()
  await page.getByText('From the pool, to a client that is no machine of the fleet.').waitFor()
  await leases.getByRole('button', { name: 'Reserve' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Reserve' }).click()
  const reservations = page.getByRole('list', { name: 'Reservations' })
  await reservations.getByText('02:00:00:00:07:07').waitFor()

  await page.getByRole('button', { name: 'Reserve an address' }).click()
  await dialog.getByRole('textbox', { name: /^Client/ }).fill('02:00:00:00:08:08')
  await dialog.getByRole('textbox', { name: /^Address/ }).fill('10.77.0.1')
  await dialog.getByRole('button', { name: 'Reserve' }).click()
  await dialog.getByText("10.77.0.1 is the appliance's own address.").waitFor()
  await dialog.getByRole('textbox', { name: /^Address/ }).fill('10.77.0.50')
  await dialog.getByRole('button', { name: 'Reserve' }).click()
  await page.getByRole('button', { name: 'Edit the reservation of 10.77.0.50' }).click()
  await dialog.getByRole('textbox', { name: /^Address/ }).fill('10.77.0.51')
  await dialog.getByRole('textbox', { name: /^Host name/ }).fill('front')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await reservations.getByText('10.77.0.50').waitFor({ state: 'detached' })
  await reservations.getByRole('listitem').filter({ hasText: '10.77.0.51' }).getByText('front').waitFor()
  // What is reserved is what the client gets.
  stand.rack.visit('02:00:00:00:08:08', 'other')
  await page.getByRole('searchbox', { name: 'Search leases' }).fill('02:00:00:00:08:08')
  await lease('10.77.0.51').waitFor()
  await page.getByRole('button', { name: 'Remove the reservation of 10.77.0.51' }).click()
  await reservations.getByText('10.77.0.51').waitFor({ state: 'detached' })
})

test('networks: settings refused in sentences and kept, a network behind a relay, strangers that are let in', async () => {
  await open('/networks/provisioning')
  const form = page.getByRole('region', { name: 'Settings' })
  await form.getByLabel('Lease time').fill('5s')
  await form.getByLabel('Gateway').fill('10.1.1.1')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('The gateway 10.1.1.1 is not an address of a machine in 10.77.0.0/24. A lease lasts between 120 seconds').waitFor()
  await form.getByRole('button', { name: 'Discard' }).click()
  await form.getByLabel('Lease time').fill('2h')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect.poll(async () => ((await (await page.request.get(`${stand.url}/api/v1/networks`)).json()) as { leaseSeconds: number }[])[0]?.leaseSeconds).toBe(7200)

  await page.getByLabel('Ignore').check()
  await expect.poll(async () => ((await (await page.request.get(`${stand.url}/api/v1/networks`)).json()) as { policy: string }[])[0]?.policy).toBe('ignore')
  stand.rack.on(3)
  await open('/networks')
  const strangers = page.getByRole('list', { name: 'Strangers' })
  await strangers.getByText(stand.rack.mac(3)).waitFor()
  await page.getByRole('button', { name: `Boots of ${stand.rack.mac(3)}` }).click()
  await page.getByRole('list', { name: 'Packets and events of this boot' }).getByText('DISCOVER').first().waitFor()

  await page.getByRole('button', { name: 'Add a network' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Network', { exact: true }).fill('10.77.0.0/25')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await dialog.getByText(/10\.77\.0\.0\/25 overlaps the network/).waitFor()
  await dialog.getByLabel('Network', { exact: true }).fill('10.90.0.0/24')
  await dialog.getByLabel('Title').fill('Rack 3')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('heading', { name: 'Rack 3', level: 1 }).waitFor()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('heading', { name: 'Networks', level: 1 }).waitFor()

  await open('/networks/provisioning')
  await page.getByLabel('Discover').check()
  await open('/')
  await row(stand.rack.mac(3)).getByText('Discovered').waitFor({ timeout: 60_000 })
})

test('release, rename and forget: each asks first and says what came of it', async () => {
  await openMachine(1)
  const pick = async (word: string): Promise<void> => {
    await page.getByRole('button', { name: 'More acts' }).click()
    await page.getByRole('menuitem', { name: word }).click()
  }
  const name = await page.getByRole('heading', { level: 1 }).innerText()
  await pick('Release')
  await page.getByLabel('Erase the disk').check()
  const release = page.getByRole('button', { name: 'Release and erase' })
  expect(await release.getAttribute('aria-disabled')).toBe('true')
  await page.getByRole('dialog').getByRole('textbox').fill(name)
  await release.click()
  await phase('Discovered').waitFor({ timeout: 60_000 })
  await pick('Rename')
  await page.getByLabel('Host name').fill('renamed-01')
  await page.getByRole('button', { name: 'Rename' }).click()
  await page.getByRole('heading', { name: 'renamed-01', level: 1 }).waitFor()
  await pick('Forget')
  await page.getByRole('button', { name: 'Forget' }).click()
  await page.getByRole('heading', { name: 'Fleet' }).waitFor()
  await row(stand.rack.mac(0)).waitFor()
  expect(await row('renamed-01').count()).toBe(0)
})

test('settings: SSH keys are checked and kept; a session that ends leads to the sign-in page and back', async () => {
  await open('/settings')
  await page.getByLabel('Add keys').fill('nonsense')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('Line 1 is not an OpenSSH public key').waitFor()
  await page.getByLabel('Add keys').fill(`ssh-ed25519 ${ed25519} ada@desk`)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('ada@desk', { exact: true }).waitFor()
  await page.reload()
  await page.getByText('ada@desk', { exact: true }).waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
  await context.clearCookies()
  await page.getByRole('link', { name: 'Networks' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.getByLabel('Password').fill(ownPassword)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Networks', level: 1 }).waitFor()
  await page.getByRole('button', { name: 'Sign out' }).first().click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

test('a token is made, shown once, opens what its maker may, and opens nothing after it was revoked; also on a narrow screen', async () => {
  await open('/')
  await page.getByLabel('Password').fill(ownPassword)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Fleet' }).waitFor()
  await page.setViewportSize({ width: 390, height: 844 })
  await open('/settings')
  await page.getByLabel('New token for').fill('prometheus')
  await page.getByRole('button', { name: 'Make token' }).click()
  const shown = page.getByRole('status').locator('code')
  const token = await shown.innerText()
  const asks = async (): Promise<number> => (await fetchWith(token)).status()
  expect(await asks()).toBe(200)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await page.getByLabel('New token for').fill('prometheus')
  await page.getByRole('button', { name: 'Make token' }).click()
  await page.getByText('There is a token “prometheus” already').waitFor()
  await page.reload()
  const listed = page.getByRole('list', { name: 'Tokens' }).getByText('prometheus', { exact: true })
  await listed.waitFor()
  expect(await shown.count()).toBe(0)
  await page.getByRole('button', { name: 'Revoke token prometheus' }).click()
  await listed.waitFor({ state: 'detached' })
  expect(await asks()).toBe(401)
})

test('pages carry a strict policy and no inline script without its nonce', async () => {
  const [first, second] = [await page.request.get(`${stand.url}/sign-in`), await page.request.get(`${stand.url}/sign-in`)]
  const policy = first.headers()['content-security-policy'] ?? ''
  expect(policy).not.toContain('unsafe-inline')
  expect(policy).toMatch(/script-src 'nonce-[\w+/=]+' 'strict-dynamic'/)
  expect(policy).not.toBe(second.headers()['content-security-policy'])
  const html = await first.text()
  expect(html.match(/<script(?![^>]*nonce=)/g)).toBeNull()
  expect(html.match(/ style="/g)).toBeNull()
})

/** What Prometheus is answered: no cookie, only the token. */
const fetchWith = async (token: string): Promise<APIResponse> => {
  const alone = await request.newContext({ ignoreHTTPSErrors: true })
  return alone.get(`${stand.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
}

/** Opens a machine's page from the fleet. */
async function openMachine(machine: number): Promise<void> {
  await open('/')
  await row(stand.rack.mac(machine)).getByRole('link').first().click()
  await page.getByRole('heading', { level: 1 }).waitFor()
  await logLines().waitFor()
}

/** Assigns the Manager role on the open page by the dialog. */
async function assignManager(): Promise<void> {
  const name = await page.getByRole('heading', { level: 1 }).innerText()
  await page.getByRole('button', { name: 'Assign a role' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /^Manager/ }).check()
  await dialog.getByText('This disk is ERASED.').waitFor()
  const typed = dialog.getByLabel('Name of the machine, to confirm')
  if (await typed.isVisible()) await typed.fill(name)
  await dialog.getByRole('button', { name: 'Erase the disk and assign' }).click()
  await dialog.waitFor({ state: 'detached' })
}
