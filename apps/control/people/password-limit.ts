import type { KnownAddresses } from './known-addresses.ts'

/** Who tries a password: the user whose it is, the address that the try came from, and whether it was sent with a session of that very user. */
export interface PasswordTry { readonly user: string; readonly address: string; readonly isSignedIn: boolean }

/** Within a minute. An address is stopped before the user whom it guesses at. */
const [triesOfAddressAtUser, triesOfAddress, triesAtUser, triesWithSession] = [5, 20, 10, 5]
const [windowMs, mostRemembered] = [60_000, 10_000]

/**
 * Slows guessing of passwords down: within a minute, five wrong ones from an address for a user, twenty from an address for anybody, and ten
 * for a user from all addresses together; then the next must wait. The last keeps many addresses from guessing together, and holds only
 * where that user never signed in rightly: whoever floods the appliance with guesses shuts nobody out of their own desk. A session of the
 * user's has tries of its own.
 *
 * INVARIANTS: a try counts from its beginning, or all that come at once would be judged before the first is known to be wrong; one that
 * has to wait counts for nothing. Memory is bounded: where too many keys are fresh, every try from an address that is not known waits.
 */
export function makePasswordLimit(known: Pick<KnownAddresses, 'has'>): {
  /** Begins a try; what to call where its password was right. Undefined: it has to wait. */
  begin(one: PasswordTry, nowMs: number): { right(): void } | undefined
} {
  /** When, by key; the key that was tried last comes last, so that those that are over are found without a look at all. */
  const tries = new Map<string, number[]>()
  const fresh = (key: string, nowMs: number): number[] => (tries.get(key) ?? []).filter((at) => nowMs - at < windowMs)
  return {
    begin({ user, address, isSignedIn }, nowMs) {
      const isKnown = isSignedIn || known.has(user, address)
      const keys = isSignedIn ? [{ key: `session ${user}`, most: triesWithSession }] : [
        { key: `both ${address} ${user}`, most: triesOfAddressAtUser }, { key: `address ${address}`, most: triesOfAddress },
        ...(isKnown ? [] : [{ key: `user ${user}`, most: triesAtUser }]),
      ]
      for (const [key, times] of tries) {
        if (nowMs - (times.at(-1) ?? 0) < windowMs) break
        tries.delete(key)
      }
      if ((tries.size >= mostRemembered && !isKnown) || keys.some(({ key, most }) => fresh(key, nowMs).length >= most)) return undefined
      for (const { key } of keys) {
        const times = [...fresh(key, nowMs), nowMs]
        tries.delete(key)
        tries.set(key, times)
      }
      // A right password says nothing of the wrong ones before it: only its own try is taken back.
      return { right() { for (const { key } of keys) tries.get(key)?.pop() } }
    },
  }
}
