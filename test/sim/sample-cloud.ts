import type { CloudMachine, RoleContext } from '#control/roles/role'

/** A small cloud for tests: one ready Manager, two AppServers, the app guestbook. `settings` is what would be stored. */
export function sampleContext(machineId: string, settings = new Map<string, string>([['cloud.primary', 'm1'], ['cloud.swarmTokens', 'm1 3\nSWMTKN-1-ca-worker\nSWMTKN-1-ca-manager']])): RoleContext {
  const machines = [sampleMachine('m1', 'manager', '10.77.0.11'), sampleMachine('m2', 'appserver', '10.77.0.12'), sampleMachine('m3', 'appserver', '10.77.0.13')]
  const machine = machines.find((m) => m.id === machineId)
  if (machine === undefined) throw new Error(`no machine ${machineId} in the sample`)
  const release = {
    version: 'v1', runtime: 'python3', serviceName: 'guestbook', image: '10.77.0.11:5000/apps@sha256:00', replicas: 2, memoryMb: 384, env: { GUESTBOOK_TITLE: 'Guests' },
    entrypoint: 'gunicorn -b :$PORT main:app', healthPath: '/', deployedAt: '2026-01-02T03:04:05.000Z', warnings: [],
  }
  const removed = { ...release, serviceName: 'old' }
  return {
    machine, machines, cidrs: ['10.77.0.0/24'], applianceAddress: '10.77.0.1', caPem: 'CA', nowMs: 0,
    apps: [
      { name: 'guestbook', value: { name: 'guestbook', publishedPort: 30000, removed: false, running: release, latest: release, state: 'serving', detail: '', stateSinceMs: 0 } },
      { name: 'old', value: { name: 'old', publishedPort: 30001, removed: true, running: null, latest: removed, state: 'serving', detail: '', stateSinceMs: 0 } },
    ],
    tls: () => ({ ca: '', cert: '', key: '' }), secret: (name) => `secret-of-${name}`,
    setting: (name) => settings.get(name), setSetting: (name, value) => void settings.set(name, value),
  }
}

/** One ready machine with nothing reported. */
export const sampleMachine = (id: string, role: string, address: string): CloudMachine =>
  ({ id, name: `node-${id}`, role, address, phase: 'ready', generation: 3, releasing: false, report: null, reportedAtMs: null })
