/**
 * Makes the codec of one message at one version, in one of two forms with one signature and one behaviour, which tests
 * hold against each other: closures, which are made quickly, and generated source, which runs quickly. A codec begins as
 * closures; generated source takes over once it has been used a few times or has met a large message, where the process
 * allows code generation. So a command, which uses each message once or twice, never pays for generating.
 */
import { uuidFromBytes } from '../../base/uuid.ts';
import { functionFromSource } from '../../runtime/code-generation.ts';
import { structDecoder } from './decode-closures.ts';
import { DECODE_HELPERS, decoderSource } from './decode-source.ts';
import { structEncoder, tagsEncoder } from './encode-closures.ts';
import { ENCODE_HELPERS, encoderSource } from './encode-source.ts';
import { EMPTY_BUFFER, isAbsentValue, type StructPlan } from './plan.ts';
import * as readerHelpers from './reader.ts';
import { type Cursor, Reader } from './reader.ts';
import type { Writer } from './writer.ts';
import * as writerHelpers from './writer.ts';

/** Leaves in `cursor` where the message has ended. The caller has checked that the range lies within the bytes. */
export type DecodeFunction = (bytes: Buffer, start: number, end: number, cursor: Cursor) => unknown;
export type EncodeFunction = (writer: Writer, value: unknown) => void;

const HELPERS: Readonly<Record<string, unknown>> = {
  ...readerHelpers,
  ...writerHelpers,
  uuidFromBytes,
  isAbsentValue,
  writeTags,
  emptyBuffer: EMPTY_BUFFER,
};
const DECODE_VALUES = DECODE_HELPERS.map(helper);
const ENCODE_VALUES = ENCODE_HELPERS.map(helper);

/** Generating costs about as much as closures lose over a few hundred small messages, or over one of this size. */
const USES_AS_CLOSURES = 8;
const LARGE_BYTES = 8 * 1024;

/** `replace` is given the generated form once it has taken over. */
export function compileDecoder(
  plan: StructPlan,
  version: number,
  replace: (decode: DecodeFunction) => void,
): DecodeFunction {
  const closures = closureDecoder(plan);
  let usesLeft = USES_AS_CLOSURES;
  return (bytes, start, end, cursor) => {
    if (usesLeft > 0 && end - start < LARGE_BYTES) {
      usesLeft--;
      return closures(bytes, start, end, cursor);
    }
    const decode = generatedDecoder(plan, version) ?? closures;
    replace(decode);
    return decode(bytes, start, end, cursor);
  };
}

/** `replace` is given the generated form once it has taken over. */
export function compileEncoder(
  plan: StructPlan,
  version: number,
  replace: (encode: EncodeFunction) => void,
): EncodeFunction {
  const closures = closureEncoder(plan, version);
  let usesLeft = USES_AS_CLOSURES;
  return (writer, value) => {
    if (usesLeft > 0) {
      usesLeft--;
      const start = writer.position;
      closures(writer, value);
      // How large a message is shows only afterwards: the next one is generated.
      if (writer.position - start >= LARGE_BYTES) usesLeft = 0;
      return;
    }
    const encode = generatedEncoder(plan, version) ?? closures;
    replace(encode);
    encode(writer, value);
  };
}

/** Null where code generation is forbidden. */
export function generatedDecoder(plan: StructPlan, version: number): DecodeFunction | null {
  const make = functionFromSource(DECODE_HELPERS, decoderSource(plan, version));
  return make === null ? null : (make(...(DECODE_VALUES as never[])) as DecodeFunction);
}

/** Null where code generation is forbidden. */
export function generatedEncoder(plan: StructPlan, version: number): EncodeFunction | null {
  const { body, plans } = encoderSource(plan, version);
  const make = functionFromSource([...ENCODE_HELPERS, 'k'], body);
  return make === null ? null : (make(...(ENCODE_VALUES as never[]), plans as never) as EncodeFunction);
}

export function closureDecoder(plan: StructPlan): DecodeFunction {
  const decode = structDecoder(plan);
  return (bytes, start, end, cursor) => {
    const reader = new Reader(bytes, start, end);
    const value = decode(reader);
    cursor.position = reader.position;
    return value;
  };
}

export function closureEncoder(plan: StructPlan, version: number): EncodeFunction {
  return structEncoder(plan, version);
}

function helper(name: string): unknown {
  const value = HELPERS[name];
  if (value === undefined) throw new TypeError(`generated code has no helper ${name}`);
  return value;
}

const TAG_ENCODERS = new WeakMap<StructPlan, ReturnType<typeof tagsEncoder>>();

/** The rare struct that carries unknown tags is left to the closures. */
function writeTags(writer: Writer, plan: StructPlan, version: number, members: Record<string, unknown>): void {
  let encode = TAG_ENCODERS.get(plan);
  if (encode === undefined) {
    encode = tagsEncoder(plan, version);
    TAG_ENCODERS.set(plan, encode);
  }
  encode(writer, members);
}
