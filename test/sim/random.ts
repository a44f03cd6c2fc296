/** A seeded generator of numbers below 1 (mulberry32): the same seed gives the same test on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `count` byte strings: half of them noise, half one of `seeds` with some bytes changed, cut or doubled. */
export function* hostilePackets(seeds: readonly Uint8Array[], count: number, seed: number): Generator<Uint8Array> {
  const random = seededRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  for (let index = 0; index < count; index += 1) {
    const base = index % 2 === 0 ? undefined : seeds[below(seeds.length)]
    const packet = base ? Uint8Array.from(base) : Uint8Array.from({ length: below(700) }, () => below(256))
    for (let change = below(12); change > 0 && packet.length > 0; change -= 1) packet[below(packet.length)] = below(256)
    yield below(4) === 0 ? packet.subarray(0, below(packet.length + 1)) : packet
  }
}

/**
 * `count` questions for an address, each of another random MAC: first a third that are REQUESTs to `server` without an OFFER before,
 * then a third that are DISCOVERs with a wish (option 50), then DISCOVERs. What they wish is between 10.78.1.0 and 10.78.1.255. Every second
 * one says that it is a BIOS about to boot from the network.
 */
export function* strangersQuestions(count: number, seed: number, server: string): Generator<Uint8Array> {
  const random = seededRandom(seed)
  const boots = [60, 9, ...Buffer.from('PXEClient'), 93, 2, 0, 0]
  for (let index = 0; index < count; index += 1) {
    const packet = new Uint8Array(300)
    const octets = Array.from({ length: 8 }, () => Math.floor(random() * 256))
    const wish = [50, 4, 10, 78, 1, Math.floor(random() * 256)]
    const kinds = [[53, 1, 3, ...wish, 54, 4, ...server.split('.').map(Number)], [53, 1, 1, ...wish], [53, 1, 1]]
    packet.set([1, 1, 6, 0, ...octets.slice(0, 4), 0, 0, 0x80])
    packet.set([0x06, ...octets.slice(3)], 28)
    packet.set([0x63, 0x82, 0x53, 0x63, ...(kinds[Math.floor((index * 3) / count)] ?? []), ...(index % 2 === 0 ? boots : []), 255], 236)
    yield packet
  }
}
