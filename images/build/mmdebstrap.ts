import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { planSources } from './apt-sources.ts'
import { command } from './command.ts'
import { readMmdebstrapLine, type Tell } from './progress.ts'
import { assetsDir } from './assets.ts'

/** A root to be made from Debian packages. `from` and `to` are the shares of the whole build, in percent, that it stands for. */
export interface RootPlan {
  readonly suite: string
  readonly variant: 'minbase' | 'extract'
  readonly packages: readonly string[]
  readonly excluded: readonly string[]
  readonly dir: string
  readonly dataDir: string
  readonly hooks: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly from: number
  readonly to: number
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** The sources for `suite`: the setting `SYSTEM_CLOUD_MIRROR` (a Debian mirror's URL), else the mirrors that apt uses here. */
export async function findSources(suite: string): Promise<string[]> {
  const setting = process.env['SYSTEM_CLOUD_MIRROR']
  if (setting !== undefined && setting !== '') return ['', '-updates'].map((part) => `deb ${setting} ${suite}${part} main`)
  const own = /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''
  // Without release info: a machine whose package lists were cleaned away still has its mirrors.
  const targets = await command('apt-get', ['indextargets', '--no-release-info', '--format', '$(REPO_URI) $(RELEASE)', 'Created-By: Packages'])
  const sources = planSources(targets, own, suite)
  if (sources.length === 0) throw new Error(`apt has no Debian mirror for ${own}: set SYSTEM_CLOUD_MIRROR to one`)
  return sources
}

/** Makes the root in `plan.dir`. Packages that any build has fetched before are not fetched again. */
export async function makeRoot(plan: RootPlan, tell: Tell): Promise<void> {
  if (!existsSync(keyring)) throw new Error('the package debian-archive-keyring is missing')
  const debs = path.join(plan.dataDir, 'cache', `debs-${plan.suite}`)
  mkdirSync(debs, { recursive: true })
  const hook = (name: string): string => path.join(assetsDir(), 'build/os', name)
  // Hooks run as programs, not through a shell, as long as their path holds nothing that a shell would read.
  for (const file of [hook('cache-in.sh'), ...plan.hooks]) if (!/^[\w./+@-]+$/.test(file)) throw new Error(`the path ${file} must have no blanks or special characters`)
  // What it mounts is seen by nobody else and ends with it, also where it is killed.
  await command('unshare', ['--mount', '--propagation=slave', 'mmdebstrap',
    '--mode=root', `--variant=${plan.variant}`, '--format=directory', `--keyring=${keyring}`, `--include=${plan.packages.join(',')}`,
    '--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"', ...(await proxyOptions()), '--dpkgopt=force-unsafe-io',
    ...plan.excluded.map((pattern) => `--dpkgopt=path-exclude=${pattern}`), '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    '--skip=essential/unlink', `--setup-hook=${hook('cache-in.sh')}`,
    // With `extract` mmdebstrap runs no customize hooks.
    `--${plan.variant === 'extract' ? 'extract' : 'customize'}-hook=${hook('cache-out.sh')}`,
    ...plan.hooks.map((file) => `--customize-hook=${file}`),
    plan.suite, plan.dir, ...(await findSources(plan.suite)),
  ], {
    env: { ...plan.env, SC_DEBS: debs, TMPDIR: path.dirname(plan.dir) },
    onError(line) {
      const said = readMmdebstrapLine(line)
      if (said) tell({ step: said.step, percent: Math.round(plan.from + (plan.to - plan.from) * said.share), detail: '' })
    },
  })
}

/** The host's own apt may go through a proxy; the build's must, too. */
async function proxyOptions(): Promise<string[]> {
  const dump = await command('apt-config', ['dump', '--no-empty', '--format', '%f %v%n', 'Acquire'])
  return [...dump.matchAll(/^(Acquire::https?::Proxy[\w:.-]*) (\S+)$/gm)].map(([, key, value]) => `--aptopt=${key} "${value}"`)
}
