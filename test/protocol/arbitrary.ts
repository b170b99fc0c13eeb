/** Values of every message at every version, for property tests; made from the recorded facts. */
import fc from 'fast-check';
import { type FieldFact, type MessageFact, within } from './facts.ts';
import { absentOf } from './reference-codec.ts';

type Struct = Record<string, unknown>;

const UUID = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
const BYTES = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const TEXT = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ minLength: 100, maxLength: 300 }) },
);
const INT64 = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32, 2 ** 53 - 1, 1 - 2 ** 53),
);

function singleOf(field: FieldFact, message: MessageFact, version: number): fc.Arbitrary<unknown> {
  if (field.fields !== null) return structOf(field.fields, message, version);
  switch (field.type) {
    case 'bool':
      return fc.boolean();
    case 'int8':
      return fc.integer({ min: -128, max: 127 });
    case 'int16':
      return fc.integer({ min: -32768, max: 32767 });
    case 'uint16':
      return fc.integer({ min: 0, max: 65535 });
    case 'int32':
      return fc.integer();
    case 'uint32':
      return fc.integer({ min: 0, max: 4294967295 });
    case 'int64':
      return INT64;
    case 'bigint64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'float64':
      return fc.double();
    case 'uuid':
      return UUID;
    case 'string':
      return TEXT;
    default:
      return BYTES;
  }
}

function fieldOf(field: FieldFact, message: MessageFact, version: number): fc.Arbitrary<unknown> {
  if (!within(field.versions, version)) return fc.constant(absentOf(field));
  const single = singleOf(field, message, version);
  const whole = field.array ? fc.array(single, { maxLength: 3 }) : single;
  const orNull = within(field.nullable, version) ? fc.option(whole, { freq: 4 }) : whole;
  const tagged = within(message.flexible, version) && within(field.tagged, version);
  return tagged ? fc.oneof(fc.constant(absentOf(field)), orNull) : orNull;
}

const UNKNOWN_TAGS = fc
  .uniqueArray(fc.integer({ min: 50, max: 300 }), { minLength: 1, maxLength: 3 })
  .chain((tags) => fc.tuple(...tags.sort((a, b) => a - b).map((tag) => BYTES.map((data) => ({ tag, data })))));

function structOf(fields: readonly FieldFact[], message: MessageFact, version: number): fc.Arbitrary<Struct> {
  const record = fc.record(Object.fromEntries(fields.map((field) => [field.name, fieldOf(field, message, version)])), {
    noNullPrototype: true,
  });
  const stored = !['request', 'response', 'header'].includes(message.kind);
  if (!stored || !within(message.flexible, version)) return record;
  return fc
    .tuple(record, fc.option(UNKNOWN_TAGS, { freq: 3, nil: undefined }))
    .map(([value, unknownTags]) => (unknownTags === undefined ? value : { ...value, unknownTags }));
}

/** Complete values, as decoding gives them. */
export function messageArbitrary(message: MessageFact, version: number): fc.Arbitrary<Struct> {
  return structOf(message.fields, message, version);
}
