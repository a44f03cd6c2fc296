import path from 'node:path'
import type { NextConfig } from 'next'

const root = path.join(import.meta.dirname, '../..')

/** Standalone: `.next/standalone/apps/console/server.js`, with `.next/static` copied beside it. */
const config: NextConfig = { output: 'standalone', outputFileTracingRoot: root, turbopack: { root }, images: { unoptimized: true }, poweredByHeader: false, devIndicators: false }
export default config
