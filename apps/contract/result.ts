/** An expected outcome as a value: either `value`, or a `fault` whose `kind` says what is wrong and whose fields say where. */
export type Result<T, F extends { kind: string }> = { ok: true; value: T } | { ok: false; fault: F }

/** The successful outcome. */
export const ok = <T>(value: T): { ok: true; value: T } => ({ ok: true, value })

/** The failed outcome: `fault` is data, never a sentence. */
export const fault = <const F extends { kind: string }>(f: F): { ok: false; fault: F } => ({ ok: false, fault: f })
