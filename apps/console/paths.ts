import { apiPrefix } from '#contract/operator-api'

const part = encodeURIComponent

/** Every page of the console. */
export const pages = {
  signIn: (next?: string) => (next && next !== '/' ? `/sign-in?next=${part(next)}` : '/sign-in'),
  fleet: () => '/',
  machine: (id: string) => `/machines/${part(id)}`,
  cloud: () => '/cloud',
  images: () => '/images',
  networks: () => '/networks',
  network: (id: string) => `/networks/${part(id)}`,
  settings: () => '/settings',
} as const

/** Every URL of the operator API that the console uses. */
export const api = {
  session: () => `${apiPrefix}/session`,
  password: () => `${apiPrefix}/password`,
  status: () => `${apiPrefix}/status`,
  machines: () => `${apiPrefix}/machines`,
  machine: (id: string) => `${apiPrefix}/machines/${part(id)}`,
  plan: (id: string) => `${apiPrefix}/machines/${part(id)}/plan`,
  role: (id: string) => `${apiPrefix}/machines/${part(id)}/role`,
  act: (id: string, act: 'release' | 'retry' | 'rename' | 'power') => `${apiPrefix}/machines/${part(id)}/${act}`,
  powerDriver: (id: string) => `${apiPrefix}/machines/${part(id)}/power-driver`,
  powerDrivers: () => `${apiPrefix}/power-drivers`,
  claim: (id: string, decision: 'accept' | 'reject') => `${apiPrefix}/claims/${part(id)}/${decision}`,
  machineEvents: (id: string, query: PageQuery) => `${apiPrefix}/machines/${part(id)}/events${search(query)}`,
  machineLog: (id: string, query: PageQuery) => `${apiPrefix}/machines/${part(id)}/log${search(query)}`,
  machineLogText: (id: string) => `${apiPrefix}/machines/${part(id)}/log.txt`,
  machineBoots: (id: string) => `${apiPrefix}/machines/${part(id)}/boots`,
  machinePackets: (id: string) => `${apiPrefix}/machines/${part(id)}/packets.pcap`,
  transfers: () => `${apiPrefix}/transfers`,
  strangers: () => `${apiPrefix}/strangers`,
  bootPaths: () => `${apiPrefix}/boot-paths`,
  bootPath: (id: string) => `${apiPrefix}/boot-paths/${part(id)}`,
  events: (query: PageQuery) => `${apiPrefix}/events${search(query)}`,
  roles: () => `${apiPrefix}/roles`,
  images: () => `${apiPrefix}/images`,
  networks: () => `${apiPrefix}/networks`,
  network: (id: string, query: { force?: boolean } = {}) => `${apiPrefix}/networks/${part(id)}${search(query)}`,
  pool: (id: string) => `${apiPrefix}/networks/${part(id)}/pool`,
  hostInterfaces: () => `${apiPrefix}/host-interfaces`,
  leases: (query: LeaseSearch & { offset: number, limit: number }) => `${apiPrefix}/leases${search(query)}`,
  lease: (address: string, query: { force?: boolean } = {}) => `${apiPrefix}/leases/${part(address)}${search(query)}`,
  reservations: (network?: string) => `${apiPrefix}/reservations${search({ network })}`,
  reservation: (address: string) => `${apiPrefix}/reservations/${part(address)}`,
  cloud: () => `${apiPrefix}/cloud`,
  app: (name: string) => `${apiPrefix}/apps/${part(name)}`,
  appLog: (name: string, query: PageQuery) => `${apiPrefix}/apps/${part(name)}/log${search(query)}`,
  sshKeys: () => `${apiPrefix}/ssh-keys`,
  tokens: () => `${apiPrefix}/tokens`,
  token: (id: string) => `${apiPrefix}/tokens/${part(id)}`,
} as const

/** Which lines to ask for: those after `after`, at most `limit`. */
export interface PageQuery { after?: number | undefined, limit?: number | undefined }

/** Which leases to ask for. */
export interface LeaseSearch { network: string, state?: string | undefined, text?: string | undefined }

function search(query: object): string {
  const filled = Object.entries(query).filter(([, value]) => value !== undefined && value !== '').map(([name, value]) => `${name}=${part(String(value))}`)
  return filled.length === 0 ? '' : `?${filled.join('&')}`
}

/** Where to go after signing in: only a path of this console, never another origin. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') ? next : '/'
}
