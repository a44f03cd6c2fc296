import type { Metadata } from 'next'
import { MachinePage } from '../../../../machine/MachinePage.tsx'

export const metadata: Metadata = { title: 'Machine' }

/** One machine. */
export default function Page() {
  return <MachinePage />
}
