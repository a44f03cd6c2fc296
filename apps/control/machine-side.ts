import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { renderChunkList } from '#images/build/manifest'
import type { MachineView, Site } from '#netboot/site'
import { roles } from '#control/roles/index'
import type { Core } from './core.ts'
import { decideMachineBoot, installedRootUuid, mostDiskBoots } from './machines/boot/decision.ts'
import { addressSeen, bootEventHandler } from './machines/boot/events.ts'
import { takeFacts } from './machines/claims/claims.ts'
import { enrol, renderFiles, renew } from './machines/agents/enrolment.ts'
import { movedIfLegal } from './machines/phase.ts'
import type { MachineRecord } from './machines/record.ts'
import type { MachineDeps } from './machine-http/deps.ts'
import type { Networks } from './networks/networks.ts'

/** What a machine that has no power driver of its own is given. */
const defaultDriver = (core: Core): string => (core.config.labDir === '' ? 'manual' : 'lab')

/** What netboot asks of control: everything from memory, nothing awaited. */
export function makeSite(core: Core, { book, leases, state, commit }: Networks): Site {
  const { registry, library, sessions, journal, logs, now } = core
  const handle = bootEventHandler({
    registry, journal, logs, sessions, defaultDriver: defaultDriver(core), now, policy: (id) => (book.find(id) ?? book.networks()[0])?.policy ?? 'ignore',
    heard: (id) => core.power.heard(id), diskBooted: (id) => state.diskBooted(id), stuck: (id) => { if (state.diskBoots(id) >= mostDiskBoots) core.reconciler.fail(id, `it came back to the network boot ${mostDiskBoots} times instead of starting from its disk`) }, otherServer: (id, server) => state.sawServer(id, server), addressServer: (id, { address, serverMac, gateway, dns, bootFile }) => state.sawServer(id, { address, mac: serverMac, isHeard: true, gives: { gateway, dns, bootFile } }), otherServerGone: (id, address) => state.serverGone(id, address), lacksServer: (id, lacks) => state.setLacksServer(id, lacks),
  })
  // The ramdisk obeys them, and writes those after `sc.kernel=` into the installed system's boot menu.
  const kernelArguments = core.config.kernelArguments.flatMap((word) => [word, `sc.kernel=${word}`])
  return {
    machine(mac): MachineView | undefined {
      const machine = registry.byMac(mac)
      if (machine === undefined) return undefined
      const boot = decideMachineBoot(machine, state.diskBoots(machine.id))
      const rootUuid = boot.decision === 'localDisk' ? installedRootUuid(machine, core.agents.enrolled(machine.id)?.generation) : null
      return { id: machine.id, hostname: machine.name, address: machine.mac === mac ? machine.address : null, kernelArguments, isInventoried: machine.inventory !== null, hasSecureBoot: machine.inventory?.secureBoot === true, ...(rootUuid === null ? {} : { rootUuid }), ...boot }
    },
    networks: () => book.views(), reservations: () => book.reservationViews(),
    file: (name) => library.bootFile(name), chunkPath: (digest) => library.chunkPath(digest),
    leases: () => leases.all(), commitLease: commit,
    report(event) {
      core.wire.count(event)
      try {
        handle(event)
      } catch (error) { // netboot must go on whatever became of its report
        core.broken(error)
      }
    },
  }
}

