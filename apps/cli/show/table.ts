/** Text of strangers made safe for a terminal: control characters, bidi marks and line breaks become spaces; colours of `Paint` stay. */
export function plain(text: string): string {
  return text.replaceAll(/\u001b(?!\[\d{1,2}m)|[\u0000-\u001a\u001c-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, ' ')
}

/** Text of strangers with no escape sequence at all: for use before it is painted. */
export const untrusted = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, ' ')

/** Columns a text takes on the screen; colour codes take none. */
const screenWidth = (text: string): number => [...text.replaceAll(/\u001b\[\d{1,2}m/g, '')].length

/** Rows below a header in aligned columns two spaces apart, one line each, no trailing spaces. Empty where there are no rows. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const lines = [header, ...rows].map((row) => row.map(plain))
  const widths = header.map((_, column) => Math.max(...lines.map((row) => screenWidth(row[column] ?? ''))))
  return lines.map((row) => `${row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - screenWidth(cell))).join('  ').trimEnd()}\n`).join('')
}

/** `key  value` lines, aligned; a row without a value is left out. */
export function renderFacts(facts: readonly (readonly [string, string])[]): string {
  const shown = facts.filter(([, value]) => value !== '')
  const width = Math.max(0, ...shown.map(([key]) => key.length))
  return shown.map(([key, value]) => `${key.padEnd(width)}  ${plain(value)}\n`).join('')
}
