import type { QueryClient } from '@tanstack/react-query'
import type { z } from 'zod'
import { type AssignRequest, Claim, Machine, NewToken, Plan, type PowerRequest, SshKeys } from '#contract/operator-api'
import { mergeMachine } from '../live/reduce-events.ts'
import { api } from '../paths.ts'
import { keys } from './queries.ts'
import { fetchJson, sendOnly } from './request.ts'

/** Keeps the appliance's answer about a machine where the pages read it. */
function keep(client: QueryClient, machine: Machine): Machine {
  client.setQueryData<Machine[]>(keys.machines, (held) => (held ? mergeMachine(held, machine) : held))
  return machine
}

/** What would happen if `role` were assigned; nothing is changed. */
export const fetchPlan = (id: string, role: string, disk: string | undefined, signal: AbortSignal): Promise<Plan> =>
  fetchJson(Plan, api.plan(id), { method: 'POST', body: { role, ...(disk === undefined ? {} : { disk }) }, signal })

/** Assigns a role; `generation` is the plan's, so that a newer intent refuses it. */
export const assignRole = async (client: QueryClient, id: string, request: z.input<typeof AssignRequest>): Promise<Machine> =>
  keep(client, await fetchJson(Machine, api.role(id), { method: 'PUT', body: request }))

/** Returns a machine to discovered; `erase` overwrites its disk first. */
export const releaseMachine = async (client: QueryClient, id: string, erase: boolean): Promise<Machine> =>
  keep(client, await fetchJson(Machine, api.act(id, 'release'), { method: 'POST', body: { erase } }))

/** Goes on from the step that failed. */
export const retryMachine = async (client: QueryClient, id: string): Promise<Machine> =>
  keep(client, await fetchJson(Machine, api.act(id, 'retry'), { method: 'POST', body: {} }))

/** Gives a machine another host name. */
export const renameMachine = async (client: QueryClient, id: string, name: string): Promise<Machine> =>
  keep(client, await fetchJson(Machine, api.act(id, 'rename'), { method: 'POST', body: { name } }))

/** Switches a machine on or off, or off and on again. */
export const powerMachine = async (client: QueryClient, id: string, act: z.infer<typeof PowerRequest>['act']): Promise<Machine> =>
  keep(client, await fetchJson(Machine, api.act(id, 'power'), { method: 'POST', body: { act } }))

/** Chooses how a machine is switched on and off. */
export const configurePower = async (client: QueryClient, id: string, driver: string, options: Record<string, unknown>): Promise<Machine> =>
  keep(client, await fetchJson(Machine, api.powerDriver(id), { method: 'PUT', body: { driver, options } }))

/** Decides on a held claim; the machine's own view follows by the socket. */
export const decideClaim = (id: string, decision: 'accept' | 'reject'): Promise<Claim> => fetchJson(Claim, api.claim(id, decision), { method: 'POST', body: {} })

/** Removes a machine from the list; it comes back as new when it netboots again. */
export async function forgetMachine(client: QueryClient, id: string): Promise<void> {
  await sendOnly(api.machine(id), { method: 'DELETE' })
  client.setQueryData<Machine[]>(keys.machines, (held) => held?.filter((machine) => machine.id !== id))
}

/** Replaces the administrators' SSH keys. */
export async function saveSshKeys(client: QueryClient, lines: string[]): Promise<void> {
  client.setQueryData(keys.sshKeys, await fetchJson(SshKeys, api.sshKeys(), { method: 'PUT', body: { keys: lines } }))
}

/** Makes a bearer token; the answer is the only one that has it. */
export async function makeToken(client: QueryClient, name: string): Promise<NewToken> {
  const made = await fetchJson(NewToken, api.tokens(), { method: 'POST', body: { name } })
  await client.invalidateQueries({ queryKey: keys.tokens })
  return made
}

/** Revokes a bearer token: it opens nothing from now on. */
export async function revokeToken(client: QueryClient, id: string): Promise<void> {
  await sendOnly(api.token(id), { method: 'DELETE' })
  await client.invalidateQueries({ queryKey: keys.tokens })
}

/** Signs in; the session is a cookie that scripts cannot read. */
export const signIn = (user: string, password: string): Promise<void> => sendOnly(api.session(), { method: 'POST', body: { user, password } })
/** Ends the session. */
export const signOut = (): Promise<void> => sendOnly(api.session(), { method: 'DELETE' })
/** Changes the password of whoever is signed in. */
export const changePassword = (old: string, next: string): Promise<void> => sendOnly(api.password(), { method: 'POST', body: { old, new: next } })
/** Removes an app and its instances. */
export const removeApp = (name: string): Promise<void> => sendOnly(api.app(name), { method: 'DELETE' })
