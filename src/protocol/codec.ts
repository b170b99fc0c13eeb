/**
 * Encoding and decoding of every message, at every version, by its schema. A codec is made on first use of a message,
 * version and direction, and kept.
 *
 * Decoding answers a ProtocolError, and nothing else, to bytes that are not the message. Decoded `bytes` and `records`
 * are views into the frame that was decoded.
 */
import { compileDecoder, compileEncoder, type DecodeFunction, type EncodeFunction } from './compiler/compile.ts';
import { decoderSource } from './compiler/decode-source.ts';
import { encoderSource } from './compiler/encode-source.ts';
import { planMessage } from './compiler/plan.ts';
import type { Cursor } from './compiler/reader.ts';
import { type Allocate, Writer } from './compiler/writer.ts';
import { ProtocolError } from './kafka-error.ts';
import type { Message } from './schema.ts';

export type { Allocate } from './compiler/writer.ts';

interface Codecs {
  readonly decoders: (DecodeFunction | undefined)[];
  readonly encoders: (EncodeFunction | undefined)[];
}

const CODECS = new WeakMap<Message, Codecs>();

/** Decodes exactly the bytes from `start` to `end`; anything left over is an error. */
export function decodeMessage<Out, In>(
  message: Message<Out, In>,
  version: number,
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): Out {
  const buffer = checkedRange(bytes, start, end);
  const value = decoderOf(message, version)(buffer, start, end, CURSOR) as Out;
  if (CURSOR.position !== end) {
    throw new ProtocolError(`${message.name} version ${version}: ${end - CURSOR.position} bytes are left over`);
  }
  return value;
}

/** Like `decodeMessage`, but tells where the message ends instead of refusing what follows it. */
export function decodePrefix<Out, In>(
  message: Message<Out, In>,
  version: number,
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): { readonly value: Out; readonly end: number } {
  const buffer = checkedRange(bytes, start, end);
  const value = decoderOf(message, version)(buffer, start, end, CURSOR) as Out;
  return { value, end: CURSOR.position };
}

/** The message alone, without header or size. */
export function encodeMessage<Out, In>(message: Message<Out, In>, version: number, value: NoInfer<In>): Buffer {
  return encodeFrame((writer) => encodeInto(writer, message, version, value), Buffer.allocUnsafe);
}

/** Builds a frame of several parts in one go; `write` must not encode anything but through its writer. */
export function encodeFrame(write: (writer: Writer) => void, allocate: Allocate): Buffer {
  WRITER.start();
  write(WRITER);
  return WRITER.finish(allocate);
}

export function encodeInto<Out, In>(
  writer: Writer,
  message: Message<Out, In>,
  version: number,
  value: NoInfer<In>,
): void {
  encoderOf(message, version)(writer, value);
}

/** The generated source of a message at a version: for eyes, not for running. */
export function printSource(message: Message, version: number, direction: 'decode' | 'encode'): string {
  checkVersion(message, version);
  const plan = planMessage(message, version);
  return direction === 'decode' ? decoderSource(plan, version) : encoderSource(plan, version).body;
}

const WRITER = new Writer();
const CURSOR: Cursor = { position: 0 };

function checkedRange(bytes: Uint8Array, start: number, end: number): Buffer {
  if (!(start >= 0 && end >= start && end <= bytes.length)) {
    throw new RangeError(`no range of ${bytes.length} bytes: ${start} to ${end}`);
  }
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function decoderOf(message: Message, version: number): DecodeFunction {
  const { decoders } = codecsOf(message);
  let decode = decoders[version];
  if (decode === undefined) {
    checkVersion(message, version);
    decode = compileDecoder(planMessage(message, version), version, (generated) => {
      decoders[version] = generated;
    });
    decoders[version] = decode;
  }
  return decode;
}

function encoderOf(message: Message, version: number): EncodeFunction {
  const { encoders } = codecsOf(message);
  let encode = encoders[version];
  if (encode === undefined) {
    checkVersion(message, version);
    encode = compileEncoder(planMessage(message, version), version, (generated) => {
      encoders[version] = generated;
    });
    encoders[version] = encode;
  }
  return encode;
}

function codecsOf(message: Message): Codecs {
  let codecs = CODECS.get(message);
  if (codecs === undefined) {
    codecs = { decoders: [], encoders: [] };
    CODECS.set(message, codecs);
  }
  return codecs;
}

function checkVersion(message: Message, version: number): void {
  const range = message.validVersions;
  if (range === null || !Number.isInteger(version) || version < range.min || version > range.max) {
    throw new ProtocolError(`${message.name} has no version ${version}`);
  }
}
