/** Prints a build's progress at most once for each new step or ten percent: a terminal is not a log of every block. */
export function progressPrinter(say: (text: string) => void): (text: string) => void {
  let last = ''
  return (text) => {
    const coarse = text.replace(/(\d+) %$/, (_, percent: string) => `${Math.floor(Number(percent) / 10) * 10} %`)
    if (coarse === last) return
    last = coarse
    say(`building ${coarse}`)
  }
}
