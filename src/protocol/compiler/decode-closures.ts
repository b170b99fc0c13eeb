/**
 * A decoder as a tree of closures, one per field. Slower than generated source, but it needs no code generation, and it
 * is plain enough to be the oracle of the generated form.
 */
import type { Primitive, UnknownTag } from '../schema.ts';
import { absentValueOf, type FieldPlan, type StructPlan } from './plan.ts';
import { invalidNull, lengthTooLarge, type Reader, readUnknownTagContent, tagSizeMismatch } from './reader.ts';

export type Read = (reader: Reader) => unknown;
type Members = Record<string, unknown>;

export function structDecoder(plan: StructPlan): (reader: Reader) => Members {
  const fields = plan.fields.map((field) => ({
    name: field.name,
    read: field.mode === 'regular' ? fieldDecoder(field) : () => absentValueOf(field),
  }));
  const readTags = plan.flexible ? tagsDecoder(plan) : null;
  return (reader) => {
    const value: Members = {};
    for (const { name, read } of fields) value[name] = read(reader);
    if (readTags !== null) readTags(reader, value);
    return value;
  };
}

function tagsDecoder(plan: StructPlan): (reader: Reader, value: Members) => void {
  const known = new Map(plan.tagged.map((field) => [field.tag, { field, read: fieldDecoder(field) }]));
  return (reader, value) => {
    const unknownTags: UnknownTag[] = [];
    for (let count = reader.varint(); count > 0; count--) {
      const tag = reader.varint();
      const entry = known.get(tag);
      if (entry === undefined) {
        unknownTags.push(readUnknownTagContent(tag, reader.bytes, reader.end, reader));
      } else {
        value[entry.field.name] = readTagged(reader, entry.field, entry.read);
      }
    }
    if (plan.keepUnknownTags && unknownTags.length > 0) value['unknownTags'] = unknownTags;
  };
}

function readTagged(reader: Reader, field: FieldPlan, read: Read): unknown {
  const size = reader.varint();
  if (size > reader.remaining) throw lengthTooLarge(field.path, size);
  const outerEnd = reader.end;
  reader.end = reader.position + size;
  const value = read(reader);
  if (reader.position !== reader.end) throw tagSizeMismatch(field.path);
  reader.end = outerEnd;
  return value;
}

function fieldDecoder(field: FieldPlan): Read {
  if (field.array) return arrayDecoder(field);
  if (field.primitive !== null) return primitiveDecoder(field, field.primitive, field.nullable);
  const read = structDecoder(field.struct as StructPlan);
  if (!field.nullable) return read;
  return (reader) => (reader.bytes.readInt8(reader.take(1, field.path)) < 0 ? null : read(reader));
}

function arrayDecoder(field: FieldPlan): Read {
  const { path, flexible, nullable, minElementSize } = field;
  const read =
    field.primitive === null
      ? structDecoder(field.struct as StructPlan)
      : primitiveDecoder(field, field.primitive, false);
  return (reader) => {
    const count = reader.length(flexible, 4, path);
    if (count < 0) return nullOr(nullable, path);
    if (count * minElementSize > reader.remaining) throw lengthTooLarge(path, count);
    const values: unknown[] = [];
    for (let i = 0; i < count; i++) values.push(read(reader));
    return values;
  };
}

function nullOr(nullable: boolean, path: string): null {
  if (!nullable) throw invalidNull(path);
  return null;
}

function primitiveDecoder(field: FieldPlan, primitive: Primitive, nullable: boolean): Read {
  const { path, flexible } = field;
  switch (primitive) {
    case 'bool':
      return (reader) => reader.bytes[reader.take(1, path)] !== 0;
    case 'int8':
      return (reader) => reader.bytes.readInt8(reader.take(1, path));
    case 'int16':
      return (reader) => reader.bytes.readInt16BE(reader.take(2, path));
    case 'uint16':
      return (reader) => reader.bytes.readUInt16BE(reader.take(2, path));
    case 'int32':
      return (reader) => reader.bytes.readInt32BE(reader.take(4, path));
    case 'uint32':
      return (reader) => reader.bytes.readUInt32BE(reader.take(4, path));
    case 'int64':
      return (reader) => reader.int64(path);
    case 'bigint64':
      return (reader) => reader.bytes.readBigInt64BE(reader.take(8, path));
    case 'float64':
      return (reader) => reader.bytes.readDoubleBE(reader.take(8, path));
    case 'uuid':
      return (reader) => reader.uuid(path);
    case 'string':
      return (reader) => {
        const length = reader.length(flexible, 2, path);
        return length < 0 ? nullOr(nullable, path) : reader.text(length, path);
      };
    default:
      return (reader) => {
        const length = reader.length(flexible, 4, path);
        return length < 0 ? nullOr(nullable, path) : reader.view(length, path);
      };
  }
}
