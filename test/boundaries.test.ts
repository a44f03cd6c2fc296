import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '..')

/** Who may import whom, besides itself. A key is a folder; the longest one that fits a file is its area. */
const mayImport: Record<string, readonly string[]> = {
  'apps/contract': [],
  'netboot/codec': ['apps/contract'],
  'netboot/arch': ['netboot', 'apps/contract'],
  'netboot/policy': ['netboot/codec', 'netboot/arch', 'netboot', 'apps/contract'],
  'netboot/serve': ['netboot/policy', 'netboot/codec', 'netboot/arch', 'netboot', 'apps/contract'],
  'netboot': ['netboot/policy', 'netboot/codec', 'netboot/arch', 'apps/contract'],
  'images': ['apps/contract'],
  'images/build': ['images', 'apps/contract'],
  'apps/agent': ['apps/contract'],
  'apps/console': ['apps/contract'],
  // The lab starts its guests with the QMP dialect that the lab power driver drives them by.
  // And it looks for other DHCP servers before it starts one on a real card.
  'apps/supervisor/lab': ['apps/contract', 'apps/supervisor', 'apps/control/power'],
  'apps/supervisor': ['apps/supervisor/lab', 'apps/contract', 'images', 'apps/control/power', 'netboot/serve'],
  // doctor looks for other DHCP servers as the supervisor does before it starts one, and tries virtual machines as its lab does.
  'apps/cli': ['apps/contract', 'netboot/codec', 'netboot/serve', 'apps/supervisor/lab'],
  // Of images/build, control reads the manifests.
  'apps/control': ['apps/contract', 'netboot', 'netboot/serve', 'netboot/policy', 'netboot/codec', 'netboot/arch', 'images', 'images/build', 'apps/control/store', 'apps/control/power'],
  'apps/control/power': ['apps/contract', 'apps/control'],
  'apps/control/store': ['apps/contract', 'apps/control', 'netboot'],
  'prisma': [],
}

/** Anything may be imported by these, and nothing else imports them. */
const outermost = ['scripts', 'test']

