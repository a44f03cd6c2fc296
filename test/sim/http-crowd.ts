import { createHash } from 'node:crypto'
import http from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Clients that keep their connections, in a process of its own: `http-crowd.ts URL COUNT`. All fetch the file at once and stay, one more
 * asks, all fetch it again; then all leave but one, who comes anew. Prints one line of JSON.
 */
export interface CrowdReport {
  /** Digests of what was got, with how many got it; what went wrong instead, in words. */
  readonly first: Record<string, number>
  /** Connections that were open at once, without the one beyond. */
  readonly open: number
  readonly beyond: string
  readonly again: Record<string, number>
  /** How many of the second round were asked over the connection of the first. */
  readonly kept: number
  readonly afterwards: string
  readonly seconds: number
}

const [url = '', count = '0'] = process.argv.slice(2)
const began = performance.now()
const newAgent = (): http.Agent => new http.Agent({ keepAlive: true, maxSockets: 1 })
const agents = Array.from({ length: Number(count) }, newAgent)

function fetchBy(agent: http.Agent, method = 'GET'): Promise<{ what: string; kept: boolean }> {
  return new Promise((resolve) => {
    const request = http.request(url, { agent, method }, (answer) => {
      const hash = createHash('sha256')
      answer.on('data', (bytes: Buffer) => hash.update(bytes))
      answer.on('end', () => resolve({ what: `${answer.statusCode} ${hash.digest('hex')}`, kept: request.reusedSocket }))
      answer.on('error', (error) => resolve({ what: String(error), kept: false }))
    })
    request.on('error', (error: NodeJS.ErrnoException) => resolve({ what: error.code ?? error.message, kept: false }))
    request.end()
  })
}

let missing = agents.length
let everybodyIsIn = (): void => {}
const allIn = new Promise<void>((resolve) => { everybodyIsIn = resolve })

/** Gets the file, and asks now and then until everybody has it: the server closes connections that are idle. */
async function join(agent: http.Agent): Promise<{ what: string }> {
  const got = await fetchBy(agent)
  if ((missing -= 1) === 0) everybodyIsIn()
  while (await Promise.race([allIn.then(() => false), wait(3000, true, { ref: false })])) await fetchBy(agent, 'HEAD')
  return got
}

function tally(all: readonly { what: string }[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { what } of all) sums[what] = (sums[what] ?? 0) + 1
  return sums
}

const first = tally(await Promise.all(agents.map(join)))
const open = agents.filter((agent) => Object.values(agent.freeSockets).some((sockets) => sockets?.some((socket) => !socket.destroyed))).length
const { what: beyond } = await fetchBy(newAgent())
const second = await Promise.all(agents.map((agent) => fetchBy(agent)))
for (const agent of agents) agent.destroy()
let afterwards = ''
// The server hears of the ends in its own time.
for (const end = Date.now() + 30_000; Date.now() < end && !afterwards.startsWith('200'); await wait(50)) ({ what: afterwards } = await fetchBy(newAgent()))
const report: CrowdReport = { first, open, beyond, again: tally(second), kept: second.filter(({ kept }) => kept).length, afterwards, seconds: (performance.now() - began) / 1000 }
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0))
