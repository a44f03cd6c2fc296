import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = path.join(import.meta.dirname, '..')
let machine: string

/** A machine's commands in a folder of its own: nothing of the real one but the shell's helpers is reachable. */
beforeEach(() => {
  machine = mkdtempSync(path.join(tmpdir(), 'sc-apt-'))
  mkdirSync(path.join(machine, 'bin'))
  for (const tool of ['sh', 'sed', 'grep', 'cat', 'chmod', 'rm', 'cp']) symlinkSync(existsSync(`/bin/${tool}`) ? `/bin/${tool}` : `/usr/bin/${tool}`, path.join(machine, 'bin', tool))
  command('dpkg-query', 'exit 1')
})
afterEach(() => rmSync(machine, { recursive: true }))

function command(name: string, script: string, at = 'bin'): void {
  mkdirSync(path.join(machine, at), { recursive: true })
  writeFileSync(path.join(machine, at, name), `#!/bin/sh\n${script}\n`)
  chmodSync(path.join(machine, at, name), 0o755)
}

/** Lays a node of this version below a prefix, with headers of `headersMajor` if it brings any. */
function layNode(version: string, prefix: string, headersMajor: string | null, at: string): void {
  const pretend = path.join(machine, `${at.replaceAll('/', '-')}.cjs`)
  writeFileSync(pretend, `Object.defineProperty(process, 'versions', { value: { node: '${version}' } }); process.execPath = '${path.join(machine, prefix, 'bin/node')}'`)
  command('node', `exec ${process.execPath} -r ${pretend} "$@"`, at)
  if (headersMajor !== null) layHeaders(prefix, headersMajor)
}

function layHeaders(prefix: string, major: string): void {
  const folder = path.join(machine, prefix, 'include/node')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'node_version.h'), `#define NODE_MAJOR_VERSION ${major}\n`)
}

/** What apt would do: `brings` says which commands appear once a package is installed. */
function apt(libnode: string, brings: Record<string, string> = {}): void {
  command('apt-cache', `echo 'libnode-dev:\n  Candidate: ${libnode}'`)
  const cases = Object.entries(brings).map(([name, script]) => `case " $* " in *" ${name} "*) ${script} ;; esac`)
  command('apt-get', [`echo "$*" >> ${machine}/apt.log`, ...cases].join('\n'))
}

async function installNode(): Promise<{ asked: string[]; headers: string }> {
  const env = { PATH: path.join(machine, 'bin'), policy: path.join(machine, 'policy-rc.d'), debian_prefix: path.join(machine, 'usr') }
  const { stdout } = await run('/bin/sh', ['-euc', `. ${root}/scripts/apt; install_node >/dev/null; node_headers`], { env })
  const log = path.join(machine, 'apt.log')
  const asked = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter((line) => line.includes(' install ')) : []
  return { asked: asked.map((line) => line.replace('-q install -y --no-install-recommends ', '')), headers: stdout.trim().replace(machine, '') }
}

describe('Node on a fresh machine', () => {
  it("takes upstream's package alone: it brings npm and headers, and refuses Debian's npm beside it", async () => {
    layNode('20.20.2', 'usr', '20', 'later')
    command('npm', '', 'later')
    apt('18.20.4+dfsg-1~deb12u3', { nodejs: `cp ${machine}/later/node ${machine}/later/npm ${machine}/bin` })
    expect(await installNode()).toEqual({ asked: ['nodejs'], headers: '/usr' })
  })

  it("takes Debian 13's nodejs, and then its npm and headers", async () => {
    layNode('20.19.2', 'usr', null, 'later')
    command('npm', '', 'later')
    layHeaders('later', '20')
    apt('20.19.2+dfsg-1', { nodejs: `cp ${machine}/later/node ${machine}/bin`, 'libnode-dev': `cp ${machine}/later/npm ${machine}/bin; mkdir -p ${machine}/usr; cp -r ${machine}/later/include ${machine}/usr` })
    symlinkSync('/bin/mkdir', path.join(machine, 'bin/mkdir'))
    expect(await installNode()).toEqual({ asked: ['nodejs', 'npm libnode-dev'], headers: '/usr' })
  })

  it("compiles against a tarball's own headers, whatever Debian's are", async () => {
    layNode('22.12.0', 'usr/local', '22', 'bin')
    command('npm', '')
    layHeaders('usr', '18')
    apt('18.20.4+dfsg-1~deb12u3')
    expect(await installNode()).toEqual({ asked: [], headers: '/usr/local' })
  })

  it("takes Debian's headers of the same major version for a node that has none", async () => {
    layNode('20.19.5', 'opt/node', null, 'bin')
    command('npm', '')
    apt('20.19.2+dfsg-1')
    layHeaders('usr', '20')
    expect(await installNode()).toEqual({ asked: [], headers: '/usr' })
  })

  it("refuses Debian's headers of another major version, with a sentence", async () => {
    layNode('22.12.0', 'usr/local', null, 'bin')
    command('npm', '')
    apt('18.20.4+dfsg-1~deb12u3')
    await expect(installNode()).rejects.toThrow(/Node 22 at .* has no headers in .*usr\/local\/include\/node, and Debian's libnode-dev is of Node 18/)
  })

  it('says what is missing where Node is too old', async () => {
    layNode('18.20.4', 'usr', null, 'bin')
    apt('18.20.4+dfsg-1~deb12u3')
    await expect(installNode()).rejects.toThrow(/Node 18\.20\.4 is too old/)
  })
})
