import type { Task } from '#contract/agent-api'
import type { Run } from './command.ts'
import type { Engine } from './docker-engine.ts'

/** The machine as executors see it. `root` is `/` except in tests; `stateDir` keeps what must survive a restart of the agent. */
export interface Host {
  readonly root: string
  readonly stateDir: string
  readonly run: Run
  readonly engine: Engine
}

/** What applying one task came to. `changed` tells whether anything had to be done. */
export interface Outcome { readonly changed: boolean; readonly detail: string }

/** One kind of task. */
export type TaskOf<K extends Task['kind']> = Extract<Task, { kind: K }>

/** Makes a task true; does nothing where it is true already. Rejects with a sentence where it cannot. `all` is the whole target, for tasks that name others. */
export type Executor<K extends Task['kind']> = (task: TaskOf<K>, host: Host, all: readonly Task[]) => Promise<Outcome>

/** One executor for every kind: a kind without one does not compile. */
export type Executors = { readonly [K in Task['kind']]: Executor<K> }
