import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type OperatorFixture, startOperatorFixture } from '../sim/operator-fixture.ts'
import { startBrowser, startConsole, watchComplaints } from './console-rig.ts'

/** What each test of a file gets anew. */
export interface Given { readonly page: Page, readonly context: BrowserContext }

/** The console of the last build and a browser for the tests of one file. */
export interface ConsoleStand {
  /** Starts an appliance in memory behind the console; it ends with the test. */
  serve(options: Omit<Parameters<typeof startOperatorFixture>[0], 'consoleUrl'>): Promise<OperatorFixture>
  /** Opens a page of it and signs in. */
  enter(path: string): Promise<void>
}

/** Stands the console up around the tests of a file; `take` is given each test's own page. A test in which the page complained has failed. */
export function standConsole(height: number, take: (given: Given) => void): ConsoleStand {
  let browser: Browser
  let consoleServer: { url: string, stop: () => void }
  let fixture: OperatorFixture | undefined
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
    context = await browser.newContext({ viewport: { width: 1280, height } })
    page = await context.newPage()
    page.setDefaultTimeout(45_000)
    complaints = watchComplaints(page)
    take({ page, context })
  })
  afterEach(async () => {
    await context.close()
    await fixture?.close()
    fixture = undefined
    expect(complaints, 'script errors and breaches of the content security policy').toEqual([])
  })
  return {
    async serve(options) {
      fixture = await startOperatorFixture({ ...options, consoleUrl: consoleServer.url })
      return fixture
    },
    async enter(path) {
      if (fixture === undefined) throw new Error('nothing is served yet')
      await page.goto(fixture.url + path)
      await page.getByLabel('Password').fill(fixture.password)
      await page.getByRole('button', { name: 'Sign in' }).click()
    },
  }
}
