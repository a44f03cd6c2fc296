import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Image } from '#contract/operator-api'
import { diskTrouble } from '#control/store/not-stored'
import { fillFixtureTraffic, guestbook } from '../sim/operator-fixture-state.ts'
import { labFleet, phaseFleet } from '../sim/operator-fixture-machines.ts'
import { fillFixtureNetworks } from '../sim/operator-fixture-networks.ts'
import type { OperatorFixture } from '../sim/operator-fixture.ts'
import { standConsole } from './console-stand.ts'

let page: Page
let fixture: OperatorFixture
const stand = standConsole(860, (given) => { ({ page } = given) })

const machines = () => page.getByRole('list', { name: 'Machines' })
const row = (name: string) => machines().getByRole('listitem').filter({ hasText: name })
const logLines = () => page.getByRole('log', { name: 'Log lines' })

async function open(fleet: Parameters<typeof stand.serve>[0]['fleet'], options: { mustChange?: boolean, stepMs?: number, path?: string } = {}): Promise<void> {
  const { mustChange = false, stepMs = 250, path = '/' } = options
  fixture = await stand.serve({ fleet, mustChange, stepMs })
  await stand.enter(path)
}

test('the list by keyboard', async () => {
  await open(phaseFleet)
  await row('manager-a').waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('k')
  await page.keyboard.press('x')
  expect(await page.getByRole('checkbox', { name: 'Choose app-01' }).isChecked()).toBe(true)
  await page.getByText('1 machine chosen').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('1 machine chosen').waitFor({ state: 'detached' })
  await page.keyboard.press('/')
  await page.keyboard.type('manager')
  await row('app-01').waitFor({ state: 'detached' })
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'manager-a', level: 1 }).waitFor()
})

test('a machine appears by itself, phases filter, a role goes to many at once', async () => {
  await open([], { stepMs: 30 })
  await page.getByRole('heading', { name: 'Plug a machine in' }).waitFor()
  for (const name of ['sc-01', 'sc-02']) fixture.state.add({ name, phase: 'discovered' })
  fixture.state.add({ name: 'sc-03', phase: 'seen' })
  await row('sc-03').waitFor()
  await page.getByRole('button', { name: /Discovered\s*2/ }).click()
  await row('sc-03').waitFor({ state: 'detached' })
  await page.getByLabel('Choose all shown').check()
  await page.getByRole('button', { name: 'Assign a role' }).click()
  await page.getByRole('dialog').getByLabel('AppServer').check()
  await page.getByRole('dialog').getByRole('button', { name: 'Erase 2 disks and assign' }).click()
  await page.getByRole('button', { name: /Ready\s*2/ }).waitFor()
})

test('greyed buttons say why, failures say what to do, refusals are shown', async () => {
  await open(phaseFleet, { path: '/machines/sc-08' })
  await page.waitForURL(/\/machines\/m6$/)
  const on = page.getByRole('button', { name: 'On', exact: true })
  expect(await on.getAttribute('aria-disabled')).toBe('true')
  await on.click({ force: true })
  await page.getByText('cannot press buttons').first().waitFor()
  await page.getByText('Press the power button of sc-08').waitFor()
  await page.goto(`${fixture.url}/machines/m7`)
  await page.getByText('Check or replace the disk').first().waitFor()
  await page.getByRole('button', { name: 'Retry' }).click()
  await page.locator('header').getByText('Deploying').waitFor()
  await page.goto(`${fixture.url}/machines/nowhere`)
  await page.getByRole('heading', { name: 'There is no such machine', level: 1 }).waitFor()
  await page.getByText('There is no machine "nowhere"').waitFor()
})

/** Chooses from the menu of a machine's page. What arrives meanwhile leaves the menu open. */
async function pickAct(word: string): Promise<void> {
  await page.getByRole('button', { name: 'More acts' }).click()
  await page.getByRole('menuitem', { name: word }).click()
}

test('a held claim is shown, explained, and decided by a person', async () => {
  await open(phaseFleet, { path: '/machines/m1' })
  const machine = fixture.state.machines.get('m1')
  if (!machine) throw new Error('no machine m1')
  await page.getByRole('heading', { name: 'manager-a', level: 1 }).waitFor()
  fixture.state.claim(machine)
  await page.getByText('Two live machines claim one network card address').first().waitFor()
  await page.getByText('serial SC-LAB-77').waitFor()
  await page.getByRole('button', { name: 'Reject' }).click()
  await page.getByText('serial SC-LAB-77').waitFor({ state: 'detached' })
  fixture.state.claim(machine)
  await page.getByRole('link', { name: 'Fleet' }).first().click()
  await row('manager-a').getByText('Another machine claims to be this one').waitFor()
  await row('manager-a').getByRole('link').click()
  await page.getByRole('button', { name: 'Accept' }).click()
  await page.getByRole('dialog').getByText('The second becomes manager-a').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Accept' }).click()
  await page.getByText('serial SC-LAB-77').waitFor({ state: 'detached' })
  expect(fixture.state.events.filter(({ kind }) => kind.startsWith('claim.')).map(({ kind }) => kind)).toEqual(['claim.held', 'claim.rejected', 'claim.held', 'claim.accepted'])
})

