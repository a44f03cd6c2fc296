import { existsSync } from 'node:fs'
import os from 'node:os'
import { findDhcpServers } from '#netboot/serve/wire/find-servers'
import { chooseAddress, judgeCard, judgeServers, type Link } from './judge-card.ts'
import type { UpOptions } from './options.ts'
import { attempt, run } from './run.ts'

/** Where the appliance stands on a network: its card, its address there and the network's CIDR. */
export interface Standing {
  readonly interface: string
  readonly address: string
  readonly cidr: string
}

/**
 * Finds the appliance's place on a real card: its address within `--subnet`, or the subnet's first address, which is then set; without a
 * subnet the card's own first IPv4 address. Looks for other DHCP servers there. Throws a sentence that says what to do where the card cannot serve.
 */
export async function standOn(options: Pick<UpOptions, 'interface' | 'subnet' | 'mode'>, say: (text: string) => void): Promise<Standing> {
  const { interface: card, subnet, mode } = options
  const links = (await readLinks()).map((link) => ({ ...link, wireless: existsSync(`/sys/class/net/${link.ifname}/phy80211`) }))
  const verdict = judgeCard(links, card, subnet)
  if (typeof verdict === 'string') throw new Error(verdict)
  for (const note of verdict.notes) say(note)
  const choice = chooseAddress(verdict.link.addr_info, subnet, mode)
  if (typeof choice === 'string') throw new Error(`${card}: ${choice}`)
  if (choice.add) {
    await run('ip', 'link', 'set', card, 'up')
    await refuseTaken(card, choice.address)
  }
  await refuseSecondServer(card, mode, say)
  if (choice.add) await run('ip', 'address', 'add', `${choice.address}/${choice.cidr.split('/')[1]}`, 'broadcast', '+', 'dev', card)
  return { interface: card, address: choice.address, cidr: choice.cidr }
}

const readLinks = async (): Promise<Omit<Link, 'wireless'>[]> => JSON.parse(await run('ip', '-json', 'address', 'show')) as Omit<Link, 'wireless'>[]

/** Asks the wire by ARP whether a machine there has the address already (RFC 5227 §2.1.1). */
async function refuseTaken(card: string, address: string): Promise<void> {
  // Status 0: nobody answered; 1: somebody did.
  if ((await attempt('busybox', 'arping', '-D', '-q', '-c', '2', '-w', '2', '-I', card, address)) === undefined)
    throw new Error(`${card}: another machine on this wire has ${address} already: give the card an address of its own (ip address add ADDRESS/BITS dev ${card}), or choose another --subnet`)
}

async function refuseSecondServer(card: string, mode: 'full' | 'proxy', say: (text: string) => void): Promise<void> {
  say(`looking for other DHCP servers on ${card}`)
  let found: string[]
  try {
    found = await findDhcpServers(card)
  } catch (error) { // a DHCP client on the card has the port: what cannot be asked is said, not guessed
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    return say(`other DHCP servers on ${card} could not be looked for: ${why}`)
  }
  const own = new Set(Object.values(os.networkInterfaces()).flatMap((addresses) => addresses?.map((one) => one.address) ?? []))
  const verdict = judgeServers(found.filter((address) => !own.has(address)), card, mode)
  if (verdict.refusal !== undefined) throw new Error(verdict.refusal)
  if (verdict.note !== undefined) say(verdict.note)
}
