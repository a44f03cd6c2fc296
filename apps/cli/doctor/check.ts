/** What a check found: `todo` says what to do, empty where nothing is. */
export interface Finding { readonly level: 'ok' | 'warn' | 'fail'; readonly text: string; readonly todo: string }

/** What the person said, where the appliance lives, and the ports at which it serves boot files and agents. */
export interface HostQuestion { readonly interface: string | undefined; readonly runDir: string; readonly dataDir: string; readonly ports: { readonly http: number; readonly tls: number } }

/** One look at the host. Catalog entry: one file, one line in `index.ts`. Needs no appliance. */
export interface Check { readonly id: string; readonly title: string; run(question: HostQuestion): Promise<Finding> }

/** Nothing to do. */
export const fine = (text: string): Finding => ({ level: 'ok', text, todo: '' })

/** Works, but not well, or not everything. */
export const advice = (text: string, todo: string): Finding => ({ level: 'warn', text, todo })

/** Must be mended first. */
export const broken = (text: string, todo: string): Finding => ({ level: 'fail', text, todo })

/** Runs all checks at once. One that breaks is a finding itself, so the others are still told. */
export async function runChecks(checks: readonly Check[], question: HostQuestion): Promise<(Finding & { id: string; title: string })[]> {
  return Promise.all(checks.map(async ({ id, title, run }) => {
    try {
      return { id, title, ...(await run(question)) }
    } catch (error) {
      return { id, title, ...advice(`could not be checked: ${error instanceof Error ? error.message : String(error)}`, '') }
    }
  }))
}
