import './globals.css'
import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { Providers } from '../shell/Providers.tsx'
import { themeScript } from '../shell/theme.ts'

export const metadata: Metadata = { title: { default: 'System Cloud', template: '%s · System Cloud' }, robots: { index: false, follow: false } }
export const viewport: Viewport = { width: 'device-width', initialScale: 1, themeColor: [{ media: '(prefers-color-scheme: light)', color: '#eef1f0' }, { media: '(prefers-color-scheme: dark)', color: '#0c1113' }] }

/** The document. Reading the nonce makes every page rendered per request, which a nonce needs. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get('x-nonce') ?? ''
  return (
    <html lang="en" suppressHydrationWarning>
      <head><script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: themeScript }} /></head>
      <body><Providers>{children}</Providers></body>
    </html>
  )
}
