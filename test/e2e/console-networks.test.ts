import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { phaseFleet } from '../sim/operator-fixture-machines.ts'
import { fillFixtureNetworks, type FixtureNetworks } from '../sim/operator-fixture-networks.ts'
import { type OperatorFixture, startOperatorFixture } from '../sim/operator-fixture.ts'
import { startBrowser, startConsole, watchComplaints } from './console-rig.ts'

let browser: Browser
let consoleServer: { url: string, stop: () => void }
let fixture: OperatorFixture
let net: FixtureNetworks
let context: BrowserContext
let page: Page
let complaints: string[]

beforeAll(async () => {
  consoleServer = await startConsole()
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  consoleServer?.stop()
})
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  page = await context.newPage()
  page.setDefaultTimeout(15_000)
  complaints = watchComplaints(page)
  fixture = await startOperatorFixture({ fleet: phaseFleet, consoleUrl: consoleServer.url, mustChange: false })
  if (!fixture.state.net) throw new Error('the fixture has no networks')
  net = fixture.state.net
  await fillFixtureNetworks(net)
})
afterEach(async () => {
  await context.close()
  await fixture?.close()
  expect(complaints, 'script errors and breaches of the content security policy').toEqual([])
})

async function open(path: string): Promise<void> {
  await page.goto(fixture.url + path)
  await page.getByLabel('Password').fill(fixture.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
const leases = () => page.getByRole('list', { name: 'Leases' }).getByRole('listitem')
const lease = (text: string) => leases().filter({ hasText: text })

test('the list says how full networks are and what to do; a further one is added behind a relay', async () => {
  await open('/networks')
  const main = page.getByRole('article', { name: 'Provisioning network' })
  await main.getByText('12 of 80 in use').waitFor()
  await main.getByText('Turn it off, or use mode proxy').waitFor()
  await main.getByText('2 addresses of Provisioning network are in conflict').waitFor()
  await page.getByRole('button', { name: 'Add a network' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Network', { exact: true }).fill('10.77.0.0/25')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await dialog.getByText('10.77.0.0/25 overlaps the network Provisioning network (10.77.0.0/24).').waitFor()
  await dialog.getByLabel('Network', { exact: true }).fill('10.90.0.0/24')
  await dialog.getByLabel('Title').fill('Rack 3')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('heading', { name: 'Rack 3', level: 1 }).waitFor()
  await page.getByText('Nobody has an address yet').waitFor()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('heading', { name: 'Networks', level: 1 }).waitFor()
  expect(net.desk.all().map(({ id }) => id)).toEqual(['provisioning', 'rack-2'])
})

test('leases: searched, filtered, explained, linked to their machine, live', async () => {
  await open('/networks/provisioning')
  await lease('10.77.0.101').getByRole('link', { name: 'manager-a' }).waitFor()
  await page.getByRole('searchbox', { name: 'Search leases' }).fill('pdu')
  await lease('10.77.0.101').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Details of 10.77.0.140' }).click()
  await page.getByText('From the pool, to a client that is no machine of the fleet.').waitFor()
  await page.getByRole('searchbox', { name: 'Search leases' }).fill('')
  await page.getByRole('button', { name: /Declined\s*1/ }).click()
  await lease('10.77.0.150').waitFor()
  expect(await leases().count()).toBe(1)
  await page.getByRole('button', { name: /Declined\s*1/ }).click()
  net.lease({ address: '10.77.0.160', mac: '3c:ec:ef:77:00:01', hostname: 'came-later' })
  fixture.state.record(null, 'dhcp.acked', '3c:ec:ef:77:00:01 has 10.77.0.160')
  await lease('came-later').waitFor({ timeout: 6000 })
  await lease('10.77.0.101').getByRole('link', { name: 'manager-a' }).click()
  await page.getByRole('heading', { name: 'manager-a', level: 1 }).waitFor()
})

test('a lease of a machine at work is released only by force; a conflict when its device is gone', async () => {
  await open('/networks/provisioning')
  await page.getByRole('button', { name: 'Details of 10.77.0.102' }).click()
  await page.getByRole('list', { name: 'Leases' }).getByRole('button', { name: 'Release' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Release' }).click()
  await dialog.getByText('is in use by app-01, which is ready').waitFor()
  await dialog.getByLabel('Release it although it is in use').check()
  await dialog.getByRole('button', { name: 'Release nevertheless' }).click()
  await expect.poll(() => net.leases.find('provisioning', '10.77.0.102')?.state).toBe('released')
  await page.getByRole('list', { name: 'Conflicts' }).getByRole('listitem').filter({ hasText: '10.77.0.151' }).getByRole('button', { name: 'Release' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click()
  await page.getByRole('list', { name: 'Conflicts' }).getByText('10.77.0.151').waitFor({ state: 'detached' })
})

test('reservations: from a lease and by hand, refused with a reason, removed', async () => {
  await open('/networks/provisioning')
  await page.getByRole('button', { name: 'Details of 10.77.0.140' }).click()
  await page.getByRole('list', { name: 'Leases' }).getByRole('button', { name: 'Reserve' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Reserve' }).click()
  const list = page.getByRole('list', { name: 'Reservations' })
  await list.getByText('10.77.0.140').waitFor()
  await page.getByRole('button', { name: 'Reserve an address' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: /^Client/ }).fill('app-01')
  await dialog.getByRole('textbox', { name: /^Address/ }).fill('10.77.0.1')
  await dialog.getByRole('button', { name: 'Reserve' }).click()
  await dialog.getByText("10.77.0.1 is the appliance's own address.").waitFor()
  await dialog.getByRole('textbox', { name: /^Address/ }).fill('10.77.0.50')
  await dialog.getByRole('button', { name: 'Reserve' }).click()
  await list.getByRole('listitem').filter({ hasText: '10.77.0.50' }).getByRole('link', { name: 'app-01' }).waitFor()
  await page.getByRole('button', { name: 'Remove the reservation of 10.77.0.50' }).click()
  await list.getByText('10.77.0.50').waitFor({ state: 'detached' })
})

test('settings: nothing before Save, refused in sentences, options by name and number; the mode is switched after a question', async () => {
  await open('/networks/provisioning')
  const form = page.getByRole('region', { name: 'Settings' })
  await form.getByLabel('Lease time').fill('5s')
  await form.getByLabel('Gateway').fill('10.1.1.1')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('The gateway 10.1.1.1 is not an address of a machine in 10.77.0.0/24. A lease lasts between 120 seconds').waitFor()
  await form.getByRole('button', { name: 'Discard' }).click()
  await form.getByLabel('Lease time').fill('2h')
  await form.getByRole('textbox', { name: /^Ranges/ }).fill('10.77.0.100 - 10.77.0.120\n10.77.0.130 - 10.77.0.199')
  await form.getByRole('button', { name: 'Remove option classless-routes' }).click()
  await form.getByRole('button', { name: 'Add an option' }).click()
  await form.getByRole('combobox', { name: 'Option' }).last().selectOption('number')
  await form.getByRole('combobox', { name: 'Type' }).selectOption('hex')
  await form.getByRole('textbox', { name: 'Value' }).last().fill('00ff')
  expect(net.desk.find('provisioning').leaseSeconds).toBe(3600)
  await form.getByRole('button', { name: 'Save' }).click()
  await expect.poll(() => net.desk.find('provisioning')).toMatchObject({ leaseSeconds: 7200, ranges: [{ from: '10.77.0.100', to: '10.77.0.120' }, { from: '10.77.0.130', to: '10.77.0.199' }], options: [{ name: 'interface-mtu', value: 9000 }, { code: 224, type: 'hex', value: '00ff' }] })
  await page.getByRole('radio', { name: /proxyDHCP/ }).click()
  await page.getByRole('dialog').getByText('nobody is given an address by this appliance').waitFor()
  expect(net.desk.find('provisioning').mode).toBe('full')
  await page.getByRole('dialog').getByRole('button', { name: 'Switch' }).click()
  await expect.poll(() => net.desk.find('provisioning').mode).toBe('proxy')
  await page.getByText('Another server gives the addresses').waitFor()
})

test('the address map by keyboard and pointer; four hundred leases of another network, few of them in the page', async () => {
  await open('/networks/provisioning')
  const map = page.getByRole('application', { name: /Address map/ })
  await map.focus()
  for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowDown', ...Array.from({ length: 5 }, () => 'ArrowRight')]) await page.keyboard.press(key)
  await page.getByText('10.77.0.101: in use, manager-a').waitFor()
  await page.keyboard.press('Enter')
  await expect.poll(() => page.getByRole('searchbox', { name: 'Search leases' }).inputValue()).toBe('10.77.0.101')
  await page.goto(`${fixture.url}/networks/rack-2`)
  await lease('blade-1').first().waitFor()
  await page.getByText('400 leases', { exact: true }).first().waitFor()
  expect(await leases().count()).toBeLessThan(60)
  await page.getByRole('searchbox', { name: 'Search leases' }).fill('blade-399')
  await lease('10.88.2.143').waitFor()
  expect(await leases().count()).toBe(1)
  await page.goto(`${fixture.url}/networks/nowhere`)
  await page.getByRole('heading', { name: 'There is no such network' }).waitFor()
})
