/**
 * Cuts the bytes of a connection into frames: four bytes of size, then the frame, each in memory of its own. Large frames
 * are read straight into their buffer (see `target`); of small ones each byte is copied once, out of a buffer that all
 * connections share. So no request keeps anything alive but itself.
 *
 * Sizes are not trusted: beyond LARGE_FRAME_BYTES a buffer grows with the bytes that really came, and such a frame
 * begins only when `reserve` allows it.
 */
import { ProtocolError } from '../protocol/kafka-error.ts';

export const LARGE_FRAME_BYTES = 1024 * 1024;

/** A rest smaller than this is not worth a read of its own. */
const DIRECT_BYTES = 16 * 1024;

export interface FrameReaderOptions {
  readonly maxBytes: number;
  /** Asked once before a large frame is assembled; false leaves it waiting for the next call of `next`. */
  readonly reserve: (size: number) => boolean;
  /** Uninitialised bytes for a frame that is not large. */
  readonly allocate: (size: number) => Buffer;
  /** LARGE_FRAME_BYTES unless the peer may be believed. */
  readonly largeBytes?: number;
}

export class FrameReader {
  readonly #maxBytes: number;
  readonly #reserve: (size: number) => boolean;
  readonly #allocate: (size: number) => Buffer;
  readonly #largeBytes: number;
  /** Bytes that are not cut yet; the last may be borrowed until `keep`. */
  readonly #chunks: Uint8Array[] = [];
  #chunkAt = 0;
  #isBorrowed = false;
  #size = 0;
  #sizeBytes = 0;
  /** The frame being assembled, and how much of it is there. */
  #frame: Buffer | null = null;
  #filled = 0;

  constructor(options: FrameReaderOptions) {
    this.#maxBytes = options.maxBytes;
    this.#reserve = options.reserve;
    this.#allocate = options.allocate;
    this.#largeBytes = options.largeBytes ?? LARGE_FRAME_BYTES;
  }

  /** True when a frame has begun that is not whole yet. */
  get isMidFrame(): boolean {
    return this.#frame !== null || this.#sizeBytes > 0;
  }

  /** The size of the large frame for which `reserve` said yes and that was not returned yet; else 0. */
  get reservedBytes(): number {
    return this.#frame !== null && this.#size > this.#largeBytes ? this.#size : 0;
  }

  /**
   * Where the next bytes should go: into the frame that waits for them, else into `scratch`. The frame is offered only
   * while nothing else could fill it.
   */
  target(scratch: Uint8Array): Uint8Array {
    const frame = this.#frame;
    if (frame === null || this.#chunks.length > 0 || frame.length - this.#filled < DIRECT_BYTES) return scratch;
    return frame.subarray(this.#filled);
  }

  /** Takes bytes, which are borrowed until `keep` unless they were read into the frame. */
  push(bytes: Uint8Array): void {
    const frame = this.#frame;
    if (frame !== null && bytes.buffer === frame.buffer && bytes.byteOffset === frame.byteOffset + this.#filled) {
      this.#filled += bytes.length;
    } else if (bytes.length > 0) {
      this.#chunks.push(bytes);
      this.#isBorrowed = true;
    }
  }

  /** Copies what was borrowed and is not cut yet. */
  keep(): void {
    if (!this.#isBorrowed) return;
    this.#isBorrowed = false;
    const last = this.#chunks.length - 1;
    if (last < 0) return;
    const chunk = this.#chunks[last] as Uint8Array;
    this.#chunks[last] = Uint8Array.prototype.slice.call(chunk, last === 0 ? this.#chunkAt : 0);
    if (last === 0) this.#chunkAt = 0;
  }

  /** The next whole frame without its size, or null until more bytes come. Throws a ProtocolError for a bad size. */
  next(): Buffer | null {
    if (this.#frame === null) {
      if (!this.#readSize()) return null;
      const isHere = this.#chunks.length > 0 && (this.#chunks[0] as Uint8Array).length - this.#chunkAt >= this.#size;
      if (!isHere && this.#size > this.#largeBytes && !this.#reserve(this.#size)) return null;
      this.#frame = this.#allocate(isHere ? this.#size : Math.min(this.#size, this.#largeBytes));
      this.#filled = 0;
    }
    return this.#fill(this.#frame);
  }

  #readSize(): boolean {
    while (this.#sizeBytes < 4) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return false;
      this.#size = (this.#size << 8) | (chunk[this.#chunkAt] as number);
      this.#sizeBytes++;
      this.#advance(chunk, 1);
    }
    if (this.#size < 0) throw new ProtocolError(`a frame of ${this.#size} bytes`);
    if (this.#size > this.#maxBytes) {
      throw new ProtocolError(`a frame of ${this.#size} bytes is larger than ${this.#maxBytes}`);
    }
    return true;
  }

  #fill(begun: Buffer): Buffer | null {
    let frame = begun;
    while (this.#filled < this.#size) {
      if (this.#filled === frame.length) frame = this.#grow(frame);
      const chunk = this.#chunks[0];
      if (chunk === undefined) return null;
      const from = this.#chunkAt;
      const part = chunk.subarray(from, from + Math.min(chunk.length - from, frame.length - this.#filled));
      frame.set(part, this.#filled);
      this.#filled += part.length;
      this.#advance(chunk, part.length);
    }
    this.#frame = null;
    this.#size = 0;
    this.#sizeBytes = 0;
    return frame;
  }

  #grow(full: Buffer): Buffer {
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#size, full.length * 2));
    larger.set(full);
    this.#frame = larger;
    return larger;
  }

  #advance(chunk: Uint8Array, bytes: number): void {
    this.#chunkAt += bytes;
    if (this.#chunkAt < chunk.length) return;
    this.#chunks.shift();
    this.#chunkAt = 0;
  }
}
