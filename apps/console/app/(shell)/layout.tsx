import type { ReactNode } from 'react'
import { AppShell } from '../../shell/AppShell.tsx'

/** Pages for someone who is signed in. */
export default function ShellLayout({ children }: { children: ReactNode }) {
  return <AppShell>{children}</AppShell>
}
