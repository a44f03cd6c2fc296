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
