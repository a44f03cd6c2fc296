import { afterAll, beforeAll, expect, it } from 'vitest'
import { openNetbootWorld, type NetbootWorld } from './netboot-world.ts'

let world: NetbootWorld

beforeAll(async () => { world = await openNetbootWorld({ files: {} }) })
afterAll(async () => { await world?.close() })

/** Hears two advertisements that nobody asked for and solicits right after the second, three times over; prints what it heard. The kernel refuses wrong checksums. */
const listener = `
import json, socket, struct, time
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
card = socket.if_nametoindex("eth0")
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, card)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
def hear():
    while True:
        data, extra, _, sender = s.recvmsg(1500, 64)
        if data[0] == 134: return time.monotonic(), data, struct.unpack("i", extra[0][2])[0], sender[0].split("%")[0]
hear()
at, data, hops, sender = hear()
answers = []
for _ in range(3):
    time.sleep(0.2)
    s.sendto(bytes([133, 0, 0, 0, 0, 0, 0, 0]), ("ff02::2", 0, 0, card))
    asked = time.monotonic()
    answers.append(hear()[0] - asked)
    hear()
print(json.dumps({"bytes": data.hex(), "hops": hops, "sender": sender, "answers": answers}))
`

it('says without an IPv6 prefix that there is a router and that it is none for anybody, every few seconds and at once to who solicits', async () => {
  const { output } = await world.client(['python3', '-c', listener], { seconds: 90 })
  const heard = JSON.parse(output) as { bytes: string; hops: number; sender: string; answers: number[] }
  // Type, code and checksum; hop limit, flags and lifetime 0; reachable and retransmission time 0; and the source's own card as the only option.
  expect(heard.bytes).toMatch(/^8600.{4}0000000000000000000000000101.{12}$/)
  expect(heard.hops).toBe(255)
  expect(heard.sender).toMatch(/^fe80:/)
  // The next unasked one would come some three seconds after the last.
  expect(Math.min(...heard.answers)).toBeLessThan(2)
  for (const question of [['addr', 'show', 'dev', 'eth0', 'scope', 'global'], ['route', 'show', 'default']]) expect((await world.client(['ip', '-6', ...question])).output).toBe('')
})
