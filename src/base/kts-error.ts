/**
 * Errors for people: one line of cause, one line of way out, an exit code. Never sent over the wire (that is KafkaError)
 * and never a bug (that is a failed assert).
 */
export interface KtsErrorDetails {
  /** What to do about it; one sentence, or none when the message says it. */
  readonly hint?: string;
  /** The exit code of the process in the own manner: see EXIT. */
  readonly exitCode?: number;
  readonly cause?: unknown;
}

/** Exit codes of the own manner (the strict manner knows 0 and 1 only). */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, refused: 4, unreachable: 5, partial: 6 } as const;

export class KtsError extends Error {
  override readonly name = 'KtsError';
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(message: string, details: KtsErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.hint = details.hint;
    this.exitCode = details.exitCode ?? EXIT.failed;
  }
}
