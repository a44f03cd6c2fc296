import type { App, AppInstance } from '#contract/operator-api'
import type { z } from 'zod'
import type { AddVerbs, Context } from '../context.ts'
import { deployFolder } from '../deploy/deploy-folder.ts'
import { CliFailure } from '../failure.ts'
import { renderAgo } from '../show/amount.ts'
import type { Paint } from '../show/paint.ts'
import { renderFacts, renderTable } from '../show/table.ts'
import { renderLogLine } from './logs.ts'
import { parseSeconds } from './words.ts'

/** `deploy DIR` and `apps`: what runs on the cloud. */
export const addAppVerbs: AddVerbs = (program, bind) => {
  program.command('deploy').description('deploys the folder of an app (app.yaml) and returns when its route answers').argument('<folder>')
    .option('--timeout <seconds>', 'give up waiting after this long', '1800').action(bind(deploy))
  const apps = program.command('apps').description('deployed apps').action(bind(async (context) => {
    const all = await context.api().apps()
    context.answer(all, () => (all.length === 0 ? 'No app yet: deploy one with "systemcloud deploy FOLDER".\n' : renderApps(all, context.paint, context.terminal.now())))
  }))
  apps.command('show').description('one app and its instances').argument('<app>').action(bind(async (context, name: string) => {
    const app = await context.api().app(name)
    context.answer(app, () => renderApp(app, context.paint, context.terminal.now()))
  }))
  apps.command('logs').description("an app's log").argument('<app>').action(bind(async (context, name: string) => {
    const page = await context.api().appLog(name, 0)
    context.answer(page.lines, () => page.lines.map((line) => renderLogLine(line, context.paint)).join(''))
  }))
  apps.command('remove').description('stops an app and removes it').argument('<app>').action(bind(async (context, name: string) => {
    const app = await context.api().app(name)
    if (!(await context.confirm(`Remove ${app.name} (${app.domain})? It stops answering at once.`))) throw new CliFailure('nothing was removed')
    await context.api().removeApp(app.name)
    context.answer({ removed: app.name }, () => `${app.name} is removed.\n`)
  }))
}

/** Apps as a table. */
export function renderApps(apps: readonly App[], paint: Paint, now: number): string {
  return renderTable(['APP', 'VERSION', 'RUNTIME', 'DOMAIN', 'STATE', 'INSTANCES', 'DEPLOYED', 'NOTE'], apps.map((app) => [
    app.name, app.version, app.runtime, app.domain, state(app, paint), `${app.instances.filter(isRunning).length} of ${app.instancesWanted}`, renderAgo(app.deployedAt, now), app.detail,
  ]))
}

async function deploy(context: Context, folder: string, options: { timeout: string }): Promise<0 | 1> {
  const { terminal, paint } = context
  const app = await deployFolder(context.api, folder, {
    timeoutMs: parseSeconds(options.timeout, '--timeout') * 1000, signal: terminal.interrupted, say: (text) => context.note(`${text}\n`),
  })
  for (const warning of app.warnings) context.note(`${paint.warn(`warning: ${warning}`)}\n`)
  if (app.state === 'failed') {
    context.answer(app, () => '')
    context.note(`${paint.bad('systemcloud:')} ${app.name} failed: ${app.detail || 'no reason given'}. See "systemcloud apps logs ${app.name}".\n`)
    return 1
  }
  context.answer(app, () => renderApp(app, paint, terminal.now()))
  return 0
}

function renderApp(app: App, paint: Paint, now: number): string {
  const facts = renderFacts([['app', app.name], ['version', app.version], ['runtime', app.runtime], ['domain', app.domain], ['open', app.url], ['or', app.balancerUrl === null ? '' : `curl -H 'Host: ${app.domain}' ${app.balancerUrl}`], ['state', state(app, paint)], ['note', app.detail], ['instances', `${app.instances.filter(isRunning).length} of ${app.instancesWanted} run${app.seenAt === null ? '' : `, as a Manager told ${renderAgo(app.seenAt, now)}`}`], ['deployed', renderAgo(app.deployedAt, now)]])
  const instances = renderTable(['INSTANCE', 'MACHINE', 'STATE', 'SINCE', 'ERROR'], app.instances.map((one) => [one.id, one.machineName, one.state, renderAgo(one.since, now), one.error]))
  return [facts, instances].filter((part) => part !== '').join('\n')
}

const isRunning = (instance: z.infer<typeof AppInstance>): boolean => instance.state === 'running'

function state(app: App, paint: Paint): string {
  return { building: paint.busy, pushing: paint.busy, starting: paint.busy, serving: paint.good, down: paint.bad, unknown: paint.warn, failed: paint.bad }[app.state](app.state)
}
