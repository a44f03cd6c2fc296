import { expect, test } from 'vitest'
import { renderSecurityHeaders } from './security-headers.ts'

test('scripts and styles need the nonce, nothing inline and no eval is allowed', () => {
  const policy = renderSecurityHeaders('abc')['Content-Security-Policy'] ?? ''
  expect(policy).toContain("script-src 'nonce-abc' 'strict-dynamic';")
  expect(policy).toContain("style-src 'self' 'nonce-abc'")
  expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|https?:/)
})
