import { addressTalkOf, httpOf, isScript, takenElsewhere } from '../sessions.ts'
import { defineRule } from './rule.ts'

const patienceMs = 15_000

/** iPXE runs and has an address, and its boot script is never asked for. */
export const scriptNeverFetched = defineRule({
  id: 'script-never-fetched', title: 'iPXE never fetched its script', behind: ['other-server'],
  look({ session, quietMs, context: { mode, ours } }) {
    const acked = addressTalkOf(session).findLast(({ client, message, address }) => client === 'ipxe' && (message === 'ack' || message === 'reply') && address !== '') ?? (mode === 'proxy' ? takenElsewhere(session, 'ipxe', ours) : undefined)
    if (acked === undefined || session.moments.some(({ kind }) => kind === 'script' || kind === 'kernel' || kind === 'inventory')) return undefined
    const requests = httpOf(session).filter(({ atMs }) => atMs >= acked.atMs)
    if (requests.some(({ path, status }) => isScript(path) && (status ?? 200) < 400) || session.moments.some((moment) => moment.kind === 'tftp' && moment.atMs > acked.atMs && moment.end === 'done')) return undefined
    const connects = session.moments.filter((moment) => moment.kind === 'connect' && moment.atMs >= acked.atMs)
    if (quietMs < patienceMs && connects.every((moment) => moment.kind === 'connect' && moment.tries < 4)) return undefined
    const isTold = addressTalkOf(session).some(({ client, fromMachine, bootFile }) => client === 'ipxe' && !fromMachine && bootFile !== '')
    const refused = connects.some((moment) => moment.kind === 'connect' && moment.refused)
    return {
      severity: 'error', evidence: [acked, ...connects],
      happened: connects.length > 0 ? `iPXE has ${acked.address} and tries to reach port 80 of the appliance, ${refused ? 'which refuses it' : 'without an answer'}.` : `iPXE has ${acked.address}, and no request for its boot script ever arrived.`,
      todo: refused ? 'Look whether the boot servers run (page Networks, /healthz).' : !isTold ? `Let the DHCP server${acked.kind === 'dhcp' ? ` ${acked.server ?? ''}` : ''} tell iPXE (user class “iPXE”) the boot script, or set this network to mode full.` : 'Let TCP port 80 of the appliance through every firewall between; look whether the machine’s address, mask and gateway fit its VLAN.',
    }
  },
})
