/**
 * A failure of a command, in both manners: the own one says cause and way out and has a distinct exit code; the strict
 * one needs Kafka's very words, and the stage tells each tool on which stream and with which code they leave.
 */
import { EXIT, KtsError } from '../base/kts-error.ts';

/** `usage`: the words do not fit together; `start`: the client could not be made; `run`: a broker or the work refused. */
export type Stage = 'usage' | 'start' | 'run';

export interface CommandErrorDetails {
  readonly stage: Stage;
  /** Kafka's words, where they differ from ours. */
  readonly strictText?: string;
  /** The Java class of Kafka's exception, where a tool prints it. */
  readonly exception?: string;
  readonly hint?: string;
  readonly exitCode?: number;
  readonly cause?: unknown;
}

export class CommandError extends KtsError {
  readonly stage: Stage;
  readonly strictText: string;
  readonly exception: string | undefined;

  constructor(message: string, details: CommandErrorDetails) {
    super(message, {
      exitCode: details.exitCode ?? (details.stage === 'usage' ? EXIT.usage : EXIT.failed),
      ...(details.hint === undefined ? {} : { hint: details.hint }),
      ...(details.cause === undefined ? {} : { cause: details.cause }),
    });
    this.stage = details.stage;
    this.strictText = details.strictText ?? message;
    this.exception = details.exception;
  }
}

/** `class: words`, or the words alone. */
export function withException(error: CommandError): string {
  return error.exception === undefined ? error.strictText : `${error.exception}: ${error.strictText}`;
}

/** Words that do not fit together. */
export function usageError(message: string, hint?: string, strictText?: string): CommandError {
  return new CommandError(message, {
    stage: 'usage',
    ...(hint === undefined ? {} : { hint }),
    ...(strictText === undefined ? {} : { strictText }),
  });
}
