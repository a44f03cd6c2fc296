import { defineScene, madeFiles, type Scene } from './scene.ts'

/** What goes wrong while a machine fetches its loader, its script and its ramdisk. */
export const loadingScenes: readonly Scene[] = [
  defineScene({
    name: 'loader-never-fetched', about: 'udhcpc has its address and the name of its loader; nothing is fetched.', origin: 'client', says: [['loader-never-fetched']], lookAfterSeconds: 13,
    async play(world) {
      const client = world.client()
      await client.lease('uefi')
      return client.mac
    },
  }),
  defineScene({
    name: 'tftp-unanswered', about: 'A firewall on the appliance’s own host drops what comes to UDP port 69; atftp asks again and again.', origin: 'client', says: [['tftp-unanswered']], lookAfterSeconds: 11,
    async play(world) {
      world.deafen('udp dport 69')
      const client = world.client()
      await client.lease('uefi')
      await client.atftp('snponly.efi', 1468, 14)
      return client.mac
    },
  }),
  defineScene({
    name: 'tftp-refused', about: 'tftp-hpa asks for pxelinux.0, which is not served.', origin: 'client', says: [['tftp-refused']], lookAfterSeconds: 11,
    async play(world) {
      const client = world.client()
      await client.lease('uefi')
      await client.run(['tftp', '-m', 'binary', '10.77.0.1', '-c', 'get', 'pxelinux.0', '/dev/null'])
      return client.mac
    },
  }),
  defineScene({
    name: 'tftp-crawling', about: 'The way loses every tenth packet while atftp fetches the loader; then all goes well.', origin: 'client', says: [['tftp-crawling']],
    async play(world) {
      const client = world.client()
      await client.lease('uefi')
      world.disturb('iifname app0 udp sport != 67 numgen random mod 10 == 0')
      await client.atftp('snponly.efi', 1468, 200)
      world.calm()
      await client.chain()
      await client.fetch()
      await client.inventory()
      return client.mac
    },
  }),
  defineScene({
    name: 'tftp-too-big', about: 'Frames above 1,000 bytes do not pass: atftp never gets its first block of 1,468.', origin: 'client', says: [['tftp-crawling']], lookAfterSeconds: 3,
    async play(world) {
      world.disturb('iifname app0 udp sport != 67 ip length > 1000')
      const client = world.client()
      await client.lease('uefi')
      await client.atftp('snponly.efi', 1468, 25)
      return client.mac
    },
  }),
  defineScene({
    name: 'tftp-aborted', about: 'atftp is interrupted in the middle of the loader and says so.', origin: 'client', says: [['tftp-aborted']], lookAfterSeconds: 6,
    async play(world) {
      const client = world.client()
      await client.lease('uefi')
      world.slow(200)
      await client.atftp('snponly.efi', 512, 3)
      return client.mac
    },
  }),
  defineScene({
    name: 'loader-did-not-start', about: 'The loader is fetched whole; nothing of it is ever heard.', origin: 'client', says: [['loader-did-not-start']], lookAfterSeconds: 47,
    async play(world) {
      const client = world.client()
      await client.toLoader()
      return client.mac
    },
  }),
  defineScene({
    name: 'script-never-fetched', about: 'A firewall on the way drops TCP port 80: curl, as iPXE would, cannot connect.', origin: 'client', says: [['script-never-fetched']], lookAfterSeconds: 1,
    async play(world) {
      const client = world.client()
      await client.toLoader()
      await client.lease('ipxe')
      world.deafen('tcp dport 80')
      await client.get('/boot.ipxe', '--connect-timeout', '18')
      return client.mac
    },
  }),
  defineScene({
    name: 'ramdisk-not-built', about: 'The loaders are built and the ramdisk is not: the script says to wait.', origin: 'client', files: { loaders: madeFiles.loaders ?? {} }, says: [['ramdisk-not-built']],
    async play(world) {
      const client = world.client()
      await client.toScript()
      return client.mac
    },
  }),
  defineScene({
    name: 'download-stopped', about: 'The download of the ramdisk ends in the middle, as by a power cut.', origin: 'client', says: [['download-stopped']], lookAfterSeconds: 32,
    async play(world) {
      const client = world.client()
      await client.toScript()
      await client.get('/files/vmlinuz')
      world.slow(4000)
      await client.run(['curl', '-sS', '-o', '/dev/null', 'http://10.77.0.1/files/initrd.img'], { seconds: 3, signal: 'KILL' })
      return client.mac
    },
  }),
  defineScene({
    name: 'slow-download', about: 'The appliance’s link runs at 1 Mbit/s while the ramdisk is fetched; the machine is discovered all the same.', origin: 'client', says: [['slow-download']],
    async play(world) {
      const client = world.client()
      await client.toScript()
      await client.get('/files/vmlinuz')
      world.slow(1000)
      await client.get('/files/initrd.img')
      world.slow(1_000_000)
      await client.inventory()
      return client.mac
    },
  }),
  defineScene({
    name: 'ramdisk-silent', about: 'Kernel and ramdisk are fetched whole; then the machine is off.', origin: 'client', says: [['ramdisk-silent']], lookAfterSeconds: 122,
    async play(world) {
      const client = world.client()
      await client.toRamdisk()
      return client.mac
    },
  }),
  defineScene({
    name: 'boot-loop', about: 'Four times in a row it fetches its ramdisk and begins again.', origin: 'client', says: [['ramdisk-silent'], ['ramdisk-silent'], ['ramdisk-silent'], ['boot-loop']],
    async play(world) {
      const client = world.client()
      for (let boot = 0; boot < 4; boot += 1) await client.toRamdisk()
      return client.mac
    },
  }),
  defineScene({
    name: 'healthy-client', about: 'Everything goes well, with ordinary clients.', origin: 'client', says: [[]],
    async play(world) {
      const client = world.client()
      await client.toRamdisk()
      await client.inventory()
      return client.mac
    },
  }),
]
