/** One line of `apt-get indextargets`: where packages come from. */
interface Target { readonly uri: string; readonly release: string }

/**
 * The sources for `suite` on the mirrors that this system uses for `ownSuite`: `trixie` instead of `bookworm`, the same for `-updates` and
 * `-security`. `targets` is what `apt-get indextargets --format '$(REPO_URI) $(RELEASE)'` prints. Other repositories are left out.
 * Empty where the system has no source of its own suite.
 */
export function planSources(targets: string, ownSuite: string, suite: string): string[] {
  const lines = targets.split('\n').map((line) => line.trim().split(/\s+/)).filter((words) => words.length >= 2).map(([uri, release]): Target => ({ uri: uri as string, release: release as string }))
  const parts = ['', '-updates', '-security'].flatMap((part) => {
    const found = lines.find((line) => line.release === `${ownSuite}${part}` || (part === '' && line.release === 'stable'))
    return found ? [`deb ${found.uri} ${suite}${part} main`] : []
  })
  return parts[0]?.endsWith(` ${suite} main`) === true ? parts : []
}
