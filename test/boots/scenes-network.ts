import { execFileSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import type { Network } from '#contract/network-api'
import { defineScene, type Scene } from './scene.ts'
import { appliance, type BootWorld } from './world.ts'

const dnsmasq = ['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--no-ping', '--bind-interfaces']
const discard = (world: BootWorld, name: string): string[] => [`--pid-file=${world.folder}/${name}.pid`, `--dhcp-leasefile=${world.folder}/${name}.leases`]

/** Resolves when the appliance has heard what another server says to boot. */
async function bootFileHeard(world: BootWorld): Promise<void> {
  for (const end = Date.now() + 60_000; ; await wait(200)) {
    const [network] = (await world.control.api('GET', 'networks')).value as Network[]
    if (network?.addressServers.some(({ bootFile }) => bootFile !== '') === true) return
    if (Date.now() > end) throw new Error('no boot file of another server was heard within 60 s')
  }
}

/** What goes wrong before a machine has its loader. */
export const networkScenes: readonly Scene[] = [
  defineScene({
    name: 'other-server', about: 'A dnsmasq on the same wire gives udhcpc its address first; the appliance’s offers come too late.', origin: 'client', says: [['other-server']],
    async play(world) {
      world.start(world.host('10.77.0.5'), [...dnsmasq, ...discard(world, 'other'), '--interface=eth0', '--dhcp-range=10.77.0.60,10.77.0.90,255.255.255.0,1h', '--dhcp-authoritative'])
      await wait(1500)
      world.disturb('iifname app0 udp sport 67')
      const client = world.client()
      await client.lease('uefi', '-B')
      return client.mac
    },
  }),
  defineScene({
    name: 'first-packets-lost', about: 'The switch port drops everything for 20 s after the link came up; then udhcpc, atftp and curl boot as ever.', origin: 'client', says: [['first-packets-lost']],
    async play(world) {
      const client = world.client()
      world.disturb('oifname app0')
      const leased = client.lease('uefi', '-t', '20', '-T', '4')
      await wait(20_000)
      world.calm()
      await leased
      await client.atftp('snponly.efi')
      await client.chain()
      await client.fetch()
      await client.inventory()
      return client.mac
    },
  }),
  defineScene({
    name: 'policy-ignored', about: 'A machine that nobody knows asks on a network that ignores strangers.', origin: 'client', says: [['policy-ignored']],
    async play(world) {
      await world.network({ policy: 'ignore' })
      const client = world.client()
      await client.lease('uefi')
      return client.mac
    },
  }),
  defineScene({
    name: 'out-of-addresses', about: 'Another client has the only address of the range.', origin: 'client', says: [['out-of-addresses']],
    async play(world) {
      await world.network({ ranges: [{ from: '10.77.0.100', to: '10.77.0.100' }] })
      if (!(await world.client().lease('system'))) throw new Error('the first client got no address')
      const client = world.client()
      await client.lease('uefi')
      return client.mac
    },
  }),
  defineScene({
    name: 'relay-unknown', about: 'A dnsmasq relays for 10.99.0.0/24, of which the appliance knows nothing.', origin: 'client', says: [['relay-unknown']],
    async play(world) {
      const relay = world.host('10.77.0.9')
      const client = world.client()
      // The client's cable goes to the relay instead of the switch.
      execFileSync('ip', ['-n', client.space, 'link', 'delete', 'eth0'])
      world.ip(relay, 'link', 'add', 'far', 'type', 'veth', 'peer', 'name', 'eth0', 'address', client.mac, 'netns', client.space)
      world.ip(relay, 'address', 'add', '10.99.0.254/24', 'dev', 'far')
      world.ip(relay, 'link', 'set', 'far', 'up')
      world.ip(client.space, 'link', 'set', 'eth0', 'up')
      execFileSync('ip', ['netns', 'exec', client.space, 'ethtool', '-K', 'eth0', 'tx', 'off'], { stdio: 'ignore' })
      world.start(relay, ['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', `--pid-file=${world.folder}/relay.pid`, `--dhcp-relay=10.99.0.254,${appliance.address}`])
      await wait(1500)
      await client.lease('uefi')
      return client.mac
    },
  }),
  defineScene({
    name: 'wrong-architecture', about: 'udhcpc says that it is 32-bit UEFI.', origin: 'client', says: [['wrong-architecture']],
    async play(world) {
      const client = world.client()
      await client.lease('ia32')
      return client.mac
    },
  }),
  defineScene({
    name: 'loader-missing', about: 'A UEFI client asks while no loader is built.', origin: 'client', files: {}, says: [['loader-missing']],
    async play(world) {
      const client = world.client()
      await client.lease('uefi')
      return client.mac
    },
  }),
  defineScene({
    name: 'no-answer', about: 'A firewall on the appliance’s own host drops what comes to UDP port 67.', origin: 'client', says: [['no-answer']],
    async play(world) {
      world.deafen('udp dport 67')
      const client = world.client()
      await client.lease('uefi')
      return client.mac
    },
  }),
  defineScene({
    name: 'offer-not-taken', about: 'DHCP snooping on the switch drops what comes from UDP port 67.', origin: 'client', says: [['offer-not-taken']],
    async play(world) {
      world.disturb('iifname app0 udp sport 67')
      const client = world.client()
      await client.lease('uefi', '-t', '4')
      return client.mac
    },
  }),
  defineScene({
    name: 'nak-loop', about: 'dhclient, started four times, asks for an address of another network that it once had; offers do not reach it, refusals do.', origin: 'client', says: [['nak-loop']],
    async play(world) {
      await world.network({ authoritative: true })
      const client = world.client()
      // What is sent to its card alone is dropped; refusals are broadcast.
      world.disturb(`iifname app0 ether daddr ${client.mac} udp sport 67`)
      for (let attempt = 0; attempt < 4; attempt += 1) await client.refused('10.5.5.5')
      return client.mac
    },
  }),
  defineScene({
    name: 'address-in-use', about: 'Another device has the offered address and hides from the appliance’s ARP probe; udhcpc finds it, declines, and boots with the next address.', origin: 'client', says: [['address-in-use']],
    async play(world) {
      await world.network({ ranges: [{ from: '10.77.0.100', to: '10.77.0.100' }] })
      const squatter = world.host('10.77.0.100')
      const nft = (...words: string[]): void => void execFileSync('ip', ['netns', 'exec', squatter, 'nft', ...words])
      nft('add table arp hide')
      nft('add chain arp hide in { type filter hook input priority 0 ; }')
      nft(`add rule arp hide in arp saddr ether ${appliance.mac} drop`)
      const client = world.client()
      const leased = client.lease('uefi', '-a', '-t', '10')
      await world.heard(client.mac, 'dhcp.declined')
      await world.network({ ranges: [{ from: '10.77.0.100', to: '10.77.0.120' }] })
      if (!(await leased)) throw new Error('the client got no second address')
      await client.atftp('snponly.efi')
      await client.chain()
      await client.fetch()
      await client.inventory()
      return client.mac
    },
  }),
  defineScene({
    name: 'no-address-server', about: 'The network is of mode proxy, and nobody is there who gives addresses; the question of a captured iPXE is sent again three times.', origin: 'simulator', says: [['no-address-server']],
    async play(world) {
      await world.network({ mode: 'proxy' })
      await world.said('dhcp.noServer')
      return world.client().replay('bios-virtio-ipxe', 3)
    },
  }),
  defineScene({
    name: 'drawn-away', about: 'In mode proxy a dnsmasq gives udhcpc, which says that it is iPXE, its address and a boot file, to it alone; nothing is fetched from the appliance.', origin: 'client', says: [['other-server']], lookAfterSeconds: 10,
    async play(world) {
      await world.network({ mode: 'proxy' })
      world.start(world.host('10.77.0.5'), [...dnsmasq, ...discard(world, 'other'), '--interface=eth0', '--dhcp-range=10.77.0.60,10.77.0.90,255.255.255.0,1h', '--dhcp-authoritative', '--dhcp-boot=theirs.0'])
      await bootFileHeard(world)
      // Unlike firmware, udhcpc would take an offer without an address.
      world.disturb('iifname app0 udp sport 67')
      const client = world.client()
      if (!(await client.lease('ipxe'))) throw new Error('dnsmasq gave no address')
      return client.mac
    },
  }),
  defineScene({
    name: 'loader-left', about: 'A person chose HTTP Boot for its kind of hardware; its firmware asks by PXE and is sent on.', origin: 'simulator', says: [[], ['loader-left']],
    async play(world) {
      const client = world.client()
      await client.toRamdisk()
      await client.inventory({ facts: client.facts().replace('firmware\tbios', 'firmware\tuefi') })
      const id = await world.bootPath()
      const set = await world.control.api('PUT', `boot-paths/${id}`, { loader: 'http' })
      if (set.status !== 200) throw new Error(JSON.stringify(set.value))
      await client.lease('uefi')
      return client.mac
    },
  }),
  defineScene({
    name: 'duplicate-uuid', about: 'Two machines say the same SMBIOS UUID; both boot.', origin: 'client', says: [['duplicate-uuid']],
    async play(world) {
      const uuid = '5c10ad00-0000-4000-8000-0000000000dd'
      const [first, second] = [world.client(uuid), world.client(uuid)]
      await first.lease('uefi')
      await second.toRamdisk()
      return second.mac
    },
  }),
]
