import http from 'node:http'
import { haproxyHealthPort } from '#control/roles/haproxy'

/** What the load balancer's own health checks found of one app. `trouble` is a clause, empty while a server is up. */
export interface BalancerSight { readonly up: number; readonly trouble: string }

const mostBytes = 4 * 1024 * 1024
const deadlineMs = 4000

/**
 * The health of every app's backend in HAProxy's statistics as CSV, by app. Columns go by their names in the first line; lines that do
 * not fit are left out.
 */
export function parseBalancerStats(csv: string): Map<string, BalancerSight> {
  const [head = '', ...lines] = csv.split('\n')
  const names = head.replace(/^# /, '').split(',')
  const column = (cells: readonly string[], name: string): string => cells[names.indexOf(name)] ?? ''
  const servers = new Map<string, { isUp: boolean; name: string; why: string }[]>()
  for (const line of lines) {
    const cells = line.split(',')
    const app = /^app-(.+)$/.exec(column(cells, 'pxname'))?.[1]
    const name = column(cells, 'svname')
    if (app === undefined || name === 'BACKEND' || name === 'FRONTEND' || name === '') continue
    const status = column(cells, 'status')
    const why = [column(cells, 'check_desc'), column(cells, 'last_chk')].filter((part) => part !== '').join(': ')
    const before = servers.get(app) ?? []
    servers.set(app, [...before, { isUp: status.startsWith('UP') || status === 'no check', name, why: why === '' ? status : why }])
  }
  return new Map(Array.from(servers, ([app, all]) => [app, judge(all)]))
}

function judge(all: readonly { isUp: boolean; name: string; why: string }[]): BalancerSight {
  const up = all.filter(({ isUp }) => isUp).length
  return { up, trouble: up > 0 ? '' : `the load balancer reaches it on no machine (${all.map(({ name, why }) => `${name}: ${why}`).join('; ').slice(0, 500)})` }
}

/** Asks the load balancer on a Manager for its statistics. Resolves with a sentence where it does not answer within 4 s. */
export function fetchBalancerStats(address: string, signal: AbortSignal, port = haproxyHealthPort): Promise<{ csv: string } | { trouble: string }> {
  return new Promise((resolve) => {
    const away = (why: string): void => resolve({ trouble: `the load balancer on ${address} does not answer: ${why}` })
    const request = http.get({ host: address, port, path: '/stats;csv', agent: false, signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]) }, (response) => {
      if (response.statusCode !== 200) {
        response.resume()
        return away(`status ${response.statusCode}`)
      }
      let csv = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        csv += part
        if (csv.length > mostBytes) request.destroy(new Error('its statistics are too long'))
      })
      response.on('end', () => resolve({ csv }))
      response.on('error', (error) => away(error.message))
    })
    request.on('error', (error: Error & { code?: string }) => away(error.name === 'AbortError' || error.name === 'TimeoutError' ? 'no answer in time' : error.code === 'ECONNREFUSED' ? 'connection refused' : error.message))
  })
}
