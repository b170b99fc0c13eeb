/**
 * A config key is one row: type, default, validation, importance, dynamic update. Parsing, DescribeConfigs, reports and
 * the docs derive from it. Values are parsed as Kafka's ConfigDef does, with its error texts, because scripts and people
 * know them. LONG is a number: the few values beyond 2^53 mean "no limit", and their text is kept apart exactly.
 */
import { invalidValue } from './config-error.ts';

export type ConfigType = 'BOOLEAN' | 'STRING' | 'INT' | 'SHORT' | 'LONG' | 'DOUBLE' | 'LIST' | 'CLASS' | 'PASSWORD';
export type Importance = 'HIGH' | 'MEDIUM' | 'LOW';
/** Where a broker key may be altered while the node runs, as `kafka-configs` knows it. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide';
export type ConfigValue = boolean | number | string | readonly string[] | null;

/** Throws a ConfigError. `text` is the value as Kafka prints it. */
export type Validator = (name: string, value: ConfigValue, text: string) => void;

/** The default of a key that must be given. */
export const REQUIRED: unique symbol = Symbol('required');

export interface ConfigKey {
  readonly name: string;
  readonly type: ConfigType;
  /** As text; null where Kafka's default is null. */
  readonly default: string | null | typeof REQUIRED;
  readonly importance: Importance;
  readonly valid: Validator | null;
  /** False: the key is known and checked, and setting it changes nothing yet; that is said once. */
  readonly effect: boolean;
  readonly update: UpdateMode;
  /** Never shown by DescribeConfigs. */
  readonly internal: boolean;
}

export interface ConfigKeyOptions {
  readonly valid?: Validator;
  readonly effect?: boolean;
  readonly update?: UpdateMode;
  readonly internal?: boolean;
}

export function key(
  name: string,
  type: ConfigType,
  defaultText: ConfigKey['default'],
  importance: Importance,
  options: ConfigKeyOptions = {},
): ConfigKey {
  return {
    name,
    type,
    default: defaultText,
    importance,
    valid: options.valid ?? null,
    effect: options.effect ?? false,
    update: options.update ?? 'read-only',
    internal: options.internal ?? false,
  };
}

/** The rows of one kind of resource, in Kafka's order of definition: errors are found in that order. */
export type ConfigKeys = ReadonlyMap<string, ConfigKey>;

export function configKeys(rows: readonly ConfigKey[]): ConfigKeys {
  return new Map(rows.map((row) => [row.name, row]));
}

const INTEGER = /^[+-]?[0-9]+$/;
const DECIMAL = /^[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)[fFdD]?$/;
const LIMITS = {
  SHORT: [-32768n, 32767n],
  INT: [-2147483648n, 2147483647n],
  LONG: [-9223372036854775808n, 9223372036854775807n],
} as const;

/** Java's String.trim: everything up to the blank goes, other kinds of blanks stay. */
export function javaTrim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  return text.slice(start, end);
}

function wholeNumber(row: Pick<ConfigKey, 'name'>, type: 'SHORT' | 'INT' | 'LONG', raw: string): bigint {
  const text = javaTrim(raw);
  if (INTEGER.test(text)) {
    const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
    if (value >= LIMITS[type][0] && value <= LIMITS[type][1]) return value;
  }
  throw invalidValue(row.name, raw, `Not a number of type ${type}`);
}

function decimalNumber(row: Pick<ConfigKey, 'name'>, raw: string): number {
  const text = javaTrim(raw);
  if (!DECIMAL.test(text)) throw invalidValue(row.name, raw, 'Not a number of type DOUBLE');
  return Number(text.replace(/[fFdD]$/, ''));
}

/** Kafka keeps the first of equal entries and warns; the caller sees it by the shorter list. */
function listOf(raw: string): readonly string[] {
  const text = javaTrim(raw);
  return text === '' ? [] : [...new Set(text.split(/\s*,\s*/))];
}

function booleanOf(row: Pick<ConfigKey, 'name'>, raw: string): boolean {
  const text = javaTrim(raw).toLowerCase();
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw invalidValue(row.name, raw, 'Expected value to be either true or false');
}

/** The typed value, not yet validated. */
export function parseType(row: Pick<ConfigKey, 'name' | 'type'>, raw: string | null): ConfigValue {
  if (raw === null) return null;
  switch (row.type) {
    case 'BOOLEAN':
      return booleanOf(row, raw);
    case 'SHORT':
    case 'INT':
    case 'LONG':
      return Number(wholeNumber(row, row.type, raw));
    case 'DOUBLE':
      return decimalNumber(row, raw);
    case 'LIST':
      return listOf(raw);
    default:
      return javaTrim(raw);
  }
}

/** Java's Double.toString, which `kafka-configs` prints. */
export function javaDoubleText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`;
}

/** The value as Kafka prints it: `007` is `7`, `a , b` is `a,b`, `TRUE` is `true`. */
export function canonicalText(row: Pick<ConfigKey, 'name' | 'type'>, raw: string): string {
  switch (row.type) {
    case 'BOOLEAN':
      return String(booleanOf(row, raw));
    case 'SHORT':
    case 'INT':
    case 'LONG':
      return String(wholeNumber(row, row.type, raw));
    case 'DOUBLE':
      return javaDoubleText(decimalNumber(row, raw));
    case 'LIST':
      return listOf(raw).join(',');
    default:
      return javaTrim(raw);
  }
}

/** The typed and validated value of `raw`; throws a ConfigError. */
export function parseValue(row: ConfigKey, raw: string | null): ConfigValue {
  const value = parseType(row, raw);
  if (row.valid !== null) row.valid(row.name, value, raw === null ? 'null' : canonicalText(row, raw));
  return value;
}
