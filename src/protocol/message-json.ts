/**
 * A decoded message as JSON text, in the form that Kafka's tools print: the fields of that version in the order of the
 * schema, tagged fields only where they differ from their default, bytes as base64.
 */
import { ZERO_UUID } from '../base/uuid.ts';
import { type FieldSpec, inVersions, type Message, type StructSpec } from './schema.ts';

type Values = Readonly<Record<string, unknown>>;

export function messageJson<Out, In>(message: Message<Out, In>, version: number, value: NoInfer<Out>): string {
  return structJson(message, version, value as Values);
}

function structJson(struct: StructSpec, version: number, value: Values): string {
  const members: string[] = [];
  for (const [name, { spec }] of Object.entries(struct.fields)) {
    const isHere = inVersions(spec.versions, version) || inVersions(spec.tagged, version);
    if (!isHere || (inVersions(spec.tagged, version) && isDefault(spec, value[name]))) continue;
    members.push(`"${name}":${fieldJson(spec, version, value[name])}`);
  }
  return `{${members.join(',')}}`;
}

function isDefault(spec: FieldSpec, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0 && spec.default !== null;
  if (value instanceof Uint8Array) return value.length === 0 && spec.default !== null;
  if (spec.hasDefault) return value === spec.default;
  return value === 0 || value === '' || value === false || value === 0n || value === ZERO_UUID;
}

function fieldJson(spec: FieldSpec, version: number, value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (!spec.array) return elementJson(spec.type, version, value);
  return `[${(value as readonly unknown[]).map((element) => elementJson(spec.type, version, element)).join(',')}]`;
}

function elementJson(type: FieldSpec['type'], version: number, value: unknown): string {
  if (typeof type !== 'string') return structJson(type, version, value as Values);
  if (type === 'bytes' || type === 'records') return `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
  if (type === 'float64') return Number.isInteger(value) ? (value as number).toFixed(1) : String(value);
  return type === 'string' || type === 'uuid' ? jsonText(value as string) : String(value);
}

/** Escapes are written with capitals, as Java's writer does. */
function jsonText(text: string): string {
  return JSON.stringify(text).replace(/\\u00[01][0-9a-f]/g, (code) => `\\u${code.slice(2).toUpperCase()}`);
}
