import { z } from 'zod'
import { Problem } from '#contract/operator-api'

/** What a route says of an answer that is no JSON. */
interface Described { readonly description: string; readonly content: Record<string, { readonly schema: z.ZodType }> }

/** 204: done, and there is nothing to say. */
export const nothing = z.undefined().describe('Done')

/** Text of this content type. */
export const text = (contentType: string, description: string): Described => ({ description, content: { [contentType]: { schema: z.string() } } })

/** Bytes of this content type. */
export const bytes = (contentType: string, description: string): Described => ({ description, content: { [contentType]: { schema: z.any().meta({ type: 'string', format: 'binary' }) } } })

/** A request's body that is read as it comes; what it must be is judged where it is read. */
export const stream = (description: string): z.ZodType => z.any().meta({ type: 'string', format: 'binary', description })

/** What every route may answer instead. */
export const problem: Described = { description: 'It was not done: `detail` says what to do', content: { 'application/problem+json': { schema: Problem } } }
