import { setTimeout as wait } from 'node:timers/promises'
import { defineScene, type Scene } from './scene.ts'
import type { BootWorld } from './world.ts'

/** The appliance advertises itself and listens at once; a client's own look for its address takes longer. */
const withIpv6 = (world: BootWorld): Promise<void> => world.network({ ipv6Prefix: 'fd00:77::/64' })

/** What goes wrong over IPv6. */
export const ipv6Scenes: readonly Scene[] = [
  defineScene({
    name: 'ipv6-offer-not-taken', about: 'DHCPv6 guard on the switch drops what comes from UDP port 547; dhclient asks on.', origin: 'client', says: [['ipv6-offer-not-taken']],
    async play(world) {
      await withIpv6(world)
      world.disturb('iifname app0 udp sport 547')
      const client = world.client()
      await client.lease6(14)
      return client.mac
    },
  }),
  defineScene({
    name: 'ipv6-loader-never-fetched', about: 'dhclient has its address and the URL of its loader; nothing is fetched.', origin: 'client', says: [['ipv6-loader-never-fetched']], lookAfterSeconds: 16,
    async play(world) {
      await withIpv6(world)
      const client = world.client()
      await client.lease6()
      return client.mac
    },
  }),
  defineScene({
    name: 'ipv6-other-server', about: 'A dnsmasq on the same wire gives dhclient its IPv6 address; the appliance’s advertisements come too late.', origin: 'client', says: [['ipv6-other-server']],
    async play(world) {
      await withIpv6(world)
      const other = world.host('10.77.0.5')
      world.ip(other, 'address', 'add', 'fd00:66::1/64', 'dev', 'eth0', 'nodad')
      world.start(other, ['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--bind-interfaces', '--interface=eth0', `--pid-file=${world.folder}/six.pid`, `--dhcp-leasefile=${world.folder}/six.leases`, '--dhcp-range=fd00:66::100,fd00:66::1ff,64,1h'])
      await wait(1500)
      world.disturb('iifname app0 udp sport 547')
      const client = world.client()
      await client.lease6()
      return client.mac
    },
  }),
]