test('the form of a power driver is made from what it says of its options', async () => {
  await open(phaseFleet, { path: '/machines/m1' })
  await pickAct('Power driver')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Driver').selectOption('parrot')
  await dialog.getByLabel('Name').fill('Flint')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('seed is needed.').waitFor()
  expect(await dialog.getByLabel('Seed').getAttribute('type')).toBe('password')
  await dialog.getByLabel('Seed').fill('sunflower')
  await dialog.getByLabel('Perch').fill('7')
  await dialog.getByLabel('Mood').selectOption('loud')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  expect(fixture.state.machines.get('m1')?.power).toMatchObject({ driver: 'parrot', options: { name: 'Flint', seed: 'sunflower', perch: 7, mood: 'loud' } })
})

test('a full disk is said on every page while it lasts, on a desk and on a phone', async () => {
  await open(phaseFleet)
  await row('manager-a').waitFor()
  const banner = page.getByText('The disk of the appliance is full, so nothing can be stored: machines get no new addresses and nothing can be changed. Make room on it; the appliance goes on by itself.')
  expect(await banner.count()).toBe(0)
  fixture.state.warnings = [diskTrouble('SQLITE_FULL', 'database or disk is full') ?? '']
  await banner.waitFor()
  await page.setViewportSize({ width: 390, height: 844 })
  await page.getByRole('link', { name: 'Cloud' }).first().click()
  await page.getByRole('heading', { name: 'Cloud', level: 1 }).waitFor()
  await banner.waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true)
  fixture.state.warnings = []
  await banner.waitFor({ state: 'detached' })
})

test('an image that is being built, and a cloud with a service that does not answer', async () => {
  // Its socket comes late: what changes before is told nobody.
  let connect = (): void => {}
  const late = new Promise<void>((resolve) => { connect = resolve })
  await page.routeWebSocket(/socket\.io/, async (socket) => { await late; socket.connectToServer() })
  await open(phaseFleet, { path: '/images' })
  await page.getByText('Unpacking python3.13').waitFor()
  const change = (more: Partial<Image>): void => {
    const image = { ...fixture.state.images[2], ...more } as Image
    fixture.state.images[2] = image
    fixture.state.bus.emit('image', image)
  }
  change({ step: 'Unpacking nodejs' })
  connect()
  await page.getByText('Unpacking nodejs').waitFor()
  change({ state: 'ready', step: '', percent: 100 })
  await page.getByText('Unpacking nodejs').waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Cloud' }).click()
  await page.getByText('One manager: when it fails').waitFor()
  await page.getByText('no answer within 3 s').waitFor()
})

test('an app leads to where a browser finds it, and its log goes on by itself', async () => {
  await open(phaseFleet, { path: '/cloud' })
  fixture.state.apps.push(guestbook('app-01'))
  fixture.state.bus.emit('cloud', fixture.state.cloud())
  const card = page.getByRole('article', { name: 'App guestbook' })
  expect(await card.getByRole('link', { name: /guestbook/ }).getAttribute('href')).toBe('http://guestbook.localhost:8080/')
  await card.getByText("curl -H 'Host: guestbook.lab.test' http://127.0.0.1:8080/").waitFor()
  fixture.state.say('app-guestbook', 'app', 'GET / 200 in 12 ms')
  await card.getByRole('button', { name: 'Log' }).click()
  await logLines().getByText('GET / 200 in 12 ms').waitFor()
  const polls: string[] = []
  page.on('request', (request) => { if (request.url().includes('/log')) polls.push(request.url()) })
  fixture.state.say('app-guestbook', 'app', 'GET /new 200 in 3 ms')
  await logLines().getByText('GET /new 200 in 3 ms').waitFor()
  expect(polls).toEqual([])
})

test('a thousand machines are as light as thirty', async () => {
  await open(Array.from({ length: 1000 }, (_, n) => ({ name: `rack-${n}`, phase: 'discovered' as const })))
  await row('rack-0').first().waitFor()
  expect(await machines().getByRole('listitem').count()).toBeLessThan(60)
  await page.getByRole('searchbox').fill('rack-777')
  await row('rack-777').waitFor()
  expect(await machines().getByRole('listitem').count()).toBe(1)
})

test('machines whose long names differ in the end are told apart on a phone', async () => {
  await page.setViewportSize({ width: 390, height: 844 })
  const rack = 'prod-eu-central-1-rack-17-chassis-03-blade-12-compute'
  await open(['01', '02'].map((n) => ({ name: `${rack}-${n}`, phase: 'discovered' as const })))
  const link = page.getByRole('link', { name: `${rack}-02` }).first()
  const end = await link.getByText('compute-02', { exact: true }).boundingBox()
  expect(end && end.x + end.width, 'the end of the name is on the screen, left of the time').toBeLessThan(300)
  await link.click()
  await page.getByRole('heading', { name: `${rack}-02`, level: 1 }).waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
})