/** What ramdisks and agents ask of control. */
export function makeMachineDeps(core: Core, { state, book, leases }: Networks): MachineDeps {
  const { config, registry, sessions, agents, orders, targets, library, logs, now } = core
  const facts = takeFacts({ registry, sessions, agents, claims: core.claims, defaultDriver: defaultDriver(core), now, taken: (id) => core.reconciler.wake(id) })
  const enrolment = {
    registry, agents, store: core.enrolments, authority: core.authority, now, sshKeys: () => core.people.sshKeys(), role: (id: string) => roles.find(id),
    port: config.ports.tls, agentFile: path.join(config.rootDir, 'dist/agent.mjs'),
  }
  const current = (machineId: string, orderId: string, kind: string): boolean => {
    const order = orders.current(machineId)
    return order?.id === orderId && order.kind === kind
  }
  const heardOf = (id: string): void => {
    if (registry.get(id)?.phase !== 'silent') return
    void registry.change(id, (m) => movedIfLegal(m, 'agent.reported', now()), { machineId: id, kind: 'agent.reported', level: 'info', text: 'Its agent is heard of again', data: {} })
  }
  return {
    facts,
    heardFrom(id, address) {
      const machine = registry.get(id)
      if (machine === undefined || machine.address === address || book.ofAddress(address) === undefined || isLeased(machine, { book, leases, nowMs: now() })) return
      void registry.change(id, (m) => ({ ...m, address }), { machineId: id, kind: 'address.seen', level: 'info', text: addressSeen(address), data: { address } })
    },
    reachedAt: (id, address) => agents.reachedAt(id, address),
    owner(mac, token) {
      const machine = registry.byMac(mac)
      return machine !== undefined && sessions.touch(mac, token) ? machine.id : undefined
    },
    async takeOrder(id, waitMs, signal) {
      const order = await orders.take(id, waitMs, signal)
      const machine = registry.get(id)
      // The ramdisk itself refuses an order that is not for its machine.
      return order === undefined || machine === undefined ? undefined : { ...order, fields: { ...order.fields, machine: machine.mac, uuid: machine.inventory?.uuid ?? '' } }
    },
    reportOrder: (id, orderId, report) => orders.report(id, orderId, report),
    chunkList(id, orderId) {
      const manifest = library.osManifest(registry.get(id)?.intent.imageId ?? '')
      return manifest === undefined || !current(id, orderId, 'writeImage') ? undefined : renderChunkList(manifest)
    },
    async filesTar(id, orderId, at) {
      const machine = registry.get(id)
      return machine === undefined || !current(id, orderId, 'configureSystem') ? undefined : renderFiles(enrolment, machine, at)
    },
    async enrol(request, address) {
      const machine = registry.get(request.machineId)
      // Its certificate names its address: the one it really speaks from, where no lease said so.
      if (machine !== undefined && machine.address === null) await registry.change(machine.id, (m) => ({ ...m, address }))
      return enrol(enrolment, request)
    },
    renew: (id, csr) => renew(enrolment, id, csr),
    isRevoked: (serial, id) => core.isRevoked(serial, id),
    async target(id, etag, waitMs, signal) {
      agents.asked(id)
      heardOf(id)
      const end = now() + waitMs
      for (;;) {
        const machine = registry.get(id)
        if (machine === undefined || signal.aborted) return undefined
        const target = targets.target(machine)
        if (target.etag !== etag) return target
        if (now() >= end) return undefined
        // Facts of other machines change a target too, without a word: look every few seconds.
        await Promise.race([agents.waitForChange(Math.min(3000, Math.max(1, end - now())), signal), wait(3000, undefined, { ref: false })])
      }
    },
    report(id, report) {
      const machine = registry.get(id)
      if (machine === undefined) return
      const before = agents.last(id)?.report
      agents.reported(id, report)
      state.resetDiskBoots(id)
      if (before !== undefined && report.metrics.uptimeSeconds < before.metrics.uptimeSeconds) void core.journal.record({ machineId: id, kind: 'system.started', level: 'info', text: 'Its installed system started again', data: { uptimeSeconds: report.metrics.uptimeSeconds } })
      if (machine.phase === 'silent') heardOf(id)
      else if (Date.parse(machine.lastSeenAt) < now() - 60_000) void registry.change(id, (m) => ({ ...m, lastSeenAt: new Date(now()).toISOString() }))
      else core.show(id)
      if (JSON.stringify([before?.swarm, before?.instances, before?.tasks]) !== JSON.stringify([report.swarm, report.instances, report.tasks])) core.changed()
    },
    hasApp: (name) => core.hot.get('app', name) !== undefined,
    agentLog(id, lines) {
      for (const { app, ...line } of lines) logs.append(app === undefined ? id : `app-${app}`, line)
    },
  }
}

/** Whether its present address is of a lease of ours that runs: the address that it speaks from may then be a second one. */
function isLeased(machine: MachineRecord, { book, leases, nowMs }: Pick<Networks, 'book' | 'leases'> & { nowMs: number }): boolean {
  return book.networks().some((network) => {
    const lease = machine.address === null || (network.mode === 'proxy' && !network.relayed) ? undefined : leases.find(network.id, machine.address)
    return lease?.state === 'bound' && lease.expiresAtMs > nowMs && machine.macs.includes(lease.mac)
  })
}
