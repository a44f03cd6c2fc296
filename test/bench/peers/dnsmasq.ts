import path from 'node:path'
import { serverAddress } from '../world.ts'
import { leaseSeconds, type DhcpPeer } from './peer.ts'

/** dnsmasq without DNS and without its ping check. */
export const dnsmasq: DhcpPeer = {
  id: 'dnsmasq',
  plan(world, pool) {
    const folder = world.scratch('dnsmasq')
    return {
      argv: ['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--interface=eth0', '--bind-interfaces', '--no-ping', '--dhcp-authoritative', '--dhcp-lease-max=200000', `--dhcp-range=${pool.from},${pool.to},255.254.0.0,${leaseSeconds}`,
        `--dhcp-option=3,${serverAddress}`, `--dhcp-option=6,${serverAddress}`, `--dhcp-boot=ipxe.efi,,${serverAddress}`, `--dhcp-leasefile=${path.join(folder, 'leases')}`, '--quiet-dhcp', '--log-facility=/dev/null', `--pid-file=${path.join(folder, 'pid')}`, '--user=root'],
      listens: { protocol: 'udp', port: 67 },
    }
  },
}
