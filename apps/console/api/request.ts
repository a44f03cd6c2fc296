import { z } from 'zod'
import { Problem } from '#contract/operator-api'

// zod compiles its parsers with `new Function` where it can; the content security policy forbids that and would report it.
z.config({ jitless: true })

/** What the appliance refused, or that it could not be reached (`status` 0). The message is a sentence for people. */
export class ApiFault extends Error {
  readonly status: number
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** The sentence to show for any failure of a request. */
export const faultSentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))

interface Call { method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', body?: unknown, signal?: AbortSignal | undefined }

/** Asks the appliance and checks the answer against `schema`. Throws `ApiFault`. */
export async function fetchJson<S extends z.ZodType>(schema: S, url: string, call: Call = {}): Promise<z.output<S>> {
  const response = await send(url, call)
  const parsed = schema.safeParse(await response.json())
  if (!parsed.success) throw new ApiFault(response.status, 'The appliance answered in a way this page does not understand. Reload the page; it may be older than the appliance.', { cause: parsed.error })
  return parsed.data
}

/** Asks the appliance for something that has no answer but success. Throws `ApiFault`. */
export async function sendOnly(url: string, call: Call): Promise<void> {
  await send(url, call)
}

async function send(url: string, { method = 'GET', body, signal }: Call): Promise<Response> {
  const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store', headers: { accept: 'application/json' } }
  if (signal) init.signal = signal
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { accept: 'application/json', 'content-type': 'application/json' }
  }
  let response: Response
  try {
    response = await fetch(url, init)
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiFault(0, 'The appliance does not answer. It may be restarting; this page tries again by itself.', { cause })
  }
  if (!response.ok) throw new ApiFault(response.status, await refusal(response))
  return response
}

async function refusal(response: Response): Promise<string> {
  const text = await response.text()
  const problem = Problem.safeParse(parseText(text))
  if (problem.success) return problem.data.detail || problem.data.title
  if (response.status >= 502) return 'The appliance is not ready yet. This page tries again by itself.'
  return `The appliance refused this (${response.status}).`
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A proxy's HTML error page is no problem document; the status alone must do.
    return undefined
  }
}
