import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { networkView, subnetOf } from './networks.ts'

describe('the provisioning network', () => {
  it.each([
    ['10.77.0.0/24', { broadcast: '10.77.0.255', rangeFrom: '10.77.0.100', rangeTo: '10.77.0.199', poolSize: 100 }],
    ['192.168.4.17/23', { broadcast: '192.168.5.255', rangeFrom: '192.168.4.200', rangeTo: '192.168.5.142' }],
    ['10.0.0.8/29', { broadcast: '10.0.0.15', rangeFrom: '10.0.0.11', rangeTo: '10.0.0.14' }],
  ])('%s', (cidr, wanted) => expect(subnetOf(cidr)).toMatchObject(wanted))
  it.each(['10.0.0.0', '10.0.0.0/30', '10.0.0.0/7', 'x/24'])('refuses %s', (cidr) => expect(() => subnetOf(cidr)).toThrow('between /8 and /29'))
  it('answers names itself in a lab', () => {
    const config = readConfig({ SYSTEM_CLOUD_ADDRESS: '10.77.0.1', SYSTEM_CLOUD_CIDR: '10.77.0.0/24', SYSTEM_CLOUD_LAB_DIR: '/x' }, '/app/dist')
    expect(networkView(config, 'ignore')).toMatchObject({ dns: ['10.77.0.1'], gateway: '10.77.0.1', policy: 'ignore' })
  })
})

describe('readConfig', () => {
  it('has defaults for everything', () => expect(readConfig({}, '/app/dist')).toMatchObject({ dataDir: '/var/lib/system-cloud', stateDir: '/var/lib/system-cloud/state', rootDir: '/app', ports: { http: 80, tls: 443, operator: 8443 } }))
  it.each([{ SYSTEM_CLOUD_TLS_PORT: '70000' }, { SYSTEM_CLOUD_TLS_PORT: 'x' }, { SYSTEM_CLOUD_MODE: 'half' }])('names what makes no sense: %j', (environment) =>
    expect(() => readConfig(environment, '/')).toThrow(Object.keys(environment)[0]))
})
