/**
 * The headers of every page. Scripts and styles run only with this answer's nonce; nothing is fetched from anywhere
 * but this origin (`connect-src 'self'` covers the web socket as well). HSTS is left to whoever ends TLS.
 */
export function renderSecurityHeaders(nonce: string, development = false): Record<string, string> {
  const policy = [
    "default-src 'none'",
    // React's development build needs eval for its stack traces; production never does.
    `script-src 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:", "font-src 'self'", "connect-src 'self'", "manifest-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
  ].join('; ')
  return {
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  }
}
