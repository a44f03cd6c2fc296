import type { Bar } from './figures.ts'

/** What System Cloud's boot servers are held to. The bench reports; no test asserts a figure of time. */
export const bars: readonly Bar[] = [
  { measure: 'dhcp', value: 'doraPerSecond', rule: 'at least', limit: 5, against: 'dhcpd' },
  { measure: 'dhcp', value: 'doraPerSecond', rule: 'at least', limit: 10, against: 'dnsmasq' },
  { measure: 'dhcp', value: 'doraPerSecond', rule: 'at least', limit: 0.9, against: 'kea' },
  { measure: 'dhcp', value: 'cpuSecondsPer1000', rule: 'at most', limit: 1, against: 'kea' },
  { measure: 'dhcp', value: 'naks', rule: 'at most', limit: 0 },
  { measure: 'dhcp', value: 'duplicates', rule: 'at most', limit: 0 },
  { measure: 'burst', value: 'neverAcked', rule: 'at most', limit: 0 },
  { measure: 'burst', value: 'p99Ms', rule: 'at most', limit: 1000 },
  { measure: 'burst', value: 'naks', rule: 'at most', limit: 0 },
  { measure: 'burst', value: 'duplicates', rule: 'at most', limit: 0 },
  { measure: 'scale', variant: 'pool of 61,440', value: 'cpuSecondsPer1000', rule: 'at most', limit: 1.2, ownVariant: 'pool of 12,288' },
  { measure: 'scale', variant: '100,000 leases', value: 'cpuSecondsPer1000', rule: 'at most', limit: 1.2, ownVariant: '1,000 leases' },
  { measure: 'scale', value: 'naks', rule: 'at most', limit: 0 },
  { measure: 'scale', value: 'duplicates', rule: 'at most', limit: 0 },
  ...['1 client', '64 clients'].flatMap((clients): Bar[] => [
    { measure: 'tftp', variant: `window 1, ${clients}`, value: 'megabytesPerSecond', rule: 'at least', limit: 1, against: 'tftpd-hpa' },
    { measure: 'tftp', variant: `window 16, ${clients}`, value: 'megabytesPerSecond', rule: 'at least', limit: 0.9, against: 'atftpd' },
    { measure: 'tftp', variant: `window 16, ${clients}`, value: 'megabytesPerSecond', rule: 'at least', limit: 3, against: 'tftpd-hpa' },
    { measure: 'tftp', variant: `window 16, 1 % loss, ${clients}`, value: 'megabytesPerSecond', rule: 'at least', limit: 1, against: 'atftpd' },
    { measure: 'tftp', variant: `window 16, ${clients}`, value: 'cpuSecondsPerGb', rule: 'at most', limit: 1.3, against: 'atftpd' },
  ]),
  { measure: 'tftp', value: 'wrongBlocks', rule: 'at most', limit: 0 },
  { measure: 'http', value: 'megabytesPerSecond', rule: 'at least', limit: 0.8, against: 'nginx' },
  { measure: 'http', value: 'cpuSecondsPerGb', rule: 'at most', limit: 1.5, against: 'nginx' },
  { measure: 'http', value: 'peakMb', rule: 'at most', limit: 512 },
  { measure: 'http', value: 'failed', rule: 'at most', limit: 0 },
]
