/**
 * A Produce request around records that lie in their buffer already: the head is put in front of them and the tail
 * behind, so that the whole frame leaves as one piece without a copy. Head and tail come from the codec, once per
 * partition and version: a request with one byte of records shows where they go.
 */
import { encodeRequestFrame } from '../../protocol/frames.ts';
import { produceRequest } from '../../protocol/messages/produce.ts';
import type { RecordsSource } from '../../protocol/schema.ts';

export interface ProduceTarget {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly acks: number;
  readonly timeoutMs: number;
  readonly clientId: string;
}

/** From here on lengths are varints. */
const FIRST_FLEXIBLE_VERSION = 9;

/** Room for the head of a frame, whatever the version. */
export function headRoom(topic: string, clientId: string): number {
  return 80 + Buffer.byteLength(topic) + Buffer.byteLength(clientId);
}

/** Room for the tail. */
export const TAIL_ROOM = 16;

export class ProduceFrame {
  readonly version: number;
  readonly #head: Buffer;
  readonly #tail: Buffer;

  constructor(target: ProduceTarget, version: number) {
    this.version = version;
    let position = -1;
    const records: RecordsSource = {
      sizeInBytes: 1,
      copyTo: (_, at) => {
        position = at;
      },
    };
    const frame = encodeRequestFrame(
      produceRequest,
      version,
      { correlationId: 0, clientId: target.clientId },
      {
        acks: target.acks,
        timeoutMs: target.timeoutMs,
        topicData: [
          {
            name: target.topic,
            topicId: target.topicId,
            partitionData: [{ index: target.partition, records }],
          },
        ],
      },
    );
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
