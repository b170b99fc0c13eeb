/**
 * The schema language of everything that Kafka serialises: requests, responses, headers, metadata records, coordinator
 * records, and files on disk. A schema is a TypeScript value; the type of the message is inferred from it.
 *
 * One object shape serves all versions of a message: a field that a version lacks is decoded as its default. Encoding a
 * value other than the default into a version that lacks the field is a ProtocolError, unless the field is ignorable.
 * A field may be left out on encoding exactly when it declares a default.
 */
import type { Uuid } from '../base/uuid.ts';

/** `0+`, `3-12`, `5` or `none`, as in Kafka's message definitions. */
export type VersionText = string;

/** Wire kinds. `int64` is a number that must be a safe integer; `bigint64` is the same 8 bytes where the full range is used. */
export type Primitive =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'bigint64'
  | 'float64'
  | 'string'
  | 'bytes'
  | 'records'
  | 'uuid';

/**
 * Record batches that are not in memory: the encoder asks them to write themselves into the frame.
 * `copyTo` must write exactly `sizeInBytes` bytes.
 */
export interface RecordsSource {
  readonly sizeInBytes: number;
  copyTo(target: Uint8Array, position: number): void;
}

/** The default of `bytes` fields. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);
/** The default of struct fields: a struct with every field at its own default. */
export const STRUCT_DEFAULT: unique symbol = Symbol('struct default');

interface PrimitiveOut {
  bool: boolean;
  int8: number;
  int16: number;
  uint16: number;
  int32: number;
  uint32: number;
  int64: number;
  bigint64: bigint;
  float64: number;
  string: string;
  /** A view into the decoded frame. */
  bytes: Buffer;
  /** A view into the decoded frame. */
  records: Buffer;
  uuid: Uuid;
}

interface PrimitiveIn extends Omit<PrimitiveOut, 'bytes' | 'records'> {
  bytes: Uint8Array;
  records: Uint8Array | RecordsSource;
}

export interface StructSpec {
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
}

export interface FieldSpec {
  /** A primitive, a struct, or an array of either. */
  readonly type: Primitive | StructSpec;
  readonly array: boolean;
  readonly versions: VersionText;
  /** Versions in which null may be written. */
  readonly nullable: VersionText;
  /** Versions in which the field is a tagged one, with `tag`. */
  readonly tagged: VersionText;
  readonly tag: number;
  /** Present: the field may be left out on encoding. */
  readonly default: unknown;
  readonly hasDefault: boolean;
  /** Silently dropped by versions that lack it. */
  readonly ignorable: boolean;
  /** Overrides the message's flexible versions (RequestHeader.clientId only). */
  readonly flexible: VersionText | undefined;
  readonly mapKey: boolean;
  readonly entityType: string | undefined;
}

/** `Out` is what decoding gives, `In` what encoding takes, `Optional` whether encoding may leave it out. */
export interface Field<Out = unknown, In = unknown, Optional extends boolean = boolean> {
  readonly spec: FieldSpec;
  readonly out?: Out;
  readonly in?: In;
  readonly optional?: Optional;
}

export interface FieldOptions {
  readonly nullable?: VersionText;
  readonly tagged?: VersionText;
  readonly tag?: number;
  readonly default?: unknown;
  readonly ignorable?: boolean;
  readonly flexible?: VersionText;
  readonly mapKey?: boolean;
  readonly entityType?: string;
}

type Fields = Readonly<Record<string, Field>>;
type OutOf<F> = F extends Field<infer Out, unknown, boolean> ? Out : never;
type InOf<F> = F extends Field<unknown, infer In, boolean> ? In : never;

/** A tagged field that no schema of ours knows: some later version of Kafka has written it. */
export interface UnknownTag {
  readonly tag: number;
  readonly data: Uint8Array;
}

/**
 * Structs of whatever is stored (records of all kinds, files) keep tagged fields that are unknown here, so that they
 * survive being rewritten. Present only when there were any; never in requests and responses, which skip them.
 */
export interface WithUnknownTags {
  readonly unknownTags?: readonly UnknownTag[];
}

export type StructOut<F extends Fields> = { readonly [K in keyof F]: OutOf<F[K]> } & WithUnknownTags;
export type StructIn<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Field<unknown, unknown, true> ? never : K]: InOf<F[K]>;
} & {
  readonly [K in keyof F as F[K] extends Field<unknown, unknown, true> ? K : never]?: InOf<F[K]>;
} & WithUnknownTags;

/** A struct with its fields' types; made by `struct`. */
export interface Struct<F extends Fields = Fields> extends StructSpec {
  readonly fields: F;
}

type Nullable<O> = O extends { readonly nullable: VersionText } ? null : never;
type IsOptional<O> = O extends { readonly default: unknown } ? true : false;

