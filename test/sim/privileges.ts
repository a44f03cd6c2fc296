import { readFileSync } from 'node:fs'

/** Who a process is and what it may do, as the kernel says. */
export interface Privileges { readonly uids: number[]; readonly gids: number[]; readonly groups: number[]; readonly noNewPrivileges: boolean; readonly capabilities: string[]; readonly bounding: string[] }

/** Those that the appliance's processes may have, by their number in <linux/capability.h>; another one shows as its number. */
const names: Readonly<Record<number, string>> = { 1: 'dac_override', 2: 'dac_read_search', 10: 'net_bind_service', 12: 'net_admin', 13: 'net_raw', 21: 'sys_admin' }

/** Reads them of a running process. */
export function readPrivileges(pid: number): Privileges {
  const fields = new Map(readFileSync(`/proc/${pid}/status`, 'utf8').split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]))
  const numbers = (name: string): number[] => [...new Set((fields.get(name) ?? '').split(/\s+/).filter((text) => text !== '').map(Number))]
  const capabilities = (name: string): string[] => {
    const bits = BigInt(`0x${fields.get(name) ?? '0'}`)
    return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (bits >> BigInt(bit)) & 1n).map((bit) => names[bit] ?? String(bit)).sort()
  }
  return { uids: numbers('Uid'), gids: numbers('Gid'), groups: numbers('Groups'), noNewPrivileges: fields.get('NoNewPrivs') === '1', capabilities: capabilities('CapPrm'), bounding: capabilities('CapBnd') }
}
