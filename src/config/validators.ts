/** The checks that key rows name, each with Kafka's sentence. */
import { ConfigError, invalidValue } from './config-error.ts';
import type { ConfigValue, Validator } from './config-key.ts';

export function atLeast(min: number): Validator {
  return (name, value, text) => {
    if (value === null) throw invalidValue(name, text, 'Value must be non-null');
    if ((value as number) < min) throw invalidValue(name, text, `Value must be at least ${min}`);
  };
}

export function between(min: number, max: number): Validator {
  const lower = atLeast(min);
  return (name, value, text) => {
    lower(name, value, text);
    if ((value as number) > max) throw invalidValue(name, text, `Value must be no more than ${max}`);
  };
}

export function oneOf(...allowed: readonly string[]): Validator {
  return (name, value, text) => {
    if (!allowed.includes(value as string)) {
      throw invalidValue(name, text, `String must be one of: ${allowed.join(', ')}`);
    }
  };
}

export function oneOfIgnoringCase(...allowed: readonly string[]): Validator {
  return (name, value, text) => {
    if (typeof value !== 'string' || !allowed.includes(value.toUpperCase())) {
      throw invalidValue(name, text, `String must be one of (case insensitive): ${allowed.join(', ')}`);
    }
  };
}

export const nonEmpty: Validator = (name, value, text) => {
  if (value === '') throw invalidValue(name, text, 'String must be non-empty');
};

export const nonNull: Validator = (name, value) => {
  if (value === null) throw invalidValue(name, 'null', 'entry must be non null');
};

export interface ListRules {
  readonly of?: readonly string[];
  /** An empty list is refused. */
  readonly filled?: boolean;
  readonly nullable?: boolean;
}

/** A list without empty entries. */
export function list(rules: ListRules = {}): Validator {
  const { of: allowed = [], filled = false, nullable = false } = rules;
  const entry = allowed.length === 0 ? null : oneOf(...allowed);
  return (name, value) => {
    if (value === null) {
      if (nullable) return;
      throw new ConfigError(`Configuration '${name}' values must not be null.`);
    }
    const entries = value as readonly string[];
    if (filled && entries.length === 0) {
      const valid = allowed.length === 0 ? 'any non-empty value' : `[${allowed.join(', ')}]`;
      throw new ConfigError(`Configuration '${name}' must not be empty. Valid values include: ${valid}`);
    }
    for (const text of entries) {
      if (text === '') throw new ConfigError(`Configuration '${name}' values must not be empty.`);
      entry?.(name, text, text);
    }
  };
}

export const gzipLevel: Validator = (name, value, text) => {
  const level = value as number;
  if ((level < 1 && level !== -1) || level > 9) {
    throw invalidValue(name, text, 'Value must be between 1 and 9 or equal to -1');
  }
};

/** `[partitionId]:[brokerId],…` or `*`. */
export const throttledReplicas: Validator = (name, value, text) => {
  const entries = value as readonly string[];
  const ok = entries.every((entry) => /^[0-9]+:[0-9]+$/.test(entry));
  if (ok || (entries.length === 1 && entries[0] === '*')) return;
  throw invalidValue(
    name,
    `[${text.replaceAll(',', ', ')}]`,
    `${name} must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...`,
  );
};

/** ISO-8601 durations as `by_duration:` takes them; years and months are not among them. */
const DURATION = /^[+-]?P(?=.)([+-]?[0-9]+D)?(T(?=.)([+-]?[0-9]+H)?([+-]?[0-9]+M)?([+-]?[0-9]+(\.[0-9]{0,9})?S)?)?$/i;

function offsetReset(words: readonly string[]): Validator {
  return (name, value: ConfigValue, text) => {
    if (typeof value === 'string') {
      if (words.includes(value)) return;
      if (value.startsWith('by_duration:')) {
        const duration = value.slice('by_duration:'.length);
        if (DURATION.test(duration) && !duration.replace(/^[+]/, '').startsWith('-')) return;
      }
    }
    throw invalidValue(
      name,
      text,
      `Invalid value \`${text}\` for configuration ${name}. The value must be either '${words.join("', '")}' or of the format 'by_duration:<PnDTnHnMn.nS>'.`,
    );
  };
}

export const consumerOffsetReset = offsetReset(['earliest', 'latest', 'none']);
export const shareOffsetReset = offsetReset(['earliest', 'latest']);
