import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { until } from '../lab/appliance.ts'
import { openRack, type Rack } from '../sim/rack.ts'
import { labWords, makeMadeUpHome, StartedLab, typeUp, type TypedUp } from '../sim/typed-up.ts'
import { startBrowser, watchComplaints } from './console-rig.ts'

/** The real appliance of a test file: `scripts/up --lab 0` with everything that a person gets, and machines on its wire. */
export interface ApplianceStand {
  readonly url: string
  /** The one-time password that was printed. */
  readonly oneTimePassword: string
  readonly rack: Rack
  readonly lab: StartedLab
  /** What scripts/up has printed. */
  output(): string
  /** Kills the control process as a crash would; whoever keeps it running starts it again. */
  killControl(): void
}

/** Stands a real appliance up around the tests of a file, which share it and one browser session; `take` is given each test's page. */
export function standAppliance(take: (given: { page: Page; context: BrowserContext; stand: ApplianceStand }) => void): void {
  let browser: Browser
  let lab: StartedLab
  let up: TypedUp
  let rack: Rack
  let context: BrowserContext
  let complaints: string[]
  let session: Awaited<ReturnType<BrowserContext['storageState']>> | undefined
  beforeAll(async () => {
    const home = await makeMadeUpHome()
    lab = new StartedLab(home)
    up = typeUp(home, ...labWords(home))
    await lab.consoleAnswers(up)
    await until('the password is printed', 30_000, async () => up.output().includes('  cloud     '), up.output)
    rack = await openRack(home.name, home.dataDir)
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    rack?.close()
    up?.interrupt()
    await up?.ended
    lab?.remove()
  })
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ignoreHTTPSErrors: true, ...(session === undefined ? {} : { storageState: session }) })
    const page = await context.newPage()
    page.setDefaultTimeout(45_000)
    complaints = watchComplaints(page)
    take({
      page, context,
      stand: {
        url: `https://127.0.0.1:${lab.home.consolePort}`, oneTimePassword: /^ {2}password {2}(\S+) /m.exec(up.output())?.[1] ?? '', rack, lab, output: up.output,
        killControl: () => void process.kill(lab.pids()['control'] ?? 0, 'SIGKILL'),
      },
    })
  })
  afterEach(async () => {
    session = await context.storageState()
    await context.close()
    expect(complaints, 'script errors and breaches of the content security policy').toEqual([])
  })
}
