/** Line drawings on a 16-unit grid; every one is decoration beside a word or a label. */
const drawings = {
  fleet: 'M2 3h12v4H2zM2 9h12v4H2zM4.5 5h.01M4.5 11h.01M10 5h2M10 11h2', cloud: 'M4.5 12.5a3 3 0 0 1-.3-6 4 4 0 0 1 7.6.5 2.8 2.8 0 0 1-.3 5.5z',
  image: 'M8 1.5l5.5 3v7L8 14.5l-5.5-3v-7zM2.5 4.5L8 7.5l5.5-3M8 7.5v7', network: 'M8 2v4M3.5 10V8h9v2M8 6v2M6.5 2h3v4h-3zM2 10h3v4H2zM11 10h3v4h-3z',
  settings: 'M2 4h7M13 4h1M2 12h1M7 12h7M11 2.5v3M5 10.5v3', search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8L14 14',
  power: 'M8 2v6M4.5 4.2a5.2 5.2 0 1 0 7 0', cycle: 'M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3', check: 'M3 8.5l3.2 3.2L13 5', cross: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 2l6.5 11.5h-13zM8 6.5v3M8 11.6v.01', info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3V11M8 5v.01', down: 'M4 6l4 4 4-4', right: 'M6 4l4 4-4 4', left: 'M10 4L6 8l4 4',
  download: 'M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11', follow: 'M8 2v10M4 8.5L8 12.5l4-4M2.5 14.5h11', sun: 'M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1',
  moon: 'M13 9.6A5.4 5.4 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6z', half: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 2v12M10.3 2.8v10.4M12.4 4.4v7.2', more: 'M3.5 8h.01M8 8h.01M12.5 8h.01', disk: 'M2 4.5h12v7H2zM4.5 9.5h.01M7 9.5h4.5', chip: 'M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14',
  copy: 'M5.5 5.5V3h7.5v7.5h-2.5M3 5.5h7.5V13H3z', plug: 'M5.5 2v3M10.5 2v3M4 5h8v3a4 4 0 0 1-8 0zM8 12v2.5', leave: 'M6 2.5H3v11h3M7 8h7M11 5l3 3-3 3', link: 'M6.5 3.5H3.5v9h9V9.5M9 3h4v4M13 3L7.5 8.5', wrap: 'M2 4h12M2 8h9.5a2 2 0 0 1 0 4.5H8M9.5 10.5l-2 2 2 2', key: 'M10.5 8.5a3 3 0 1 0-3-3c0 .5.1.9.3 1.3L2.5 12v2H5v-1.5h1.5V11L8.7 8.2c.5.2 1.1.3 1.8.3z', pause: 'M5.5 3v10M10.5 3v10',
} as const

/** Which drawings there are. */
export type IconName = keyof typeof drawings

/** A drawing in the colour of the text. */
export function Icon({ name, className = '' }: { name: IconName, className?: string }) {
  return (
    <svg viewBox="0 0 16 16" aria-hidden className={`size-4 shrink-0 ${className}`} fill="none" stroke="currentColor" strokeWidth={name === 'more' ? 2.4 : 1.5} strokeLinecap="round" strokeLinejoin="round">
      <path d={drawings[name]} />
    </svg>
  )
}
