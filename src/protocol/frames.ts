/**
 * Frames: size, header, body. Encoded frames begin with their four size bytes; frames to decode come without them, as
 * the connection has cut them. `clientId` is never compact, also in the flexible header, and an answer to ApiVersions
 * always has header version 0, so that a client can read it before it knows what the broker speaks.
 */
import { ApiKey, firstFlexibleVersion } from './api-keys.ts';
import { type Allocate, decodeMessage, decodePrefix, encodeFrame, encodeInto } from './codec.ts';
import type { Writer } from './compiler/writer.ts';
import { ProtocolError } from './kafka-error.ts';
import { requestHeader, responseHeader } from './messages/header.ts';
import { inVersions, type Message } from './schema.ts';

export interface DecodedRequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Where the body begins. */
  readonly bodyStart: number;
}

export function requestHeaderVersion(message: Message, version: number): 1 | 2 {
  return inVersions(message.flexible, version) ? 2 : 1;
}

export function responseHeaderVersion(message: Message, version: number): 0 | 1 {
  return message.apiKey !== ApiKey.ApiVersions && inVersions(message.flexible, version) ? 1 : 0;
}

/**
 * The version may be one that the API does not have (an ApiVersions of the future is answered); the API must exist,
 * since its key decides how the header is read.
 */
export function decodeRequestHeader(frame: Uint8Array): DecodedRequestHeader {
  if (frame.length < 8) throw new ProtocolError(`a request of ${frame.length} bytes has no header`);
  const apiKey = int16At(frame, 0);
  const apiVersion = int16At(frame, 2);
  const firstFlexible = firstFlexibleVersion(apiKey);
  if (firstFlexible === undefined) throw new ProtocolError(`there is no API with key ${apiKey}`);
  const { value, end } = decodePrefix(requestHeader, apiVersion >= firstFlexible ? 2 : 1, frame);
  return { apiKey, apiVersion, correlationId: value.correlationId, clientId: value.clientId, bodyStart: end };
}

export function encodeRequestFrame<Out, In>(
  message: Message<Out, In>,
  version: number,
  header: { readonly correlationId: number; readonly clientId: string | null },
  value: NoInfer<In>,
): Buffer {
  const frame = encodeFrame((writer) => {
    writer.take(4);
    encodeInto(writer, requestHeader, requestHeaderVersion(message, version), {
      requestApiKey: message.apiKey,
      requestApiVersion: version,
      correlationId: header.correlationId,
      clientId: header.clientId,
    });
    encodeInto(writer, message, version, value);
    putSize(writer);
  }, Buffer.allocUnsafe);
  return frame;
}

/** `allocate` gives the exact frame that record sources write themselves into; it must not encode anything. */
export function encodeResponseFrame<Out, In>(
  message: Message<Out, In>,
  version: number,
  correlationId: number,
  value: NoInfer<In>,
  allocate: Allocate = Buffer.allocUnsafe,
): Buffer {
  return encodeFrame((writer) => {
    writer.take(4);
    encodeInto(writer, responseHeader, responseHeaderVersion(message, version), { correlationId });
    encodeInto(writer, message, version, value);
    putSize(writer);
  }, allocate);
}

export function decodeResponseFrame<Out, In>(
  message: Message<Out, In>,
  version: number,
  frame: Uint8Array,
): { readonly correlationId: number; readonly body: Out } {
  const { value, end } = decodePrefix(responseHeader, responseHeaderVersion(message, version), frame);
  return { correlationId: value.correlationId, body: decodeMessage(message, version, frame, end) };
}

function putSize(writer: Writer): void {
  const size = writer.size - 4;
  if (size > 2147483647) throw new ProtocolError(`a frame of ${size} bytes is too large`);
  writer.buffer.writeInt32BE(size, 0);
}

function int16At(bytes: Uint8Array, position: number): number {
  return (((bytes[position] as number) << 24) >> 16) | (bytes[position + 1] as number);
}
