import { NextResponse, type NextRequest } from 'next/server'
import { renderSecurityHeaders } from './security-headers.ts'

/** Gives every page a nonce of its own. Next reads it from the request's policy and puts it on the scripts it writes. */
export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.randomUUID()).toString('base64')
  const headers = renderSecurityHeaders(nonce, process.env.NODE_ENV === 'development')
  const inward = new Headers(request.headers)
  inward.set('x-nonce', nonce)
  inward.set('Content-Security-Policy', headers['Content-Security-Policy'] ?? '')
  const answer = NextResponse.next({ request: { headers: inward } })
  for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value)
  return answer
}

/** Static files carry no script context: they need no nonce and stay cacheable. */
export const config = { matcher: ['/((?!_next/static|icon.svg).*)'] }
