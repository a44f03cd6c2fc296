/** One app as HAProxy routes it: the Host header `domain` goes to the servers, all of which answer on `port`. */
export interface Route {
  readonly app: string
  readonly domain: string
  /** Another name that leads there: `NAME.localhost`, which a browser on the appliance's own machine finds without a name server. */
  readonly alias: string
  readonly port: number
  readonly healthPath: string
  readonly servers: readonly { readonly name: string; readonly address: string }[]
}

/** Where the rendered files go on a Manager. */
export const haproxyPaths = { config: '/etc/haproxy/haproxy.cfg', hosts: '/etc/haproxy/system-cloud-hosts.map', busy: '/etc/haproxy/errors/system-cloud-503.http', nobody: '/etc/haproxy/errors/system-cloud-404.http' } as const

/** The port of HAProxy's health, metrics and statistics; only the subnets of the cloud may ask. */
export const haproxyHealthPort = 8404

/** The answer header that tells a page of the load balancer from a page of an app. */
export const balancerHeader = 'x-system-cloud-balancer'

/** haproxy.cfg: Host header to backend by a map file, one backend per app, health and metrics on :8404. `paths` differ only in tests. */
export function renderHaproxy(routes: readonly Route[], cidrs: readonly string[], paths: Record<keyof typeof haproxyPaths, string> = haproxyPaths): string {
  const host = `req.hdr(host),field(1,:),lower,map(${paths.hosts})`
  return `# Written by System Cloud; changes here are overwritten.
global
    log /dev/log local0
    maxconn 4096
    user haproxy
    group haproxy

defaults
    mode http
    log global
    option httplog
    option dontlognull
    option redispatch 1
    retries 3
    timeout connect 3s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    timeout queue 10s
    timeout tunnel 1h
    errorfile 503 ${paths.busy}

frontend apps
    bind :80
    option forwardfor
    http-request set-header X-Forwarded-Proto http
    use_backend %[${host}] if { ${host} -m found }
    default_backend nobody

frontend health
    bind :${haproxyHealthPort}
    monitor-uri /healthz
    http-request deny unless { src ${['127.0.0.0/8', ...cidrs].join(' ')} }
    http-request use-service prometheus-exporter if { path /metrics }
    stats enable
    stats uri /stats
    stats refresh 5s

backend nobody
    errorfile 503 ${paths.nobody}
${routes.map(renderBackend).join('')}`
}

/** The map file: one `domain backend` a line. */
export const renderHosts = (routes: readonly Route[]): string => routes.map((route) => `${route.domain} app-${route.app}\n${route.alias} app-${route.app}\n`).join('')

function renderBackend(route: Route): string {
  const servers = route.servers.map((server) => `    server ${server.name} ${server.address}:${route.port} check\n`).join('')
  return `
backend app-${route.app}
    balance leastconn
    option httpchk
    http-check send meth GET uri ${route.healthPath} ver HTTP/1.1 hdr Host ${route.domain}
    http-check expect ! rstatus ^5
    default-server inter 2s fastinter 1s fall 2 rise 1
${servers}`
}

/** A whole HTTP answer in the form of HAProxy's errorfile, with the header that says who answered. */
export function renderErrorPage(status: string, title: string, text: string): string {
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1.5rem;color:#1c2430}h1{font-size:1.4rem}p{color:#566}@media(prefers-color-scheme:dark){body{background:#10151c;color:#e6eaf0}p{color:#9aa}}</style>
<h1>${title}</h1><p>${text}</p></html>
`
  return `HTTP/1.1 ${status}\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nConnection: close\r\n${balancerHeader}: ${status.slice(0, 3)}\r\n\r\n${page}`
}