type ElementOut<E> = E extends Primitive ? PrimitiveOut[E] : E extends Struct<infer F> ? StructOut<F> : never;
type ElementIn<E> = E extends Primitive ? PrimitiveIn[E] : E extends Struct<infer F> ? StructIn<F> : never;

function makeField(
  type: Primitive | StructSpec,
  array: boolean,
  versions: VersionText,
  options: FieldOptions,
): FieldSpec {
  return {
    type,
    array,
    versions,
    nullable: options.nullable ?? 'none',
    tagged: options.tagged ?? 'none',
    tag: options.tag ?? -1,
    default: options.default,
    hasDefault: 'default' in options,
    ignorable: options.ignorable ?? false,
    flexible: options.flexible,
    mapKey: options.mapKey ?? false,
    entityType: options.entityType,
  };
}

type PrimitiveField<P extends Primitive, O> = Field<
  PrimitiveOut[P] | Nullable<O>,
  PrimitiveIn[P] | Nullable<O>,
  IsOptional<O>
>;

function primitive<P extends Primitive>(kind: P) {
  return <const O extends FieldOptions = Record<never, never>>(
    versions: VersionText,
    options?: O,
  ): PrimitiveField<P, O> => ({
    spec: makeField(kind, false, versions, options ?? {}),
  });
}

export const bool = primitive('bool');
export const int8 = primitive('int8');
export const int16 = primitive('int16');
export const uint16 = primitive('uint16');
export const int32 = primitive('int32');
export const uint32 = primitive('uint32');
export const int64 = primitive('int64');
export const bigint64 = primitive('bigint64');
export const float64 = primitive('float64');
export const string = primitive('string');
export const bytes = primitive('bytes');
export const records = primitive('records');
export const uuid = primitive('uuid');

/** A named struct type, for `of` and `array`. */
export function struct<F extends Fields>(name: string, fields: F): Struct<F> {
  return { name, fields };
}

/** A field that holds one struct. */
export function of<F extends Fields, const O extends FieldOptions = Record<never, never>>(
  type: Struct<F>,
  versions: VersionText,
  options?: O,
): Field<StructOut<F> | Nullable<O>, StructIn<F> | Nullable<O>, IsOptional<O>> {
  return { spec: makeField(type, false, versions, options ?? {}) };
}

/** A field that holds an array of primitives or structs. */
export function array<E extends Primitive | Struct, const O extends FieldOptions = Record<never, never>>(
  element: E,
  versions: VersionText,
  options?: O,
): Field<readonly ElementOut<E>[] | Nullable<O>, readonly ElementIn<E>[] | Nullable<O>, IsOptional<O>> {
  return { spec: makeField(element, true, versions, options ?? {}) };
}

export type MessageKind =
  | 'request'
  | 'response'
  | 'header'
  | 'data'
  | 'metadata'
  | 'coordinator-key'
  | 'coordinator-value';

export interface MessageOptions {
  readonly name: string;
  readonly kind: MessageKind;
  /** The API key of a request or response, the record type of a record. */
  readonly apiKey?: number;
  readonly versions: VersionText;
  readonly flexible: VersionText;
  readonly listeners?: readonly ('broker' | 'controller')[];
}

/** A schema with its inferred types; what encoders and decoders are made from. */
export interface Message<Out = unknown, In = unknown> extends StructSpec {
  readonly kind: MessageKind;
  readonly apiKey: number;
  readonly validVersions: VersionRange | null;
  readonly flexible: VersionText;
  readonly listeners: readonly ('broker' | 'controller')[];
  readonly out?: Out;
  readonly in?: In;
}

/** What decoding a message gives. */
export type Decoded<M> = M extends Message<infer Out, unknown> ? Out : never;
/** What encoding a message takes. */
export type Encodable<M> = M extends Message<unknown, infer In> ? In : never;

export function message<F extends Fields>(options: MessageOptions, fields: F): Message<StructOut<F>, StructIn<F>> {
  return {
    name: options.name,
    kind: options.kind,
    apiKey: options.apiKey ?? -1,
    validVersions: parseVersions(options.versions),
    flexible: options.flexible,
    listeners: options.listeners ?? [],
    fields,
  };
}

export interface VersionRange {
  readonly min: number;
  /** 32767 when open. */
  readonly max: number;
}

export const OPEN_VERSION = 32767;

/** Null for `none`. */
export function parseVersions(text: VersionText): VersionRange | null {
  if (text === 'none') return null;
  const dash = text.indexOf('-');
  if (dash > 0) return { min: Number(text.slice(0, dash)), max: Number(text.slice(dash + 1)) };
  if (text.endsWith('+')) return { min: Number(text.slice(0, -1)), max: OPEN_VERSION };
  return { min: Number(text), max: Number(text) };
}

export function inVersions(text: VersionText, version: number): boolean {
  const range = parseVersions(text);
  return range !== null && version >= range.min && version <= range.max;
}
