import { describe, expect, it } from 'vitest'
import { consoleUrls, parseUp } from './options.ts'

describe('parseUp', () => {
  it.each([
    [['--lab', '3'], { kind: 'lab', machines: 3, consolePort: 8443, balancerPort: 8080 }],
    [['--lab'], { kind: 'lab', machines: 3 }],
    [['--lab', '0'], { kind: 'lab', machines: 0 }],
    [['--lab', '--fresh'], { kind: 'lab', machines: 3, fresh: true }],
    [['--lab', '1', '--name', 'ci7', '--console-port', '9443'], { name: 'ci7', consolePort: 9443, dataDir: '/var/lib/system-cloud-ci7', runDir: '/run/system-cloud-ci7' }],
    [['--interface', 'eth1', '--subnet', '10.1.0.0/24', '--mode', 'proxy'], { kind: 'interface', interface: 'eth1', mode: 'proxy' }],
    [['--lab', '2', '--http', '8000'], { plainHttp: true, consolePort: 8000 }],
  ])('takes %j', (argv, wanted) => expect(parseUp(argv, {})).toMatchObject(wanted))

  it.each([
    [[], 'either --lab or --interface'],
    [['--lab', '3', '--interface', 'eth0'], 'either --lab or --interface'],
    [['--lab', '99'], '0 to 16'],
    [['--lab', '2', '--name', '../x'], '--name'],
    [['--lab', '2', '--console-port', 'x'], 'port'],
    [['--interface', 'eth0', '--mode', 'half'], '--mode'],
    [['--interface', 'eth0', '--fresh'], 'remove /var/lib/system-cloud/state yourself while the appliance is stopped'],
    [['--interface', 'eth0', '--balancer-port', '8081'], 'ask the Manager itself'],
    [['--lab', '2', '--subnet', '10.1.0.0/24'], 'leave --subnet out'],
    [['--wat'], '--wat'],
  ])('refuses %j with a sentence', (argv, words) => expect(parseUp(argv, {})).toContain(words))

  it.each([
    [['--lab'], ['https://127.0.0.1:8443']], [['--interface', 'eth1'], ['https://127.0.0.1:8443', 'https://10.1.0.1:8443']], [['--interface', 'eth1', '--http', '8000'], ['http://127.0.0.1:8000']],
  ])('says for %j where the console is', (argv, urls) => {
    const options = parseUp(argv, {})
    expect(typeof options === 'string' ? options : consoleUrls(options, '10.1.0.1')).toEqual(urls)
  })

  it('takes its folders from the environment', () => {
    expect(parseUp(['--lab'], { SYSTEM_CLOUD_DATA: '/tmp/d', SYSTEM_CLOUD_RUN: '/tmp/r' })).toMatchObject({ dataDir: '/tmp/d', runDir: '/tmp/r' })
  })
})
