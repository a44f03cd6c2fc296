import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

describe('readConfig', () => {
  it('has defaults for everything', () => expect(readConfig({}, '/app/dist')).toMatchObject({ dataDir: '/var/lib/system-cloud', stateDir: '/var/lib/system-cloud/state', rootDir: '/app', ports: { http: 80, tls: 443, operator: 8443 } }))
  it.each([{ SYSTEM_CLOUD_TLS_PORT: '70000' }, { SYSTEM_CLOUD_TLS_PORT: 'x' }, { SYSTEM_CLOUD_MODE: 'half' }])('names what makes no sense: %j', (environment) =>
    expect(() => readConfig(environment, '/')).toThrow(Object.keys(environment)[0]))
})
