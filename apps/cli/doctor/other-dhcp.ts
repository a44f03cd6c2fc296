import { existsSync } from 'node:fs'
import os from 'node:os'
import { findDhcpServers, listenForServersMs } from '#netboot/serve/wire/find-servers'
import { advice, broken, fine, type Check, type Finding } from './check.ts'

/** Judges the servers that answered; `own` are addresses of this host. */
export function judgeServers(servers: readonly string[], own: ReadonlySet<string>, card: string): Finding {
  const others = servers.filter((server) => !own.has(server))
  if (others.length > 0) return broken(`${others.join(', ')} answers on ${card}`, 'start the appliance beside it (scripts/up --interface ... --mode proxy), or switch that server off')
  return fine(servers.length > 0 ? `only this host answers on ${card}` : `nobody answered on ${card} in ${listenForServersMs / 1000} s`)
}

/** Sends one DISCOVER out of a card and listens. Two servers that give addresses make a network of chance. */
export const otherDhcp: Check = {
  id: 'other-dhcp', title: 'Other DHCP servers',
  async run({ interface: card }) {
    if (card === undefined) return fine('not looked for; --interface IF looks on a real card')
    if (!/^[\w.:@-]{1,15}$/.test(card) || !existsSync(`/sys/class/net/${card}`)) return broken(`there is no network card ${card}`, 'look for its name with "ip link"')
    if (process.getuid?.() !== 0) return advice('not looked for', 'run it as root')
    const own = new Set(Object.values(os.networkInterfaces()).flatMap((addresses) => addresses?.map((one) => one.address) ?? []))
    return judgeServers(await findDhcpServers(card), own, card)
  },
}
