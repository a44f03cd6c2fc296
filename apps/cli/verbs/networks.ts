import type { Network } from '#contract/network-api'
import type { AddVerbs, Context } from '../context.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { parseSettings, settingWords } from '../networks/parse-settings.ts'
import type { Paint } from '../show/paint.ts'
import { count } from '../show/amount.ts'
import { renderFacts, renderTable, untrusted } from '../show/table.ts'
import { oneOf } from './words.ts'

/** `networks`: what is served where, and how. */
export const addNetworkVerbs: AddVerbs = (program, bind) => {
  const networks = program.command('networks').description('provisioning networks').action(bind(async (context) => {
    const all = await context.api().networks()
    context.answer(all, () => `${renderNetworks(all)}${all.flatMap(({ notices }) => notices).map((one) => `${context.paint.warn(`! ${untrusted(one)}`)}\n`).join('')}`)
  }))
  networks.command('show').description('one network in full').argument('<network>', 'its id').action(bind(async (context, id: string) => show(context, await context.api().network(id))))
  networks.command('set').description(`changes a network at once: ${settingWords}`).usage('<network> KEY=VALUE...').argument('<network>', 'its id').argument('<settings...>', 'KEY=VALUE').action(bind(async (context, id: string, words: string[]) => {
    const network = await context.api().network(id)
    show(context, await context.api().changeNetwork(network.id, parseSettings(words, network.options)))
  }))
  networks.command('policy').description('what unknown machines get: discover or ignore').argument('<network>').argument('<policy>').action(bind(async (context, id: string, word: string) => {
    const policy = oneOf(word, ['discover', 'ignore'], 'the policy')
    const network = await context.api().changeNetwork(id, { policy })
    context.answer(network, () => `${network.id}: unknown machines are ${network.policy === 'discover' ? 'discovered' : 'ignored'}.\n`)
  }))
  networks.command('add').description('serves a further network: behind a relay, or on another interface of the host').usage('<cidr> [KEY=VALUE...]').argument('<cidr>', 'such as 10.88.0.0/24').argument('[settings...]', `KEY=VALUE: ${settingWords}`)
    .option('--relayed', 'its machines are behind a DHCP relay').option('--interface <name>', 'the interface that it is on, or its relay sends to').option('--id <id>', 'what it is called here').action(bind(add))
  networks.command('remove').description('serves a network no longer').argument('<network>', 'its id').option('--force', 'although clients have addresses of it, or machines are cut off by it').action(bind(async (context, id: string, options: { force?: boolean }) => {
    const network = await context.api().network(id)
    if (!(await context.confirm(`Remove ${network.title} (${network.cidr}, ${count(network.leasesActive, 'lease')}, ${count(network.reservations, 'reservation')})?`))) throw new CliFailure('nothing was removed')
    const { cutOff } = await context.api().removeNetwork(network.id, options.force ?? false)
    context.answer({ removed: network.id, cutOff }, () => `${network.title} is removed.\n${cutOff.map(({ name }) => context.paint.warn(`! ${untrusted(name)} is cut off: its agent asks at ${network.address} and nowhere else\n`)).join('')}`)
  }))
}

async function add(context: Context, cidr: string, words: string[], options: { relayed?: boolean; interface?: string; id?: string }): Promise<void> {
  const relayed = options.relayed ?? false
  if (!relayed && options.interface === undefined) throw wrongCall('say where the network is: --interface NAME, --relayed, or both for a relay on another interface than the first network')
  const { gateway, dns, ntp, ranges, excluded, ...settings } = parseSettings(words, [])
  const given = Object.fromEntries(Object.entries({ gateway, dns, ntp, ranges, excluded }).filter(([, value]) => value !== undefined && value !== null))
  show(context, await context.api().addNetwork({ ...settings, ...given, cidr, relayed, ...(options.interface === undefined ? {} : { interface: options.interface }), ...(options.id === undefined ? {} : { id: options.id }) }))
}

function renderNetworks(all: readonly Network[]): string {
  return renderTable(['ID', 'INTERFACE', 'NETWORK', 'ADDRESS', 'MODE', 'UNKNOWN MACHINES', 'LEASES', 'FREE', 'OTHER DHCP SERVERS'], all.map((one) => [
    one.id, `${one.interface}${one.relayed ? ' (relay)' : ''}`, one.cidr, one.address, one.mode, one.policy, ...(one.mode === 'proxy' ? ['-', '-'] : [`${one.leasesActive} of ${one.poolSize}`, String(one.poolFree)]), one.otherServers.join(', ') || '-',
  ]))
}

function show(context: Context, network: Network): void {
  context.answer(network, () => renderNetwork(network, context.paint))
}

const range = ({ from, to }: Network['ranges'][number]): string => (from === to ? from : `${from}-${to}`)

/** Who gives the addresses in mode proxy, and what with them. */
const describeServer = ({ address, gateway, dns, bootFile }: Network['addressServers'][number]): string =>
  `${address} (gateway ${gateway || 'none'}, DNS ${dns.join(', ') || 'none'}${bootFile === '' ? '' : `, boot file ${untrusted(bootFile)}`})`

function renderNetwork(network: Network, paint: Paint): string {
  const facts = renderFacts([
    ['id', network.id], ['title', network.title], ['network', network.cidr], ['interface', `${network.interface}${network.relayed ? ', behind a relay' : ''}`], ['appliance', network.address], ['gateway', network.gateway || 'none'],
    ['mode', network.mode === 'proxy' ? 'proxy: another server gives the addresses; ranges, lease, gateway, dns and options here do nothing' : network.mode], ['policy', network.policy], ['ranges', network.ranges.map(range).join(', ') || 'none'], ['excluded', network.excluded.map(range).join(', ') || 'none'],
    ['in use', `${count(network.leasesActive, 'lease')}, ${network.poolFree} of ${network.poolSize} addresses free, ${count(network.reservations, 'reservation')}, ${count(network.conflicts, 'conflict')}`],
    ['lease', `${network.leaseSeconds} s`], ['dns', network.dns.join(', ') || 'none'], ['ntp', network.ntp.join(', ') || 'none'], ['domain', network.domain || 'none'], ['ipv6', network.ipv6Prefix || 'none'],
    ['authoritative', network.authoritative ? 'yes' : 'no'], ['other-server', network.whenOtherServer], network.mode === 'proxy' ? ['addresses from', network.addressServers.map(describeServer).join('; ') || (network.relayed ? 'a server that is not heard here, behind the relay' : 'nobody heard yet')] : ['other servers', network.otherServers.join(', ') || 'none heard'],
  ])
  const options = renderTable(['OPTION', 'NAME', 'TYPE', 'VALUE'], network.options.map(({ code, name, type, value }) => [String(code), name, type, Array.isArray(value) ? value.join(', ') : String(value)]))
  return [facts, options, network.notices.map((one) => `${paint.warn(`! ${untrusted(one)}`)}\n`).join('')].filter((part) => part !== '').join('\n')
}
