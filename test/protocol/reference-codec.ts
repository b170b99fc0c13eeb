/**
 * A slow, obvious codec that interprets the recorded facts field by field. It shares no code with the codec under test:
 * neither the schemas, nor the plans, nor the primitives.
 */
import { type FieldFact, type MessageFact, within } from './facts.ts';

type Value = unknown;
type Struct = Record<string, Value>;

interface Context {
  readonly version: number;
  readonly flexible: boolean;
  readonly keepsUnknownTags: boolean;
}

function contextOf(fact: MessageFact, version: number): Context {
  return {
    version,
    flexible: within(fact.flexible, version),
    keepsUnknownTags: !['request', 'response', 'header'].includes(fact.kind),
  };
}

export function absentOf(field: FieldFact): Value {
  if (field.absent !== undefined || field.fields === null) return field.absent;
  return Object.fromEntries(field.fields.map((inner) => [inner.name, absentOf(inner)]));
}

// ---------------------------------------------------------------------------------------------------------- encoding

export function referenceEncode(fact: MessageFact, version: number, value: Struct): Buffer {
  return Buffer.concat(encodeStruct(fact.fields, value, contextOf(fact, version)));
}

function encodeStruct(fields: readonly FieldFact[], value: Struct, context: Context): Buffer[] {
  const parts: Buffer[] = [];
  const tagged: { tag: number; data: Buffer }[] = [];
  for (const field of fields) {
    if (!within(field.versions, context.version)) continue;
    if (!context.flexible || !within(field.tagged, context.version)) {
      parts.push(...encodeField(field, value[field.name], context));
    } else if (!same(value[field.name], absentOf(field))) {
      tagged.push({ tag: field.tag, data: Buffer.concat(encodeField(field, value[field.name], context)) });
    }
  }
  if (!context.flexible) return parts;
  tagged.push(...((value['unknownTags'] as { tag: number; data: Buffer }[] | undefined) ?? []));
  tagged.sort((a, b) => a.tag - b.tag);
  parts.push(varint(tagged.length));
  for (const { tag, data } of tagged) parts.push(varint(tag), varint(data.length), data);
  return parts;
}

function same(a: Value, b: Value): boolean {
  const text = (value: Value) =>
    JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner));
  return text(a) === text(b);
}

function encodeField(field: FieldFact, value: Value, context: Context): Buffer[] {
  const compact = context.flexible && (field.flexible === undefined || within(field.flexible, context.version));
  if (field.array) {
    if (value === null) return [lengthPrefix(-1, compact, 4)];
    const elements = value as Value[];
    return [
      lengthPrefix(elements.length, compact, 4),
      ...elements.flatMap((element) => encodeSingle(field, element, compact, context)),
    ];
  }
  if (field.fields !== null && within(field.nullable, context.version)) {
    if (value === null) return [Buffer.from([255])];
    return [Buffer.from([1]), ...encodeSingle(field, value, compact, context)];
  }
  return encodeSingle(field, value, compact, context);
}

function encodeSingle(field: FieldFact, value: Value, compact: boolean, context: Context): Buffer[] {
  if (field.fields !== null) return encodeStruct(field.fields, value as Struct, context);
  switch (field.type) {
    case 'bool':
      return [Buffer.from([value === true ? 1 : 0])];
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'bigint64':
      return [bigEndian(value as number, integerSize(field.type))];
    case 'uint16':
      return [bigEndian(value as number, 2)];
    case 'uint32':
      return [bigEndian(value as number, 4)];
    case 'float64': {
      const bytes = new DataView(new ArrayBuffer(8));
      bytes.setFloat64(0, value as number);
      return [Buffer.from(bytes.buffer)];
    }
    case 'uuid':
      return [Buffer.from(value as string, 'base64url')];
    case 'string': {
      if (value === null) return [lengthPrefix(-1, compact, 2)];
      const bytes = Buffer.from(value as string, 'utf8');
      return [lengthPrefix(bytes.length, compact, 2), bytes];
    }
    default: {
      if (value === null) return [lengthPrefix(-1, compact, 4)];
      const bytes = value as Buffer;
      return [lengthPrefix(bytes.length, compact, 4), bytes];
    }
  }
}

function integerSize(type: string): number {
  return { int8: 1, int16: 2, int32: 4 }[type] ?? 8;
}

function bigEndian(value: number | bigint, size: number): Buffer {
  const unsigned = BigInt.asUintN(size * 8, BigInt(value));
  return Buffer.from(unsigned.toString(16).padStart(size * 2, '0'), 'hex');
}

