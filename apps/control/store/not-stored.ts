/** A write that is not on disk, so nothing may be promised on it. Its message is a sentence for operators that says what to do. */
export class NotStored extends Error {}

/**
 * What an error of SQLite says of the disk, as a sentence, or undefined where the disk is not to blame.
 *
 * @param code SQLite's extended code, where the driver gives it
 * @see https://www.sqlite.org/rescode.html
 */
export function diskTrouble(code: string, message: string): string | undefined {
  const text = `${code} ${message}`
  if (/SQLITE_FULL|is full|ENOSPC|no space left/i.test(text)) return 'The disk of the appliance is full, so nothing can be stored: machines get no new addresses and nothing can be changed. Make room on it; the appliance goes on by itself.'
  if (/SQLITE_(IOERR|CORRUPT|NOTADB|CANTOPEN|READONLY|PROTOCOL)|disk I\/O error|malformed|unable to open database|readonly database|\bEIO\b/i.test(text)) return `The disk of the appliance fails (${code || message}), so nothing can be stored: machines get no new addresses and nothing can be changed. Look at the host’s log and at the disk; the appliance tries again every second.`
  return undefined
}

/** The sentence for an error of SQLite of whatever kind. */
export function describeTrouble(error: unknown): { readonly isDisk: boolean; readonly sentence: string } {
  const { code, message } = error instanceof Error ? (error as Error & { code?: unknown }) : { code: undefined, message: String(error) }
  const sentence = diskTrouble(typeof code === 'string' ? code : '', message)
  return { isDisk: sentence !== undefined, sentence: sentence ?? `A change could not be stored: ${message}` }
}
