import { readFileSync, unwatchFile, watchFile, writeFileSync } from 'node:fs'
import path from 'node:path'
import { LocalNetworks } from '#contract/local-networks'
import type { KeptProcess, ProcessPlan } from './child.ts'
import { dnsArguments } from './dns.ts'
import type { Standing } from './interface.ts'

/** What the servers of names and time need. `keep` starts a process in the appliance's namespace; `as` are the words that give it its user. */
export interface NamesAndTime {
  readonly standing: Standing
  /** What control writes; it may be absent, and nothing in it is trusted. */
  readonly file: string
  readonly as: readonly string[]
  readonly user: string
  readonly hostsDir: string
  readonly asksOthers: boolean
  /** Where the time servers' configurations go, and (the server's own) their pid files. */
  readonly runDir: string
  readonly ownDir: string
  keep(plan: Pick<ProcessPlan, 'name' | 'args'>): KeptProcess
  drop(one: KeptProcess): Promise<void>
  say(text: string): void
}

const lookMs = 2000

/**
 * Serves names and the time on the first network at once, and on every other one that control tells of, as long as it does: a server for
 * each address, because a time server takes one only.
 */
export function serveNamesAndTime(deps: NamesAndTime): { close(): void } {
  const first = { address: deps.standing.address, allow: [deps.standing.cidr] }
  const served = new Map<string, { allow: string; dns: KeptProcess; time: KeptProcess }>()
  let turn = Promise.resolve()
  const follow = async (): Promise<void> => {
    const told = readLocalNetworks(deps.file, deps.say)
    // Control may be away for a while: what is served goes on.
    if (told === undefined && served.size > 0) return
    const wanted = new Map([first, ...(told ?? [])].map((one) => [one.address, one]))
    for (const [address, { dns, time }] of served) if (!wanted.has(address)) {
      served.delete(address)
      await Promise.all([deps.drop(dns), deps.drop(time)])
    }
    for (const { address, allow } of wanted.values()) {
      const suffix = address === first.address ? '' : `-${address}`
      const before = served.get(address)
      if (before?.allow === allow.join()) continue
      if (before !== undefined) await deps.drop(before.time)
      const dns = before?.dns ?? deps.keep({ name: `dns${suffix}`, args: [...deps.as, 'dnsmasq', ...dnsArguments({ address, port: 53, hostsDir: deps.hostsDir, asksOthers: deps.asksOthers })] })
      const time = deps.keep({ name: `time${suffix}`, args: [...deps.as, 'chronyd', '-d', '-x', '-U', '-u', deps.user, '-f', timeConfig(deps, address, allow)] })
      served.set(address, { allow: allow.join(), dns, time })
    }
  }
  const look = (): void => { turn = turn.then(follow) }
  look()
  watchFile(deps.file, { interval: lookMs }, look)
  return { close: () => unwatchFile(deps.file, look) }
}

/** A time server for the machines that gives the appliance's own clock and never sets it. */
function timeConfig({ runDir, ownDir }: NamesAndTime, address: string, allow: readonly string[]): string {
  const file = path.join(runDir, `chrony-${address}.conf`)
  writeFileSync(file, ['local stratum 10', `bindaddress ${address}`, ...allow.map((cidr) => `allow ${cidr}`), 'cmdport 0', 'bindcmdaddress /', `pidfile ${path.join(ownDir, `chrony-${address}.pid`)}`, ''].join('\n'))
  return file
}

function readLocalNetworks(file: string, say: (text: string) => void): LocalNetworks | undefined {
  try {
    return LocalNetworks.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') say(`names and time stay where they are: ${file} is not what control writes`)
    return undefined
  }
}
