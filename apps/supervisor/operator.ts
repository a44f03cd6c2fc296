import http from 'node:http'

/** Asks the operator API over its Unix socket. Undefined where control is not there (yet) or says no. */
export function ask(socketPath: string, route: string): Promise<unknown> {
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: `/api/v1/${route}`, timeout: 5000, headers: { host: 'localhost' } }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', () => resolve(undefined))
      answer.on('end', () => {
        if (answer.statusCode !== 200) return resolve(undefined)
        resolve(JSON.parse(Buffer.concat(parts).toString('utf8')))
      })
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(undefined))
  })
}
