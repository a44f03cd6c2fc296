import { splitName } from '../text/format.ts'

/** A name on one line. Where there is no room its middle is left out, not its end: machines of one rack differ in the end. */
export function LongName({ name, className = '' }: { name: string, className?: string }) {
  const [head, tail] = splitName(name)
  if (head === '') return <span title={name} className={`block truncate ${className}`}>{tail}</span>
  return (
    <span title={name} className={`flex min-w-0 ${className}`}>
      <span className="sr-only">{name}</span>
      <span aria-hidden className="truncate">{head}</span><span aria-hidden className="shrink-0">{tail}</span>
    </span>
  )
}
