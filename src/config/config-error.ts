/**
 * A configuration that cannot be: Kafka's own sentence, since people search for it, with our way out beside it.
 * `exception` is the Java class that Kafka throws there, so that the strict manner can print the same line.
 */
import { EXIT, KtsError } from '../base/kts-error.ts';

export const CONFIG_EXCEPTION = 'org.apache.kafka.common.config.ConfigException';
export const ILLEGAL_ARGUMENT = 'java.lang.IllegalArgumentException';

export class ConfigError extends KtsError {
  readonly exception: string;
  /** The message with what Java puts in front of it, e.g. `requirement failed: `. */
  readonly kafkaMessage: string;

  constructor(
    message: string,
    details: { readonly exception?: string; readonly prefix?: string; readonly hint?: string } = {},
  ) {
    super(
      message,
      details.hint === undefined ? { exitCode: EXIT.usage } : { exitCode: EXIT.usage, hint: details.hint },
    );
    this.exception = details.exception ?? CONFIG_EXCEPTION;
    this.kafkaMessage = `${details.prefix ?? ''}${message}`;
  }
}

/** A value that a key refuses: `Invalid value x for configuration node.id: Not a number of type INT`. */
export function invalidValue(name: string, value: string, problem: string | null): ConfigError {
  return new ConfigError(`Invalid value ${value} for configuration ${name}${problem === null ? '' : `: ${problem}`}`);
}

/** Kafka's `require`. */
export function requireConfig(condition: boolean, message: string, hint?: string): asserts condition {
  if (condition) return;
  const details = { exception: ILLEGAL_ARGUMENT, prefix: 'requirement failed: ' };
  throw new ConfigError(message, hint === undefined ? details : { ...details, hint });
}
