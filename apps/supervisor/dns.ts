/**
 * How dnsmasq is told to answer names only: no DHCP, no configuration of the host's. It watches `hostsDir` (inotify), so a machine's new
 * name or address counts at once. Of a name with several addresses it gives the one that is on the network where it was asked.
 *
 * `asksOthers`: questions that it cannot answer go on to the host's own resolvers; a lab has nobody to ask.
 */
export function dnsArguments(plan: { address: string; port: number; hostsDir: string; asksOthers: boolean }): string[] {
  return [
    '--keep-in-foreground', '--conf-file=/dev/null', `--port=${plan.port}`, `--listen-address=${plan.address}`, '--bind-interfaces', ...(plan.asksOthers ? [] : ['--no-resolv']),
    '--no-hosts', '--localise-queries', `--hostsdir=${plan.hostsDir}`, '--pid-file',
  ]
}
