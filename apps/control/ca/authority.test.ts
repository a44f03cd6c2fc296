import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { X509Certificate } from 'node:crypto'
import tls from 'node:tls'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openAuthority } from './authority.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'ca-')) })
afterEach(() => rmSync(folder, { recursive: true }))

const machine = { commonName: 'machine-1', dns: ['node-1'], ips: ['10.77.0.9'] }

function makeRequest(): string {
  execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path.join(folder, 'agent.key'), '-out', path.join(folder, 'agent.csr'), '-subj', '/CN=whatever'], { stdio: 'ignore' })
  return readFileSync(path.join(folder, 'agent.csr'), 'utf8')
}

describe('the authority', () => {
  it('is made once and found again, with its key for root alone', async () => {
    const first = await openAuthority(folder)
    expect((await openAuthority(folder)).pem).toBe(first.pem)
    expect(statSync(path.join(folder, 'ca.pem')).mode & 0o777).toBe(0o600)
  })

  it('signs a request by openssl with our names, not with those it asks for, and openssl verifies it', async () => {
    const authority = await openAuthority(folder)
    const signed = await authority.signAgent(makeRequest(), machine)
    if (!signed.ok) throw new Error(signed.fault.kind)
    const certificate = new X509Certificate(signed.value.cert)
    expect(certificate.subject).toBe('CN=machine-1')
    expect(certificate.subjectAltName).toBe('DNS:node-1, IP Address:10.77.0.9')
    expect(certificate.serialNumber.toLowerCase()).toBe(signed.value.serial)
    writeFileSync(path.join(folder, 'root.pem'), authority.pem)
    writeFileSync(path.join(folder, 'leaf.pem'), signed.value.cert)
    expect(execFileSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', path.join(folder, 'root.pem'), path.join(folder, 'leaf.pem')]).toString()).toContain('OK')
  })

  it('refuses what is no request', async () => {
    const authority = await openAuthority(folder)
    expect(await authority.signAgent('nonsense', machine)).toMatchObject({ ok: false, fault: { kind: 'csr-unreadable' } })
  })

  it('keeps the appliance’s own certificate until its names change', async () => {
    const authority = await openAuthority(folder)
    const names = { commonName: 'appliance', dns: ['localhost'], ips: ['127.0.0.1'] }
    const first = await authority.own('server', names)
    expect(await authority.own('server', names)).toEqual(first)
    const more = await authority.own('server', { ...names, ips: ['127.0.0.1', '10.77.0.1'] })
    expect(new X509Certificate(more.cert).subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:10.77.0.1')
    expect(new X509Certificate((await authority.own('server', names)).cert).subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1')
  })

  it('makes both ends of a mutual TLS connection', async () => {
    const authority = await openAuthority(folder)
    const server = tls.createServer({ ...await authority.own('server', { commonName: 'appliance', dns: [], ips: ['127.0.0.1'] }), ca: authority.pem, requestCert: true, rejectUnauthorized: true }, (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)))
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
    const signed = await authority.signAgent(makeRequest(), machine)
    if (!signed.ok) throw new Error(signed.fault.kind)
    const said = await new Promise<string>((resolve, reject) => {
      const socket = tls.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca: authority.pem, cert: signed.value.cert, key: readFileSync(path.join(folder, 'agent.key')) })
      socket.once('data', (bytes: Buffer) => resolve(bytes.toString()))
      socket.once('error', reject)
    })
    server.close()
    expect(said).toBe('machine-1')
  })
})
