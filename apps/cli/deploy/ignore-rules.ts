/** One line of a .gcloudignore: whether a path it fits is left out or taken back in. */
export interface IgnoreRule { readonly pattern: RegExp; readonly negated: boolean; readonly folderOnly: boolean }

/** Always left out, whatever the file says. */
export const alwaysIgnored: readonly string[] = ['.git/', '.gcloudignore']

/**
 * Reads a .gcloudignore: comments, `!`, a leading or inner `/` (from the top), a trailing `/` (folders), `*`, `?`, `**` and `[a-z]`.
 * `#!include` lines are comments here.
 */
export function parseIgnore(text: string): IgnoreRule[] {
  return text.split('\n').flatMap((raw) => {
    const line = raw.replace(/\r$/, '').replace(/(?<!\\) +$/, '')
    if (line === '' || line.startsWith('#')) return []
    const negated = line.startsWith('!')
    const body = negated ? line.slice(1) : line.replace(/^\\(?=[#!])/, '')
    const folderOnly = body.endsWith('/')
    const path = body.replace(/\/$/, '')
    if (path === '') return []
    const anchored = path.includes('/')
    return [{ pattern: new RegExp(`^${anchored ? '' : '(?:.*/)?'}${glob(path.replace(/^\//, ''))}$`), negated, folderOnly }]
  })
}

/** Whether a path (relative, with `/`) is left out: the last rule that fits decides. A folder left out hides all that is in it. */
export function isIgnored(rules: readonly IgnoreRule[], path: string, isFolder: boolean): boolean {
  const rule = rules.findLast((one) => (isFolder || !one.folderOnly) && one.pattern.test(path))
  return rule !== undefined && !rule.negated
}

function glob(path: string): string {
  return path.replaceAll(/\*\*\/|\/\*\*|\*\*|\*|\?|\[!?[^\]/]+\]|\\.|[^*?[\\]+|\[|\\/g, (part) => {
    if (part === '**/') return '(?:.*/)?'
    if (part === '/**') return '/.*'
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    if (part.startsWith('[') && part.length > 2) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\')
    return (part.startsWith('\\') ? part.slice(1) : part).replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
  })
}