/** No I/O, clock, randomness or environment: time and chance arrive as arguments. */
const pureAreas = ['apps/contract', 'netboot/codec', 'netboot/arch', 'netboot/policy']
const impure = [/from 'node:(?!buffer')/, /\bDate\.now\(/, /\bnew Date\(\)/, /\bMath\.random\(/, /\brandomBytes\(/, /\bprocess\./, /\bsetTimeout\(/]

/** The only readers of the environment, or those who hand it to one. */
const environmentReaders = ['apps/control/main.ts', 'apps/cli/', 'apps/supervisor/', 'apps/agent/command.ts', 'apps/console/proxy.ts', 'images/build/', 'scripts/', 'test/']

const longestFile = 400
/** Files above 400 lines, each with its reason. */
const longFiles: Record<string, string> = {}

const skipped = new Set(['node_modules', 'dist', '.next', '.git', 'generated', 'next-env.d.ts'])

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue
    const name = path.posix.join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(name)
    else if (entry.isFile()) yield name
  }
}

const all = [...filesBelow('.')]
const text = (file: string): string => readFileSync(path.join(root, file), 'utf8')
const isSource = (file: string): boolean => /\.(ts|tsx|mts|mjs)$/.test(file) && !file.endsWith('.d.ts')
const isTest = (file: string): boolean => file.includes('.test.')
const sources = all.filter(isSource)

function areaOf(file: string): string | undefined {
  return [...Object.keys(mayImport), ...outermost].filter((area) => file.startsWith(`${area}/`)).sort((a, b) => b.length - a.length)[0]
}

const aliases: Record<string, string> = { '#contract': 'apps/contract', '#control': 'apps/control', '#agent': 'apps/agent', '#cli': 'apps/cli', '#supervisor': 'apps/supervisor', '#console': 'apps/console', '#netboot': 'netboot', '#images': 'images' }

/** What a file imports: files of ours as paths, packages as they are written. */
function importsOf(file: string): string[] {
  const forms = /^\s*(?:import|export)\s+(?:type\s+)?[\w\s{},*$]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm
  return [...text(file).matchAll(forms)].flatMap((match) => {
    const word = match[1] ?? match[2] ?? match[3] ?? ''
    if (word.startsWith('.')) return [path.posix.join(path.posix.dirname(file), word)]
    const [alias = '', ...rest] = word.split('/')
    return [aliases[alias] === undefined ? word : path.posix.join(aliases[alias], ...rest)]
  })
}

describe('boundaries', () => {
  test('nobody imports whom they may not', () => {
    const wrong = sources.filter((file) => !isTest(file)).flatMap((file) => {
      const area = areaOf(file)
      if (area === undefined || outermost.includes(area)) return []
      return importsOf(file).filter((target) => {
        const other = areaOf(target)
        return other !== undefined && other !== area && !(mayImport[area] ?? []).includes(other)
      }).map((target) => `${file} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  test('the contract and the agent need no package but zod, the codecs none', () => {
    const wrong = sources.filter((file) => !isTest(file)).flatMap((file) => {
      const allowed = file.startsWith('apps/contract/') || file.startsWith('apps/agent/') ? ['zod'] : file.startsWith('netboot/codec/') ? [] : undefined
      if (allowed === undefined) return []
      return importsOf(file).filter((word) => areaOf(word) === undefined && !word.startsWith('node:') && !allowed.includes(word)).map((word) => `${file} imports ${word}`)
    })
    expect(wrong).toEqual([])
  })

  test('pure folders stay pure', () => {
    const wrong = sources.filter((file) => !isTest(file) && pureAreas.includes(areaOf(file) ?? '')).flatMap((file) => impure.filter((pattern) => pattern.test(text(file))).map((pattern) => `${file}: ${pattern.source}`))
    expect(wrong).toEqual([])
  })

  test('Prisma is imported in the store only', () => {
    const wrong = sources.filter((file) => !file.startsWith('apps/control/store/') && !file.startsWith('prisma')).filter((file) => importsOf(file).some((word) => /^@?prisma\b|store\/generated/.test(word)))
    expect(wrong).toEqual([])
  })

  test('the environment is read in few places', () => {
    const wrong = sources.filter((file) => !isTest(file) && /\bprocess\.env\b/.test(text(file)) && !environmentReaders.some((place) => file.startsWith(place)))
    expect(wrong).toEqual([])
    expect(environmentReaders.filter((place) => !sources.some((file) => file.startsWith(place) && /\bprocess\.env\b/.test(text(file)))), 'reads it no longer: take it off the list').toEqual([])
  })

  test(`no source file is longer than ${longestFile} lines`, () => {
    const long = sources.filter((file) => text(file).split('\n').length - 1 > longestFile)
    expect(long.filter((file) => longFiles[file] === undefined)).toEqual([])
    expect(Object.keys(longFiles).filter((file) => !long.includes(file)), 'no longer long: take it off the list').toEqual([])
  })

  test('nothing swallows an exception silently', () => {
    expect(sources.filter((file) => /\bcatch\s*(\([^)]*\)\s*)?\{\s*\}/.test(text(file)))).toEqual([])
  })

  test('no host of a registry or mirror and no path of a machine is in the tree', () => {
    // Put together here, or this file would be the first to hold one.
    const strange = [String.raw`registry\.npm` + 'js', String.raw`deb\.deb` + 'ian', String.raw`(^|[\s"'=:(])/wo` + 'rk/', String.raw`"resol` + 'ved":', String.raw`nodesou` + 'rce']
    const pattern = new RegExp(strange.join('|'), 'm')
    const readable = all.filter((file) => !/\.(pcap|png|jpg|webp|ico|woff2|gz|zst|xz|efi)$/.test(file) && (file !== 'test/boundaries.test.ts'))
    expect(readable.filter((file) => pattern.test(text(file)))).toEqual([])
  })
})

describe('the import reader itself', () => {
  test('sees every form of import', () => {
    const here = importsOf('test/boundaries.test.ts')
    expect(here).toEqual(expect.arrayContaining(['node:fs', 'node:path', 'vitest']))
    expect(importsOf('apps/cli/appliance/api.ts')).toEqual(expect.arrayContaining(['apps/contract/operator-api', 'apps/cli/appliance/transport.ts']))
  })
  test('gives every source a known area', () => {
    expect(sources.filter((file) => file.includes('/') && areaOf(file) === undefined)).toEqual([])
  })
})
