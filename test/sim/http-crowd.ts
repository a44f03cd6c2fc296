import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Clients that keep their connections, in a process of its own: `http-crowd.ts URL COUNT`. All fetch the file at once and stay; they fetch
 * it again; one more asks, and all once more. Then as many others begin requests that they never end, and one more asks; they leave, and it
 * asks again. Prints one line of JSON.
 */
export interface CrowdReport {
  /** Digests of what was got, with how many got it; what went wrong instead, in words. */
  readonly first: Record<string, number>
  /** Connections that were open at once, without the one beyond. */
  readonly open: number
  readonly again: Record<string, number>
  /** How many of the second round were asked over the connection of the first. */
  readonly kept: number
  /** What one more gets where all that are open wait for a next request, and what they get after it. */
  readonly beyondIdle: string
  readonly third: Record<string, number>
  /** What one more gets where all that are open are in the middle of a request. */
  readonly beyondBusy: string
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
    // A kept connection may be closed while a request is on its way: whoever keeps one asks again.
    request.on('error', (error: NodeJS.ErrnoException) => resolve(request.reusedSocket ? fetchBy(agent, method) : { what: error.code ?? error.message, kept: false }))
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
const second = await Promise.all(agents.map((agent) => fetchBy(agent)))
const { what: beyondIdle } = await fetchBy(newAgent())
const third = tally(await Promise.all(agents.map((agent) => fetchBy(agent))))
for (const agent of agents) agent.destroy()
await served()

const { hostname, port } = new URL(url)
const busy = await Promise.all(agents.map(async () => {
  const socket = connect({ host: hostname, port: Number(port || 80) })
  // The server may close it: that is what is looked for.
  socket.on('error', () => socket.destroy())
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\n')
  return socket
}))
const { what: beyondBusy } = await fetchBy(newAgent())
for (const socket of busy) socket.destroy()
const afterwards = await served()

/** The server hears of ends in its own time: asks until it is let in. */
async function served(): Promise<string> {
  for (const end = Date.now() + 30_000; ; await wait(50)) {
    const { what } = await fetchBy(newAgent())
    if (what.startsWith('200') || Date.now() > end) return what
  }
}
const report: CrowdReport = { first, open, again: tally(second), kept: second.filter(({ kept }) => kept).length, beyondIdle, third, beyondBusy, afterwards, seconds: (performance.now() - began) / 1000 }
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0))
