import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { STATUS_CODES } from 'node:http'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { Problem } from '#contract/operator-api'
import { NotStored } from '../store/not-stored.ts'
import { Refusal } from './deps.ts'

/** Answers with RFC 9457 problem details: `detail` is a sentence that says what to do. */
export function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  const problem: Problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, requestId: String(reply.request.id) }
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem))
}

/** Which status and sentence an error of a handler or of the framework becomes. Unexpected ones keep their words to the log. */
export function explain(error: FastifyError | Error): { status: number; detail: string; unexpected: boolean } {
  if (error instanceof Refusal) return { status: error.status, detail: error.message, unexpected: false }
  if (error instanceof NotStored) return { status: 503, detail: error.message, unexpected: false }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const detail = error.validation.map((one) => `${one.instancePath.replace(/^\//, '').replaceAll('/', '.') || 'the request'}: ${one.message ?? 'is not right'}`).join('; ')
    return { status: 400, detail, unexpected: false }
  }
  const { statusCode } = error as FastifyError
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return { status: statusCode, detail: error.message, unexpected: false }
  return { status: 500, detail: 'The appliance could not do this because of an error of its own: its log has the request id. Try again.', unexpected: true }
}

/** The one error handler of the operator API. */
export function onError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, detail, unexpected } = explain(error)
  if (unexpected) request.log.error({ err: error, url: request.url }, 'http.failed')
  return sendProblem(reply, status, detail)
}