function lengthPrefix(length: number, compact: boolean, size: number): Buffer {
  return compact ? varint(length + 1) : bigEndian(length, size);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = BigInt(value);
  do {
    const low = Number(left % 128n);
    left /= 128n;
    bytes.push(left > 0n ? low + 128 : low);
  } while (left > 0n);
  return Buffer.from(bytes);
}

// ---------------------------------------------------------------------------------------------------------- decoding

/** Throws a RangeError where the bytes are not the message. */
export function referenceDecode(fact: MessageFact, version: number, bytes: Buffer): Struct {
  const input = new Input(bytes);
  const value = decodeStruct(fact.fields, input, contextOf(fact, version));
  if (input.left > 0) throw new RangeError('left over');
  return value;
}

class Input {
  #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length;
  }

  take(size: number): Buffer {
    if (size > this.#bytes.length) throw new RangeError('too short');
    const taken = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(size);
    return taken;
  }

  unsigned(size: number): bigint {
    return BigInt(`0x${this.take(size).toString('hex')}`);
  }

  signed(size: number): bigint {
    return BigInt.asIntN(size * 8, this.unsigned(size));
  }

  varint(): number {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.unsigned(1);
      value += (byte % 128n) << shift;
      if (value >= 1n << 32n || shift > 28n) throw new RangeError('varint too long');
      if (byte < 128n) return Number(value);
    }
  }
}

function decodeStruct(fields: readonly FieldFact[], input: Input, context: Context): Struct {
  const value: Struct = {};
  const tagged = new Map<number, FieldFact>();
  for (const field of fields) {
    const present = within(field.versions, context.version);
    const isTag = present && context.flexible && within(field.tagged, context.version);
    if (isTag) tagged.set(field.tag, field);
    value[field.name] = present && !isTag ? decodeField(field, input, context) : absentOf(field);
  }
  if (context.flexible) decodeTags(value, tagged, input, context);
  return value;
}

function decodeTags(value: Struct, tagged: ReadonlyMap<number, FieldFact>, input: Input, context: Context): void {
  const unknownTags: { tag: number; data: Buffer }[] = [];
  for (let count = input.varint(); count > 0; count--) {
    const tag = input.varint();
    const content = new Input(input.take(input.varint()));
    const field = tagged.get(tag);
    if (field === undefined) {
      unknownTags.push({ tag, data: content.take(content.left) });
    } else {
      value[field.name] = decodeField(field, content, context);
      if (content.left > 0) throw new RangeError('tag too long');
    }
  }
  if (context.keepsUnknownTags && unknownTags.length > 0) value['unknownTags'] = unknownTags;
}

function decodeField(field: FieldFact, input: Input, context: Context): Value {
  const compact = context.flexible && (field.flexible === undefined || within(field.flexible, context.version));
  const nullable = within(field.nullable, context.version);
  if (field.array) {
    const count = decodeLength(input, compact, 4, nullable);
    if (count === null) return null;
    const elements: Value[] = [];
    for (let i = 0; i < count; i++) elements.push(decodeSingle(field, input, compact, false, context));
    return elements;
  }
  if (field.fields !== null && nullable && input.signed(1) < 0n) return null;
  return decodeSingle(field, input, compact, nullable, context);
}

function decodeLength(input: Input, compact: boolean, size: number, nullable: boolean): number | null {
  const length = compact ? input.varint() - 1 : Number(input.signed(size));
  if (length >= 0) return length;
  if (!nullable) throw new RangeError('null');
  return null;
}

function decodeSingle(field: FieldFact, input: Input, compact: boolean, nullable: boolean, context: Context): Value {
  if (field.fields !== null) return decodeStruct(field.fields, input, context);
  switch (field.type) {
    case 'bool':
      return input.unsigned(1) !== 0n;
    case 'int8':
    case 'int16':
    case 'int32':
      return Number(input.signed(integerSize(field.type)));
    case 'uint16':
      return Number(input.unsigned(2));
    case 'uint32':
      return Number(input.unsigned(4));
    case 'int64': {
      const value = Number(input.signed(8));
      if (!Number.isSafeInteger(value)) throw new RangeError('unsafe');
      return value;
    }
    case 'bigint64':
      return input.signed(8);
    case 'float64':
      return new DataView(new Uint8Array(input.take(8)).buffer).getFloat64(0);
    case 'uuid':
      return input.take(16).toString('base64url');
    case 'string': {
      const length = decodeLength(input, compact, 2, nullable);
      if (length === null) return null;
      if (length > 32767) throw new RangeError('string too long');
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(input.take(length));
    }
    default: {
      const length = decodeLength(input, compact, 4, nullable);
      return length === null ? null : input.take(length);
    }
  }
}
