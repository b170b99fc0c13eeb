/**
 * Encoding and decoding of every message, at every version, by its schema. A codec is made on first use of a message,
 * version and direction, and kept.
 *
 * Decoding answers a ProtocolError, and nothing else, to bytes that are not the message. Decoded `bytes` and `records`
 * are views into the frame that was decoded.
 */
import { expectEnd, structDecoder } from './compiler/decode-closures.ts';
import { structEncoder } from './compiler/encode-closures.ts';
import { planMessage } from './compiler/plan.ts';
import { Reader } from './compiler/reader.ts';
import { type Allocate, Writer } from './compiler/writer.ts';
import { ProtocolError } from './kafka-error.ts';
import type { Message } from './schema.ts';

export type { Allocate } from './compiler/writer.ts';

type Decode = (reader: Reader) => unknown;
type Encode = (writer: Writer, value: unknown) => void;

interface Codecs {
  readonly decoders: (Decode | undefined)[];
  readonly encoders: (Encode | undefined)[];
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
  const reader = new Reader(bytes, start, end);
  const value = decoderOf(message, version)(reader) as Out;
  expectEnd(message.name, reader.position, end);
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
  const reader = new Reader(bytes, start, end);
  const value = decoderOf(message, version)(reader) as Out;
  return { value, end: reader.position };
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

const WRITER = new Writer();

function decoderOf(message: Message, version: number): Decode {
  const { decoders } = codecsOf(message);
  let decode = decoders[version];
  if (decode === undefined) {
    checkVersion(message, version);
    decode = structDecoder(planMessage(message, version));
    decoders[version] = decode;
  }
  return decode;
}

function encoderOf(message: Message, version: number): Encode {
  const { encoders } = codecsOf(message);
  let encode = encoders[version];
  if (encode === undefined) {
    checkVersion(message, version);
    encode = structEncoder(planMessage(message, version), version);
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
