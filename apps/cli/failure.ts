/** Why the command line ends early: `message` is a sentence for the person, `exitCode` 1 failed or 2 wrongly called. */
export class CliFailure extends Error {
  readonly exitCode: 1 | 2
  constructor(message: string, exitCode: 1 | 2 = 1, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.exitCode = exitCode
  }
}

/** A wrong call: unknown word, missing argument, a value out of range. Ends with 2. */
export const wrongCall = (message: string): CliFailure => new CliFailure(message, 2)
