import http from 'node:http'
import { balancerHeader } from '#control/roles/haproxy'

/** Asks for an app at the load balancer as a browser would. Null where the app itself answered below 500, else a sentence. */
export function probeRoute(address: string, domain: string): Promise<string | null> {
  return new Promise((resolve) => {
    const request = http.get({ host: address, port: 80, path: '/', headers: { host: domain }, agent: false, signal: AbortSignal.timeout(10_000) }, (response) => {
      response.resume()
      const status = response.statusCode ?? 0
      if (response.headers[balancerHeader] !== undefined) return resolve(status === 404 ? 'the load balancer does not know the domain yet' : 'the load balancer sees no instance answering yet')
      resolve(status < 500 ? null : `the app answers ${status}`)
    })
    request.on('error', () => resolve('the load balancer does not answer'))
  })
}
