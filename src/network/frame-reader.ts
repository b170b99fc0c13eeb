/**
 * Cuts the bytes of a connection into frames: four bytes of size, then the frame. A frame that lies within one chunk is a
 * view of it (chunks belong to the connection, and a view keeps at most one chunk alive until its request is answered);
 * any other is assembled in one buffer of exactly its size, each byte copied once.
 *
 * Sizes are not trusted: beyond LARGE_FRAME_BYTES a buffer grows with the bytes that really came, and such a frame
 * begins only when `reserve` allows it.
 */
import { ProtocolError } from '../protocol/kafka-error.ts';

export const LARGE_FRAME_BYTES = 1024 * 1024;

export interface FrameReaderOptions {
  readonly maxBytes: number;
  /** Asked once before a large frame is assembled; false leaves it waiting for the next call of `next`. */
  readonly reserve: (size: number) => boolean;
  /** Uninitialised bytes for a frame of up to LARGE_FRAME_BYTES. */
  readonly allocate: (size: number) => Buffer;
}

export class FrameReader {
  readonly #maxBytes: number;
  readonly #reserve: (size: number) => boolean;
  readonly #allocate: (size: number) => Buffer;
  readonly #chunks: Buffer[] = [];
  #chunkAt = 0;
  #size = 0;
  #sizeBytes = 0;
  /** The frame being assembled, and how much of it is there. */
  #frame: Buffer | null = null;
  #filled = 0;

  constructor(options: FrameReaderOptions) {
    this.#maxBytes = options.maxBytes;
    this.#reserve = options.reserve;
    this.#allocate = options.allocate;
  }

  push(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** True when a frame has begun that is not whole yet. */
  get isMidFrame(): boolean {
    return this.#frame !== null || this.#sizeBytes > 0;
  }

  /** The size of the large frame for which `reserve` said yes and that was not returned yet; else 0. */
  get reservedBytes(): number {
    return this.#frame !== null && this.#size > LARGE_FRAME_BYTES ? this.#size : 0;
  }

  /** The next whole frame without its size, or null until more bytes come. Throws a ProtocolError for a bad size. */
  next(): Buffer | null {
    if (this.#frame === null) {
      if (!this.#readSize()) return null;
      const chunk = this.#chunks[0];
      const left = chunk === undefined ? 0 : chunk.length - this.#chunkAt;
      if (chunk !== undefined && left >= this.#size) return this.#view(chunk);
      if (this.#size > LARGE_FRAME_BYTES && !this.#reserve(this.#size)) return null;
      this.#frame =
        this.#size > LARGE_FRAME_BYTES ? Buffer.allocUnsafeSlow(LARGE_FRAME_BYTES) : this.#allocate(this.#size);
      this.#filled = 0;
    }
    return this.#fill(this.#frame);
  }

  #readSize(): boolean {
    while (this.#sizeBytes < 4) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return false;
      this.#size = (this.#size << 8) | (chunk[this.#chunkAt++] as number);
      this.#sizeBytes++;
      if (this.#chunkAt === chunk.length) this.#dropChunk();
    }
    if (this.#size < 0) throw new ProtocolError(`a frame of ${this.#size} bytes`);
    if (this.#size > this.#maxBytes) {
      throw new ProtocolError(`a frame of ${this.#size} bytes is larger than ${this.#maxBytes}`);
    }
    return true;
  }

  #view(chunk: Buffer): Buffer {
    const end = this.#chunkAt + this.#size;
    const frame = chunk.subarray(this.#chunkAt, end);
    this.#chunkAt = end;
    if (end === chunk.length) this.#dropChunk();
    this.#begin();
    return frame;
  }

  #fill(begun: Buffer): Buffer | null {
    let frame = begun;
    while (this.#filled < this.#size) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return null;
      if (this.#filled === frame.length) frame = this.#grow(frame);
      const from = this.#chunkAt;
      const copied = chunk.copy(frame, this.#filled, from, Math.min(chunk.length, from + frame.length - this.#filled));
      this.#filled += copied;
      this.#chunkAt += copied;
      if (this.#chunkAt === chunk.length) this.#dropChunk();
    }
    this.#frame = null;
    this.#begin();
    return frame;
  }

  #grow(full: Buffer): Buffer {
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#size, full.length * 2));
    full.copy(larger, 0);
    this.#frame = larger;
    return larger;
  }

  #begin(): void {
    this.#size = 0;
    this.#sizeBytes = 0;
  }

  #dropChunk(): void {
    this.#chunks.shift();
    this.#chunkAt = 0;
  }
}
