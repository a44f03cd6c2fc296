import { z } from 'zod'

/** Where it survives a restart of control: keys and JSON texts. */
export interface AddressMemory {
  get(bucket: string, key: string): string | undefined
  put(bucket: string, key: string, value: string): Promise<void>
}

/** From where each user signed in rightly: guesses from elsewhere do not shut them out there. No more than that: a new password leaves them as they are, so that whoever had to reset it can sign in. */
export interface KnownAddresses {
  has(user: string, address: string): boolean
  /** The user signed in from there. Of each user the newest sixteen are kept. */
  add(user: string, address: string): void
}

const bucket = 'signed-in'
const mostOfUser = 16

/** Opens them over a small memory. */
export function openKnownAddresses(memory: AddressMemory): KnownAddresses {
  const read = (user: string): readonly string[] => {
    const kept = memory.get(bucket, user)
    return kept === undefined ? [] : z.array(z.string()).parse(JSON.parse(kept))
  }
  return {
    has: (user, address) => read(user).includes(address),
    add(user, address) {
      const before = read(user)
      if (before.at(-1) !== address) void memory.put(bucket, user, JSON.stringify([...before.filter((one) => one !== address), address].slice(-mostOfUser)))
    },
  }
}
