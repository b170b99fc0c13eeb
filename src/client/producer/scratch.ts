/**
 * Keys and values on their way into a batch: text is encoded into one reused buffer, bytes are taken where they lie. What
 * `key` and `value` give is good until they are called again, which is long enough for an append.
 */
import type { Bytes } from './batch-writer.ts';
import type { Data } from './record.ts';

const SCRATCH_BYTES = 64 * 1024;
/** UTF-8 takes at most three bytes for each unit of a JavaScript string. */
const MAX_UNIT_BYTES = 3;

interface Slot {
  source: Buffer;
  start: number;
  end: number;
}

export class Scratch {
  readonly #keys = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  readonly #values = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  readonly #key: Slot = { source: this.#keys, start: 0, end: 0 };
  readonly #value: Slot = { source: this.#values, start: 0, end: 0 };

  key(data: Data): Bytes | null {
    return data === null ? null : fill(this.#key, this.#keys, data);
  }

  value(data: Data): Bytes | null {
    return data === null ? null : fill(this.#value, this.#values, data);
  }
}

function fill(slot: Slot, scratch: Buffer, data: Uint8Array | string): Bytes {
  if (typeof data === 'string') {
    const fits = data.length * MAX_UNIT_BYTES <= SCRATCH_BYTES;
    slot.source = fits ? scratch : Buffer.from(data);
    slot.end = fits ? scratch.write(data, 0) : slot.source.length;
  } else {
    slot.source = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    slot.end = slot.source.length;
  }
  return slot;
}
