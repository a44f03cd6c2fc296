import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { CliFailure, wrongCall } from '../failure.ts'

/** Where the operator API answers: root's Unix socket on the appliance itself, or a URL with what proves who asks. */
export type Target =
  | { readonly kind: 'socket'; readonly socketPath: string }
  | { readonly kind: 'url'; readonly url: string; readonly token: string | undefined; readonly cookie: string | undefined; readonly ca: string | undefined }

/** What a running appliance writes to `appliance.json` in its run folder. */
export const ApplianceFile = z.object({
  socket: z.string(), url: z.string(), dataDir: z.string().optional(), ca: z.string().optional(),
  lab: z.object({ app: z.string(), wire: z.string() }).optional().describe('Network namespaces of a lab: of the appliance, and of the wire that its machines are on'),
})
export type ApplianceFile = z.infer<typeof ApplianceFile>

/** What the person said about where the appliance is. */
export interface Whereabouts {
  readonly url: string | undefined
  readonly token: string | undefined
  readonly caFile: string | undefined
  readonly runDir: string
  readonly isRoot: boolean
  /** The saved session cookie for a URL, if there was a login. */
  readonly cookieFor: (url: string) => string | undefined
}

/** Reads a file of the run folder. Undefined where it is absent or may not be read. */
export function readRunFile(runDir: string, name: string): string | undefined {
  try {
    return readFileSync(path.join(runDir, name), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/** The appliance running on this machine, by its file in the run folder. Undefined where none says so. */
export function readApplianceFile(runDir: string): ApplianceFile | undefined {
  const text = readRunFile(runDir, 'appliance.json')
  if (text === undefined) return undefined
  const parsed = ApplianceFile.safeParse(parseJson(text))
  if (!parsed.success) throw new CliFailure(`${path.join(runDir, 'appliance.json')} is damaged: start the appliance again`)
  return parsed.data
}

/** A URL wins over the run folder; root takes the socket; anybody else the URL of the appliance that runs here. */
export function findAppliance(where: Whereabouts): Target {
  if (where.url !== undefined) return target(where.url, where, readCa(where.caFile))
  const file = readApplianceFile(where.runDir)
  if (file === undefined)
    throw new CliFailure(`no running appliance found (${path.join(where.runDir, 'appliance.json')} is missing): start one with "sudo scripts/up --lab", or name one with --url`)
  if (where.isRoot && where.token === undefined) return { kind: 'socket', socketPath: file.socket }
  return target(file.url, where, readCa(where.caFile) ?? readOptional(file.ca))
}

function target(text: string, where: Whereabouts, ca: string | undefined): Target {
  let url: URL
  try {
    url = new URL(text.includes('://') ? text : `https://${text}`)
  } catch (error) {
    if (error instanceof TypeError) throw wrongCall(`--url ${text} is not a URL: write it like https://appliance.example:8443`)
    throw error
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrongCall('--url begins with https:// or http://')
  return { kind: 'url', url: url.origin, token: where.token, cookie: where.token === undefined ? where.cookieFor(url.origin) : undefined, ca }
}

function readCa(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw wrongCall(`--ca ${file} cannot be read: ${(error as Error).message}`)
  }
}

function readOptional(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readRunFile(path.dirname(file), path.basename(file))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
