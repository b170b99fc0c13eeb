/**
 * Produce requests. For one partition the head is put in front of the records and the tail behind, where they lie, so that
 * the whole frame leaves as one piece without a copy; head and tail come from the codec, once per partition and version: a
 * request with one byte of records shows where they go. Batches of several partitions are copied into one frame.
 */
import { encodeRequestFrame } from '../../protocol/frames.ts';
import { produceRequest } from '../../protocol/messages/produce.ts';
import type { RecordsSource } from '../../protocol/schema.ts';

export interface ProduceHead {
  readonly acks: number;
  readonly timeoutMs: number;
  readonly clientId: string;
}

export interface ProduceTarget {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

export interface ProducePart extends ProduceTarget {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** From here on lengths are varints. */
const FIRST_FLEXIBLE_VERSION = 9;

/** Room for the head of a frame, whatever the version. */
export function headRoom(topic: string, clientId: string): number {
  return 80 + Buffer.byteLength(topic) + Buffer.byteLength(clientId);
}

/** Room for the tail. */
export const TAIL_ROOM = 16;

type Records = RecordsSource | Uint8Array;
type Entry = ProduceTarget & { readonly records: Records };

function encode(head: ProduceHead, version: number, entries: readonly Entry[]): Buffer {
  const topics = new Map<
    string,
    { name: string; topicId: string; partitionData: { index: number; records: Records }[] }
  >();
  for (const { topic, topicId, partition, records } of entries) {
    let data = topics.get(topic);
    if (data === undefined) {
      data = { name: topic, topicId, partitionData: [] };
      topics.set(topic, data);
    }
    data.partitionData.push({ index: partition, records });
  }
  return encodeRequestFrame(
    produceRequest,
    version,
    { correlationId: 0, clientId: head.clientId },
    { acks: head.acks, timeoutMs: head.timeoutMs, topicData: [...topics.values()] },
  );
}

/** One frame around copies of the batches. */
export function joinedFrame(head: ProduceHead, version: number, parts: readonly ProducePart[]): Buffer {
  const entries = parts.map(({ topic, topicId, partition, buffer, start, end }) => {
    return { topic, topicId, partition, records: buffer.subarray(start, end) };
  });
  return encode(head, version, entries);
}

export class ProduceFrame {
  readonly version: number;
  readonly #head: Buffer;
  readonly #tail: Buffer;

  constructor(head: ProduceHead, target: ProduceTarget, version: number) {
    this.version = version;
    let position = -1;
    const records: RecordsSource = {
      sizeInBytes: 1,
      copyTo: (_, at) => {
        position = at;
      },
    };
    const frame = encode(head, version, [{ ...target, records }]);
    this.#head = Buffer.from(frame.subarray(0, position - (version >= FIRST_FLEXIBLE_VERSION ? 1 : 4)));
    this.#tail = Buffer.from(frame.subarray(position + 1));
  }

  /** The frame around buffer[start, end), which needs `headRoom` in front and TAIL_ROOM behind. */
  wrap(buffer: Buffer, start: number, end: number): Buffer {
    const length = end - start;
    let at: number;
    if (this.version >= FIRST_FLEXIBLE_VERSION) {
      at = start - uvarintSize(length + 1);
      writeUvarint(buffer, at, length + 1);
    } else {
      at = start - 4;
      buffer.writeInt32BE(length, at);
    }
    at -= this.#head.length;
    this.#head.copy(buffer, at);
    this.#tail.copy(buffer, end);
    const frame = buffer.subarray(at, end + this.#tail.length);
    frame.writeInt32BE(frame.length - 4, 0);
    return frame;
  }
}

function uvarintSize(value: number): number {
  let size = 1;
  for (let left = value; left > 0x7f; left >>>= 7) size++;
  return size;
}

function writeUvarint(target: Buffer, position: number, value: number): void {
  let at = position;
  let left = value;
  while (left > 0x7f) {
    target[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  target[at] = left;
}
