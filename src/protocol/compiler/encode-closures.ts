/** An encoder as a tree of closures, one per field: the counterpart of decode-closures.ts. */
import type { Primitive, RecordsSource, UnknownTag } from '../schema.ts';
import { type FieldPlan, isAbsentValue, type StructPlan } from './plan.ts';
import { invalidNull } from './reader.ts';
import { lacksField, notOfType, recordsSize, type Writer, writeUuid } from './writer.ts';

export type Write = (writer: Writer, value: unknown) => void;
type Members = Readonly<Record<string, unknown>>;

export function structEncoder(plan: StructPlan, version: number): Write {
  const absent = plan.fields.filter((field) => field.mode === 'absent' && !field.ignorable);
  const regular = plan.regular.map((field) => ({ field, write: fieldEncoder(field, version) }));
  const writeTags = plan.flexible ? tagsEncoder(plan, version) : null;
  return (writer, value) => {
    if (typeof value !== 'object' || value === null) throw notOfType(plan.path, 'a struct', value);
    const members = value as Members;
    for (const field of absent) {
      if (!isAbsentValue(field, members[field.name])) throw lacksField(field.path, version);
    }
    for (const { field, write } of regular) write(writer, givenOrDefault(field, members[field.name]));
    if (writeTags !== null) writeTags(writer, members);
  };
}

/** A field without a default that was left out stays undefined, which its encoder refuses. */
function givenOrDefault(field: FieldPlan, value: unknown): unknown {
  if (value !== undefined || !field.optional) return value;
  return typeof field.absentValue === 'symbol' ? {} : field.absentValue;
}

/** Writes the section of tagged fields that ends a struct. */
export function tagsEncoder(plan: StructPlan, version: number): (writer: Writer, members: Members) => void {
  const known = plan.tagged.map((field) => ({ field, write: fieldEncoder(field, version) }));
  return (writer, members) => {
    const unknown = plan.keepUnknownTags ? unknownTagsOf(members) : [];
    const given = known.filter(({ field }) => !isAbsentValue(field, members[field.name]));
    writer.varint(given.length + unknown.length);
    let next = 0;
    for (const { field, write } of given) {
      for (; next < unknown.length && (unknown[next] as UnknownTag).tag < field.tag; next++) {
        writer.unknownTag(unknown[next] as UnknownTag);
      }
      writer.varint(field.tag);
      const start = writer.take(1);
      write(writer, members[field.name]);
      writer.position = writer.closeTag(start, writer.position);
    }
    for (; next < unknown.length; next++) writer.unknownTag(unknown[next] as UnknownTag);
  };
}

/** In ascending order, as Kafka writes them. */
function unknownTagsOf(members: Members): readonly UnknownTag[] {
  const tags = members['unknownTags'] as readonly UnknownTag[] | undefined;
  return tags === undefined ? [] : [...tags].sort((a, b) => a.tag - b.tag);
}

function fieldEncoder(field: FieldPlan, version: number): Write {
  if (field.array) return arrayEncoder(field, version);
  if (field.primitive !== null) return primitiveEncoder(field, field.primitive, field.nullable);
  const write = structEncoder(field.struct as StructPlan, version);
  if (!field.nullable) return write;
  return (writer, value) => {
    const at = writer.take(1);
    writer.buffer[at] = value === null ? 255 : 1;
    if (value !== null) write(writer, value);
  };
}

function arrayEncoder(field: FieldPlan, version: number): Write {
  const { path, flexible, nullable } = field;
  const write =
    field.primitive === null
      ? structEncoder(field.struct as StructPlan, version)
      : primitiveEncoder(field, field.primitive, false);
  return (writer, value) => {
    if (value === null) return writeNull(writer, nullable, flexible, 4, path);
    if (!Array.isArray(value)) throw notOfType(path, 'an array', value);
    writer.length(value.length, flexible, 4);
    for (const element of value) write(writer, element);
  };
}

function writeNull(writer: Writer, nullable: boolean, flexible: boolean, prefixSize: 2 | 4, path: string): void {
  if (!nullable) throw invalidNull(path);
  writer.length(-1, flexible, prefixSize);
}

function primitiveEncoder(field: FieldPlan, primitive: Primitive, nullable: boolean): Write {
  const { path, flexible } = field;
  switch (primitive) {
    case 'string':
      return (writer, value) => {
        if (value === null) return writeNull(writer, nullable, flexible, 2, path);
        if (typeof value !== 'string') throw notOfType(path, 'a string', value);
        writer.string(value, flexible, path);
      };
    case 'bytes':
      return (writer, value) => {
        if (value === null) return writeNull(writer, nullable, flexible, 4, path);
        if (!(value instanceof Uint8Array)) throw notOfType(path, 'bytes', value);
        writer.length(value.length, flexible, 4);
        writer.bytes(value);
      };
    case 'records':
      return (writer, value) => {
        if (value === null) return writeNull(writer, nullable, flexible, 4, path);
        const source = value as Uint8Array | RecordsSource;
        const size = recordsSize(source, path);
        writer.length(size, flexible, 4);
        writer.position = writer.records(writer.position, size, source);
      };
    default:
      return fixedEncoder(path, primitive);
  }
}

function fixedEncoder(path: string, primitive: Primitive): Write {
  switch (primitive) {
    case 'bool':
      return (writer, value) => {
        if (typeof value !== 'boolean') throw notOfType(path, 'a boolean', value);
        const at = writer.take(1);
        writer.buffer[at] = value ? 1 : 0;
      };
    case 'int8':
      return integerEncoder(path, 'an int8', 1, -128, 127);
    case 'int16':
      return integerEncoder(path, 'an int16', 2, -32768, 32767);
    case 'uint16':
      return integerEncoder(path, 'a uint16', 2, 0, 65535);
    case 'int32':
      return integerEncoder(path, 'an int32', 4, -2147483648, 2147483647);
    case 'uint32':
      return integerEncoder(path, 'a uint32', 4, 0, 4294967295);
    case 'int64':
      return integerEncoder(path, 'a safe int64', 8, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    case 'bigint64':
      return (writer, value) => {
        if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) {
          throw notOfType(path, 'a bigint of 64 bits', value);
        }
        const at = writer.take(8);
        writer.buffer.writeBigInt64BE(value, at);
      };
    case 'float64':
      return (writer, value) => {
        if (typeof value !== 'number') throw notOfType(path, 'a number', value);
        const at = writer.take(8);
        writer.buffer.writeDoubleBE(value, at);
      };
    default:
      return (writer, value) => {
        const at = writer.take(16);
        writeUuid(writer.buffer, at, value as string, path);
      };
  }
}

function integerEncoder(path: string, expected: string, size: number, min: number, max: number): Write {
  return (writer, value) => {
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      throw notOfType(path, expected, value);
    }
    const at = writer.take(size);
    if (size === 8) {
      writer.buffer.writeInt32BE(Math.floor((value as number) / 4294967296), at);
      writer.buffer.writeUInt32BE((value as number) >>> 0, at + 4);
    } else if (min < 0) {
      writer.buffer.writeIntBE(value as number, at, size);
    } else {
      writer.buffer.writeUIntBE(value as number, at, size);
    }
  };
}
