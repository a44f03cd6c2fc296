/** What a boot script does to the outside; each resolves to whether it worked, as iPXE's own commands do. */
export interface ScriptActs {
  /** `kernel` and `initrd`: loads an image. */
  load(kind: 'kernel' | 'initrd', url: string): Promise<boolean>
  /** Fetches another script; undefined where it cannot be had. */
  chain(url: string): Promise<string | undefined>
  sleep(seconds: number): Promise<void>
}

/** How a script ended. `boot`: into the loaded kernel, with these words; `disk`: into the first disk; `exit`: back to the firmware. */
export type ScriptEnd = { kind: 'boot'; words: readonly string[] } | { kind: 'disk' } | { kind: 'exit'; code: number }

/** A script that goes round longer than this is broken, or its server is. */
const mostLines = 10_000

/**
 * Runs the part of iPXE's language that our scripts are written in: labels, `goto`, `&&`, `||`, `iseq`, settings in `${}`. A command that it
 * does not know, or that fails without `||`, ends the script as `exit 1`, as in iPXE. @see https://ipxe.org/scripting
 */
export async function runScript(text: string, settings: Readonly<Record<string, string>>, acts: ScriptActs): Promise<ScriptEnd> {
  let lines = linesOf(text)
  let words: readonly string[] = []
  let hasKernel = false
  for (let at = 0, count = 0; at < lines.length && count < mostLines; at += 1, count += 1) {
    const line = expand(lines[at] ?? '', settings)
    if (line === '' || line.startsWith('#') || line.startsWith(':')) continue
    let isFine = true
    for (const { join, command } of commandsOf(line)) {
      if ((join === '||' && isFine) || (join === '&&' && !isFine)) continue
      const [verb = '', ...rest] = command.split(/\s+/)
      isFine = true
      switch (verb) {
        case 'echo': case 'imgfree': case 'set': case 'dhcp': break
        case 'sleep': await acts.sleep(Number(rest[0] ?? 0)); break
        case 'iseq': isFine = rest[0] === rest[1]; break
        case 'goto': {
          const label = lines.indexOf(`:${rest[0]}`)
          if (label < 0) return { kind: 'exit', code: 1 }
          at = label
          break
        }
        case 'kernel': words = rest.slice(1); hasKernel = isFine = await acts.load('kernel', rest[0] ?? ''); break
        case 'initrd': isFine = await acts.load('initrd', rest[0] ?? ''); break
        case 'chain': {
          const next = await acts.chain(rest.find((word) => !word.startsWith('--')) ?? '')
          isFine = next !== undefined
          if (next === undefined) break
          lines = linesOf(next)
          at = -1
          break
        }
        case 'boot': isFine = hasKernel; if (hasKernel) return { kind: 'boot', words }; break
        case 'sanboot': return { kind: 'disk' }
        case 'exit': return { kind: 'exit', code: Number(rest[0] ?? 0) }
        default: isFine = false
      }
      if (verb === 'goto' || (verb === 'chain' && isFine)) break
    }
    if (!isFine) return { kind: 'exit', code: 1 }
  }
  return { kind: 'exit', code: 0 }
}

const linesOf = (text: string): string[] => text.split('\n').map((line) => line.trim())

const expand = (line: string, settings: Readonly<Record<string, string>>): string => line.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => settings[name] ?? '')

function commandsOf(line: string): { join: '' | '&&' | '||'; command: string }[] {
  const parts = line.split(/\s*(&&|\|\|)\s*/)
  return parts.flatMap((command, index) => (index % 2 === 1 ? [] : [{ join: (parts[index - 1] ?? '') as '' | '&&' | '||', command }]))
}
