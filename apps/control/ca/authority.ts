import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import * as x509 from '@peculiar/x509'
import { fault, ok, type Result } from '#contract/result'

/** A certificate and its private key, both PEM. */
export interface KeyPair { readonly cert: string; readonly key: string }

/** Who a certificate names: host names and dotted addresses it is valid for. */
export interface Names { readonly commonName: string; readonly dns: readonly string[]; readonly ips: readonly string[] }

/** Why a certificate request is not signed: its bytes make no sense, or it is not signed by the key in it. */
export type CsrFault = { kind: 'csr-unreadable' } | { kind: 'csr-bad-signature' }

/** The appliance's certificate authority. */
export interface Authority {
  /** The CA certificate, PEM: what machines pin. */
  readonly pem: string
  /** A certificate of the appliance itself, for servers (and, as a client, for the image registry); renewed when it is near its end or names change. */
  own(file: string, names: Names): Promise<KeyPair>
  /** Signs an agent's request. Only its public key is taken from it: names are given by us. `serial` is lower-case hex. */
  signAgent(csrPem: string, names: Names): Promise<Result<{ cert: string; serial: string }, CsrFault>>
}

const curve = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const day = 24 * 3600 * 1000
const caDays = 3650
const leafDays = 825
const crypto = webcrypto as unknown as Crypto
x509.cryptoProvider.set(crypto)

/** Opens the authority in `folder`, or makes it there: an ECDSA P-256 key of mode 0600 and a self-signed certificate. */
export async function openAuthority(folder: string): Promise<Authority> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const root = await openRoot(folder)
  const issuer = new x509.X509Certificate(root.cert)
  const signingKey = await importKey(root.key)

  async function issue(publicKey: CryptoKey, names: Names): Promise<x509.X509Certificate> {
    const now = Date.now()
    return x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(), subject: [{ CN: [names.commonName] }], issuer: issuer.subject, notBefore: new Date(now - day), notAfter: new Date(now + leafDays * day),
      publicKey, signingKey, signingAlgorithm: curve,
      extensions: [
        new x509.BasicConstraintsExtension(false),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension([...names.dns.map((value) => ({ type: 'dns' as const, value })), ...names.ips.map((value) => ({ type: 'ip' as const, value }))]),
        await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ],
    })
  }

  return {
    pem: root.cert,
    async own(file, names) {
      const place = path.join(folder, file)
      const kept = readPair(place)
      if (kept !== undefined && stillGood(kept.cert, names)) return kept
      const keys = await makeKeys()
      return writePair(place, { cert: (await issue(keys.publicKey, names)).toString('pem'), key: await exportKey(keys.privateKey) })
    },
    async signAgent(csrPem, names) {
      let request
      try {
        request = new x509.Pkcs10CertificateRequest(csrPem)
      } catch {
        return fault({ kind: 'csr-unreadable' }) // whatever the parser did not like, the machine must send another
      }
      const verified = await request.verify().catch(() => false)
      if (!verified) return fault({ kind: 'csr-bad-signature' })
      const certificate = await issue(await request.publicKey.export(), names)
      return ok({ cert: `${certificate.toString('pem').trim()}\n`, serial: certificate.serialNumber.toLowerCase() })
    },
  }
}

async function openRoot(folder: string): Promise<KeyPair> {
  const place = path.join(folder, 'ca')
  const kept = readPair(place)
  if (kept !== undefined) return kept
  const keys = await makeKeys()
  const now = Date.now()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(), name: [{ O: ['System Cloud'] }, { CN: [`System Cloud appliance ${serialNumber().slice(0, 8)}`] }], notBefore: new Date(now - day), notAfter: new Date(now + caDays * day), keys, signingAlgorithm: curve,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return writePair(place, { cert: certificate.toString('pem'), key: await exportKey(keys.privateKey) })
}

const makeKeys = (): Promise<CryptoKeyPair> => crypto.subtle.generateKey(curve, true, ['sign', 'verify'])

async function exportKey(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}

function importKey(pem: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), curve, true, ['sign'])
}

/** 127 random bits: positive, as RFC 5280 §4.1.2.2 wants. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

function stillGood(pem: string, names: Names): boolean {
  const certificate = new x509.X509Certificate(pem)
  if (certificate.notAfter.getTime() - Date.now() < 60 * day) return false
  const present = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON().map((name) => String(name.value)) ?? []
  const wanted = [...names.dns, ...names.ips]
  return wanted.every((name) => present.includes(name)) && present.every((name) => wanted.includes(name))
}

/** Certificate and key are one file: they are replaced together or not at all. */
function readPair(place: string): KeyPair | undefined {
  if (!existsSync(`${place}.pem`)) return undefined
  const text = readFileSync(`${place}.pem`, 'utf8')
  const cut = text.indexOf('-----BEGIN PRIVATE KEY-----')
  return cut < 0 ? undefined : { cert: text.slice(0, cut), key: text.slice(cut) }
}

function writePair(place: string, pair: KeyPair): KeyPair {
  const lines = { cert: `${pair.cert.trim()}\n`, key: `${pair.key.trim()}\n` }
  // By rename: a power cut while a certificate is renewed must not leave half of one.
  writeFileSync(`${place}.new`, lines.cert + lines.key, { mode: 0o600, flush: true })
  renameSync(`${place}.new`, `${place}.pem`)
  return lines
}
