/**
 * A schema at one version, resolved: which fields are on the wire, which of them are tagged, what may be null, what the
 * absent ones are worth. Both forms of the codec (generated source and closures) are made from a plan, so the rules of
 * Kafka's versions are decided here and nowhere else.
 */
import { ZERO_UUID } from '../../base/uuid.ts';
import {
  EMPTY_BYTES,
  type FieldSpec,
  inVersions,
  type Message,
  type Primitive,
  STRUCT_DEFAULT,
  type StructSpec,
} from '../schema.ts';

export interface FieldPlan {
  readonly name: string;
  /** For error messages: `FetchRequest.topics.partitions`. */
  readonly path: string;
  /** `absent`: this version has no such field. */
  readonly mode: 'regular' | 'tagged' | 'absent';
  /** Exactly one of `primitive` and `struct` is set; they tell the element where `array` is true. */
  readonly primitive: Primitive | null;
  readonly struct: StructPlan | null;
  readonly array: boolean;
  readonly nullable: boolean;
  /** Lengths are compact (unsigned varints, one more than the length). */
  readonly flexible: boolean;
  readonly tag: number;
  /** What an absent field decodes to: the declared default, else the zero of its type. May be STRUCT_DEFAULT. */
  readonly absentValue: unknown;
  /** Whether encoding may leave the field out. */
  readonly optional: boolean;
  readonly ignorable: boolean;
  /** The fewest bytes that the field takes on the wire; of a tagged or absent field 0. */
  readonly minSize: number;
  /** The fewest bytes of one element, where `array` is true. */
  readonly minElementSize: number;
}

export interface StructPlan {
  readonly name: string;
  readonly path: string;
  /** All fields in declared order: the shape of the decoded object. */
  readonly fields: readonly FieldPlan[];
  readonly regular: readonly FieldPlan[];
  /** In ascending order of their tags, as they are written. */
  readonly tagged: readonly FieldPlan[];
  /** A section of tagged fields ends the struct. */
  readonly flexible: boolean;
  /** Unknown tags are kept under `unknownTags` instead of skipped. */
  readonly keepUnknownTags: boolean;
  readonly minSize: number;
}

/** The bytes of a primitive of fixed size; 0 for those that carry a length. */
export const FIXED_SIZE: Readonly<Record<Primitive, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  bigint64: 8,
  float64: 8,
  uuid: 16,
  string: 0,
  bytes: 0,
  records: 0,
};

interface Context {
  readonly version: number;
  readonly flexible: boolean;
  readonly keepUnknownTags: boolean;
}

/** The caller has checked that the message has this version. */
export function planMessage(message: Message, version: number): StructPlan {
  return planStruct(message, message.name, {
    version,
    flexible: inVersions(message.flexible, version),
    // Requests and responses are answered, not stored; whatever is stored must survive being rewritten.
    keepUnknownTags: message.kind !== 'request' && message.kind !== 'response' && message.kind !== 'header',
  });
}

function planStruct(struct: StructSpec, path: string, context: Context): StructPlan {
  const fields = Object.entries(struct.fields).map(([name, field]) =>
    planField(name, `${path}.${name}`, field.spec, context),
  );
  const regular = fields.filter((field) => field.mode === 'regular');
  const tagged = fields.filter((field) => field.mode === 'tagged').sort((a, b) => a.tag - b.tag);
  let minSize = context.flexible ? 1 : 0;
  for (const field of regular) minSize += field.minSize;
  const { flexible, keepUnknownTags } = context;
  return { name: struct.name, path, fields, regular, tagged, flexible, keepUnknownTags, minSize };
}

function planField(name: string, path: string, spec: FieldSpec, context: Context): FieldPlan {
  const { version } = context;
  const flexible = context.flexible && (spec.flexible === undefined || inVersions(spec.flexible, version));
  const primitive = typeof spec.type === 'string' ? spec.type : null;
  const struct = typeof spec.type === 'string' ? null : planStruct(spec.type, path, context);
  const nullable = inVersions(spec.nullable, version);
  const mode = modeOf(spec, context);
  const single = primitive === null ? (struct as StructPlan).minSize : minSizeOfPrimitive(primitive, flexible);
  const whole = spec.array ? (flexible ? 1 : 4) : nullable && struct !== null ? 1 : single;
  return {
    name,
    path,
    mode,
    primitive,
    struct,
    array: spec.array,
    nullable,
    flexible,
    tag: spec.tag,
    absentValue: spec.hasDefault ? spec.default : zeroOf(spec),
    optional: spec.hasDefault,
    ignorable: spec.ignorable,
    minSize: mode === 'regular' ? whole : 0,
    minElementSize: spec.array ? single : 0,
  };
}

function modeOf(spec: FieldSpec, context: Context): FieldPlan['mode'] {
  if (!inVersions(spec.versions, context.version)) return 'absent';
  return context.flexible && inVersions(spec.tagged, context.version) ? 'tagged' : 'regular';
}

function minSizeOfPrimitive(primitive: Primitive, flexible: boolean): number {
  const fixed = FIXED_SIZE[primitive];
  if (fixed > 0) return fixed;
  if (flexible) return 1;
  return primitive === 'string' ? 2 : 4;
}

function zeroOf(spec: FieldSpec): unknown {
  if (spec.array) return [];
  if (typeof spec.type !== 'string') return STRUCT_DEFAULT;
  switch (spec.type) {
    case 'bool':
      return false;
    case 'bigint64':
      return 0n;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'bytes':
      return EMPTY_BYTES;
    case 'records':
      // Kafka's records are null until they are set, unlike its other types.
      return spec.nullable === 'none' ? EMPTY_BYTES : null;
    default:
      return 0;
  }
}

/** What absent `bytes` decode to. */
export const EMPTY_BUFFER: Buffer = Buffer.alloc(0);

/** A fresh value for an absent field. */
export function absentValueOf(field: FieldPlan): unknown {
  const value = field.absentValue;
  if (value === STRUCT_DEFAULT) return absentStruct(field.struct as StructPlan);
  if (Array.isArray(value)) return [...value];
  return value instanceof Uint8Array ? EMPTY_BUFFER : value;
}

function absentStruct(struct: StructPlan): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const field of struct.fields) value[field.name] = absentValueOf(field);
  return value;
}

/** Whether a value to encode is what the field is worth when it is absent. */
export function isAbsentValue(field: FieldPlan, value: unknown): boolean {
  if (value === undefined) return true;
  const absent = field.absentValue;
  if (absent === STRUCT_DEFAULT) return value !== null && isAbsentStruct(field.struct as StructPlan, value);
  if (Array.isArray(absent)) return Array.isArray(value) && value.length === 0;
  if (absent instanceof Uint8Array) return value instanceof Uint8Array && value.length === 0;
  return value === absent;
}

function isAbsentStruct(struct: StructPlan, value: object): boolean {
  const members = value as Readonly<Record<string, unknown>>;
  if (struct.keepUnknownTags && members['unknownTags'] !== undefined) return false;
  return struct.fields.every((field) => isAbsentValue(field, members[field.name]));
}
