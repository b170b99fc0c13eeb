/**
 * Typed and validated values of one kind of resource, read from texts by key rows. The texts stay, because
 * DescribeConfigs tells what was given from what is a default.
 */
import { assert } from '../base/assert.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigKeys, type ConfigValue, canonicalText, javaTrim, parseValue, REQUIRED } from './config-key.ts';

/** What a properties file, the environment or a request gives: key to text. */
export type Properties = ReadonlyMap<string, string>;

export class ConfigValues {
  readonly keys: ConfigKeys;
  /** As given, unknown keys included. */
  readonly given: Properties;
  readonly #values = new Map<string, ConfigValue>();

  /** Throws a ConfigError at the first key, in order of definition, that is missing or refused. */
  constructor(keys: ConfigKeys, given: Properties) {
    this.keys = keys;
    this.given = given;
    for (const row of keys.values()) {
      const raw = given.get(row.name) ?? row.default;
      if (raw === REQUIRED) {
        throw new ConfigError(`Missing required configuration "${row.name}" which has no default value.`);
      }
      this.#values.set(row.name, parseValue(row, raw));
    }
  }

  isGiven(name: string): boolean {
    return this.given.has(name);
  }

  number(name: string): number {
    const value = this.#value(name);
    assert(typeof value === 'number', `${name} is no number`);
    return value;
  }

  numberOrNull(name: string): number | null {
    return this.#value(name) === null ? null : this.number(name);
  }

  boolean(name: string): boolean {
    const value = this.#value(name);
    assert(typeof value === 'boolean', `${name} is no boolean`);
    return value;
  }

  text(name: string): string {
    const value = this.#value(name);
    assert(typeof value === 'string', `${name} is no text`);
    return value;
  }

  textOrNull(name: string): string | null {
    return this.#value(name) === null ? null : this.text(name);
  }

  list(name: string): readonly string[] {
    const value = this.#value(name);
    assert(Array.isArray(value), `${name} is no list`);
    return value as readonly string[];
  }

  listOrNull(name: string): readonly string[] | null {
    return this.#value(name) === null ? null : this.list(name);
  }

  /** The value as Kafka prints it; null when it has none. */
  canonical(name: string): string | null {
    const row = this.keys.get(name);
    assert(row !== undefined, `there is no key ${name}`);
    const raw = this.given.get(name) ?? row.default;
    return raw === null || raw === REQUIRED ? null : canonicalText(row, raw);
  }

  /** Given lists in which an entry stands twice: the second is dropped, which deserves a line in the log. */
  repeatedEntries(): readonly string[] {
    const found: string[] = [];
    for (const [name, raw] of this.given) {
      if (this.keys.get(name)?.type !== 'LIST' || javaTrim(raw) === '') continue;
      const before = javaTrim(raw).split(/\s*,\s*/);
      const after = this.list(name);
      if (after.length === before.length) continue;
      found.push(
        `Configuration key "${name}" contains duplicate values. Duplicates will be removed. The original value is: [${before.join(', ')}], the updated value is: [${after.join(', ')}]`,
      );
    }
    return found;
  }

  #value(name: string): ConfigValue {
    const value = this.#values.get(name);
    assert(value !== undefined, `there is no key ${name}`);
    return value;
  }
}
