/**
 * Buffers for all but the smallest frames, in and out. A megabyte in a fresh buffer costs page faults and now and then a mark-compact
 * (a quarter of the CPU of a large Produce, measured); the few that are in use at a time are kept and handed out again.
 * Sizes are powers of two, so that a buffer fits its next user; what is kept is bounded.
 */
const SMALLEST = 4 * 1024;
const LARGEST = 16 * 1024 * 1024;

export class FramePool {
  readonly #keepBytes: number;
  readonly #free = new Map<number, ArrayBufferLike[]>();
  /** What this pool made and is in use: nothing else is taken back, and nothing twice. */
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #keptBytes = 0;

  constructor(keepBytes = LARGEST) {
    this.#keepBytes = keepBytes;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Exactly `size` bytes, uninitialised. */
  take(size: number): Buffer {
    if (size <= SMALLEST / 2) return Buffer.allocUnsafe(size);
    if (size > LARGEST) return Buffer.allocUnsafeSlow(size);
    const capacity = size <= SMALLEST ? SMALLEST : 2 ** Math.ceil(Math.log2(size));
    let memory = this.#free.get(capacity)?.pop();
    if (memory === undefined) memory = Buffer.allocUnsafeSlow(capacity).buffer;
    else this.#keptBytes -= capacity;
    this.#lent.add(memory);
    return Buffer.from(memory, 0, size);
  }

  /** Nobody may use the frame any more. A frame that is not from `take`, or only a view of one, is left alone. */
  give(frame: Buffer): void {
    if (frame.length <= SMALLEST / 2 || frame.byteOffset !== 0 || !this.#lent.delete(frame.buffer)) return;
    const capacity = frame.buffer.byteLength;
    if (this.#keptBytes + capacity > this.#keepBytes) return;
    const free = this.#free.get(capacity);
    if (free === undefined) this.#free.set(capacity, [frame.buffer]);
    else free.push(frame.buffer);
    this.#keptBytes += capacity;
  }
}
