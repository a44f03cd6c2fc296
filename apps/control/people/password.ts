import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

const cost = { N: 32768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const keyBytes = 32

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, keyBytes, cost, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}

/** What is stored of a password: `scrypt$N$r$p$salt$key`, the last two base64. Takes some 50 ms of a worker thread. @see RFC 7914 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), (await derive(password, salt)).toString('base64')].join('$')
}

/** Whether `password` is the one that `stored` was made of. An unreadable `stored` is never right. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [kind, n, r, p, salt, key] = stored.split('$')
  if (kind !== 'scrypt' || Number(n) !== cost.N || Number(r) !== cost.r || Number(p) !== cost.p || salt === undefined || key === undefined) return false
  const wanted = Buffer.from(key, 'base64')
  const derived = await derive(password, Buffer.from(salt, 'base64'))
  return wanted.length === derived.length && timingSafeEqual(wanted, derived)
}

const letters = 'abcdefghjkmnpqrstuvwxyz23456789'

/** A password to hand out once: four groups of four letters and digits that cannot be mistaken for one another, 79 bits. */
export function makeOneTimePassword(): string {
  const pick = (): string => {
    for (;;) {
      const byte = randomBytes(1)[0] as number
      if (byte < letters.length * 8) return letters[byte % letters.length] as string
    }
  }
  return Array.from({ length: 4 }, () => Array.from({ length: 4 }, pick).join('')).join('-')
}
