import type { Bench } from '../bench.ts'
import { measureCrash } from './crash.ts'
import { measureBurst, measureDhcp, measureScale } from './dhcp.ts'
import { measureHttp, measureTftp } from './files.ts'
import { measureFuzz, measureKills, measureStarvation } from './fuzz.ts'
import { measureImage } from './image.ts'
import { measureStorm } from './storm.ts'

/** Every measure of the bench, in the order of a whole run. */
export const measures: readonly { readonly id: string; readonly title: string; run(bench: Bench): Promise<void> }[] = [
  { id: 'dhcp', title: 'durable addresses a second, against Kea, dhcpd and dnsmasq', run: measureDhcp },
  { id: 'burst', title: '1,000 machines ask at one instant', run: measureBurst },
  { id: 'scale', title: 'larger pools and more leases', run: measureScale },
  { id: 'crash', title: '200 rounds of kill -9 during commits', run: measureCrash },
  { id: 'kills', title: 'the same with the whole of control', run: measureKills },
  { id: 'tftp', title: 'TFTP with windows of 1 and of 16, and of 16 with 1 % loss, against tftpd-hpa and atftpd', run: measureTftp },
  { id: 'http', title: 'an image of 1 GiB over HTTP, against nginx', run: measureHttp },
  { id: 'image', title: 'writing an image in a virtual machine, against unpacking a tar of the same system', run: measureImage },
  { id: 'storm', title: '1,000 simulated machines boot within ten seconds, with and without faults', run: measureStorm },
  { id: 'fuzz', title: 'a million mutated packets for each codec and each port', run: measureFuzz },
  { id: 'starvation', title: 'a million strangers ask for every address, at 5,000 a second', run: measureStarvation },
]