test('a phone shows cards and nothing sticks out', async () => {
  await page.setViewportSize({ width: 390, height: 844 })
  await open(phaseFleet)
  if (fixture.state.net) await fillFixtureNetworks(fixture.state.net)
  await row('manager-a').waitFor()
  for (const path of ['/', '/machines/m3', '/machines/m7', '/cloud', '/images', '/networks', '/networks/provisioning', '/networks/rack-2', '/settings']) {
    await page.goto(fixture.url + path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Fleet' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390)
  }
})

test('the boot black box: what is wrong and what to do, packet by packet, on a desk and on a phone', async () => {
  await open(phaseFleet)
  await row('sc-08').getByRole('link', { name: 'sc-08' }).click()
  const card = page.getByRole('article', { name: 'Diagnosis: It never took the offer' })
  await card.getByText('The firmware was offered 10.77.0.100 3 times and never asked for it.').waitFor()
  await card.getByText('Look whether answers reach it', { exact: false }).waitFor()
  const packets = page.getByRole('list', { name: 'Packets and events of this boot' })
  const titles = async (): Promise<string[]> => (await packets.getByRole('listitem').allInnerTexts()).map((text) => /DISCOVER|OFFER|silence/.exec(text)?.[0] ?? text)
  await expect.poll(titles).toEqual(['DISCOVER', 'OFFER', 'silence', 'DISCOVER', 'OFFER', 'silence', 'DISCOVER', 'OFFER'])
  await card.getByRole('button', { name: 'Show the packets' }).click()
  await expect.poll(() => packets.locator('[data-evidence]').count()).toBe(5)
  await page.getByLabel('Filter packets').fill('offer')
  await expect.poll(titles).toEqual(['OFFER', 'OFFER', 'OFFER'])
  await page.getByLabel('Filter packets').fill('')
  await page.getByRole('button', { name: 'dhcp', pressed: true }).click()
  await page.getByText('No row matches the filter.').waitFor()
  const waiting = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Packets' }).click()
  expect((await waiting).suggestedFilename()).toBe('sc-08.pcap')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.getByRole('button', { name: 'dhcp', pressed: false }).click()
  await packets.getByText('DISCOVER').first().waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true)

  // Another machine: several boots, each with its own story; the newest is shown first.
  await page.setViewportSize({ width: 1280, height: 860 })
  await page.goto(`${fixture.url}/machines/m7`)
  await page.getByRole('article', { name: 'Diagnosis: TFTP crawls' }).waitFor()
  const which = page.getByRole('group', { name: 'Which boot' })
  await which.getByRole('button', { name: /Discovered/ }).click()
  await packets.getByText('INVENTORY').waitFor()
  await expect.poll(() => packets.getByText('SCRIPT ramdisk').count()).toBe(1)
})

test('boot paths: what was learned of each kind of machine, another loader, window and way into its disk, and back', async () => {
  await open(labFleet, { path: '/settings' })
  const kinds = page.getByRole('list', { name: 'Kinds of machines' })
  await kinds.getByText('TFTP snponly.efi, window 4, 312 ms').waitFor()
  const way = kinds.getByLabel('Way into the disk of Dell Inc. PowerEdge R640')
  expect(await way.inputValue()).toBe('auto')
  await way.selectOption('grub')
  await kinds.getByText('Chosen by admin').waitFor()
  expect(await way.inputValue()).toBe('grub')
  await kinds.getByText('HTTP Boot failed 2 times, TFTP worked 2 times.').waitFor()
  await kinds.getByLabel('Loader of Dell Inc. PowerEdge R640').selectOption('http')
  const window = kinds.getByLabel('TFTP window of Dell Inc. PowerEdge R640')
  await window.fill('65')
  await window.press('Enter')
  await page.getByRole('alert').getByText('a whole number from 1 to 64').waitFor()
  await window.fill('2')
  await window.press('Enter')
  await expect.poll(() => kinds.getByText('Chosen by admin').count()).toBe(3)
  await kinds.getByRole('button', { name: 'Back to what was learned' }).click()
  await expect.poll(() => kinds.getByText('Chosen by admin').count()).toBe(0)
  expect([await way.inputValue(), await window.inputValue()]).toEqual(['auto', ''])
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true)
})

test('what is on its way to a machine: bytes, rate, and its place in the queue', async () => {
  await open(phaseFleet, { path: '/machines/m3' })
  await page.getByRole('heading', { name: 'app-02', level: 1 }).waitFor()
  expect(await page.getByRole('list', { name: 'Transfers' }).count()).toBe(0)
  fillFixtureTraffic(fixture.state)
  const transfers = page.getByRole('list', { name: 'Transfers' })
  await transfers.getByText('5.24 MB of 8.39 MB').waitFor()
  await transfers.getByText('38.4 MB/s').waitFor()
  await page.goto(`${fixture.url}/machines/m4`)
  await transfers.getByText('number 2 in the queue').waitFor()
  await page.getByText('2 machines wait for an image').waitFor()
  fixture.state.transfers = []
  await transfers.waitFor({ state: 'detached' })
})
