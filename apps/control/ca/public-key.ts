import 'reflect-metadata'
import { createHash } from 'node:crypto'
import { Pkcs10CertificateRequest } from '@peculiar/x509'

/** SHA-256 (hex) of the public key in a certificate request; undefined where it cannot be read. Says nothing of its signature. */
export function publicKeyHash(csrPem: string): string | undefined {
  try {
    return createHash('sha256').update(Buffer.from(new Pkcs10CertificateRequest(csrPem).publicKey.rawData)).digest('hex')
  } catch {
    return undefined // whatever the parser did not like, there is no key in it
  }
}
