import { leaseStates, type ClientMatch, type Lease, type Reservation } from '#contract/network-api'
import type { AddVerbs, Context } from '../context.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { renderAgo, renderSpan } from '../show/amount.ts'
import type { Paint } from '../show/paint.ts'
import { renderTable, untrusted } from '../show/table.ts'
import { oneOf } from './words.ts'

const pageSize = 1000

/** `leases`, `reservations` and `reservations set`, `reserve`, `unreserve`: who has which address, why, until when. */
export const addLeaseVerbs: AddVerbs = (program, bind) => {
  const leases = program.command('leases').description('who has which address, why and until when').argument('[network]', 'id of a network')
    .option('--state <state>', leaseStates.join(', ')).option('--text <text>', 'only where address, MAC or names contain it').action(bind(list))
  leases.command('release').description('takes an address back, so that another client may have it').argument('<address>').option('--force', 'although a machine at work has it').action(bind(async (context, address: string, options: { force?: boolean }) => {
    if (!(await context.confirm(`Release ${address}?`))) throw new CliFailure('nothing was released')
    await context.api().releaseLease(address, options.force ?? false)
    context.answer({ released: address }, () => `${address} is free.\n`)
  }))
  const reservations = program.command('reservations').description('addresses kept for one client each').argument('[network]', 'id of a network').action(bind(async (context, network: string | undefined) => {
    const all = await context.api().reservations(network)
    context.answer(all, () => (all.length === 0 ? 'No reservation: keep an address with "systemcloud reserve CLIENT ADDRESS".\n' : renderReservations(all, context.paint)))
  }))
  reservations.command('set').description('changes a reservation').argument('<address>').option('--client <client>', 'for whom it is: a MAC, a UUID, a client id (id:01…), or a machine').option('--address <address>', 'the address that is kept').option('--hostname <name>', 'the host name that the client is told; "" for none').action(bind(change))
  program.command('reserve').description('keeps an address for a client').argument('<client>', 'a MAC, a UUID, a client id (id:01…), or a machine').argument('<address>').option('--hostname <name>', 'the host name that the client is told', '').action(bind(async (context, client: string, address: string, options: { hostname: string }) => {
    const reservation = await context.api().reserve(client, address, options.hostname)
    context.answer(reservation, () => renderReservations([reservation], context.paint))
  }))
  program.command('unreserve').description('keeps an address no longer').argument('<address>').action(bind(async (context, address: string) => {
    await context.api().unreserve(address)
    context.answer({ unreserved: address }, () => `${address} is reserved no longer.\n`)
  }))
}

async function change(context: Context, address: string, wanted: { client?: string; address?: string; hostname?: string }): Promise<void> {
  if (Object.keys(wanted).length === 0) throw wrongCall('say what to change: --client, --address or --hostname')
  const before = (await context.api().reservations(undefined)).find((one) => one.address === address)
  if (before === undefined) throw new CliFailure(`${address} is not reserved`)
  const changed = await context.api().changeReservation(address, { client: client(before.match), address, hostname: before.hostname, ...wanted })
  context.answer(changed, () => renderReservations([changed], context.paint))
}

async function list(context: Context, network: string | undefined, options: { state?: string; text?: string }): Promise<void> {
  const query = { ...(network === undefined ? {} : { network }), ...(options.state === undefined ? {} : { state: oneOf(options.state, leaseStates, 'the state') }), text: options.text ?? '', limit: String(pageSize) }
  const all: Lease[] = []
  for (;;) {
    const page = await context.api().leases({ ...query, offset: String(all.length) })
    all.push(...page.leases)
    if (page.leases.length < pageSize) break
  }
  const { paint } = context
  const now = context.terminal.now()
  context.answer(all, () => (all.length === 0 ? 'No lease.\n' : renderTable(['ADDRESS', 'STATE', 'WHO', 'MAC', 'SINCE', 'UNTIL', 'WHY'], all.map((one) => [
    one.address, state(one, paint), one.machineName ?? one.hostname, one.mac, renderAgo(one.since, now), until(one, now), one.why,
  ]))))
}

const until = (lease: Lease, now: number): string => {
  const left = Date.parse(lease.until) - now
  return lease.state === 'released' ? '-' : left > 0 ? `in ${renderSpan(left)}` : renderAgo(lease.until, now)
}

function state(lease: Lease, paint: Paint): string {
  const word = lease.reserved && lease.state === 'bound' ? 'bound, reserved' : lease.state
  return { bound: paint.good, expired: paint.dim, released: paint.dim, declined: paint.bad, conflict: paint.bad }[lease.state](word)
}

const client = (match: ClientMatch): string => ('mac' in match ? match.mac : 'uuid' in match ? match.uuid : `id:${match.clientId}`)

function renderReservations(all: readonly Reservation[], paint: Paint): string {
  return renderTable(['ADDRESS', 'FOR', 'MACHINE', 'HOST NAME', 'NETWORK', 'IN USE', 'NOTE'], all.map((one) => [
    one.address, client(one.match), one.machineName ?? '', one.hostname, one.networkId, one.inUse ? paint.good('yes') : 'no', one.problem === null ? '' : paint.warn(untrusted(one.problem)),
  ]))
}
