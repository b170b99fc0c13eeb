/**
 * Buffers for large answers. A fetch answer of a megabyte in a fresh buffer costs page faults and a mark-compact now
 * and then; the few that are in use at a time are kept and handed out again once the socket has taken them.
 * Sizes are powers of two, so that a buffer fits its next user; what is kept is bounded.
 */
const SMALLEST = 64 * 1024;
const LARGEST = 16 * 1024 * 1024;

export class FramePool {
  readonly #keepBytes: number;
  readonly #free = new Map<number, Buffer[]>();
  #keptBytes = 0;

  constructor(keepBytes = LARGEST) {
    this.#keepBytes = keepBytes;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Exactly `size` bytes, uninitialised. */
  take(size: number): Buffer {
    if (size <= SMALLEST / 4) return Buffer.allocUnsafe(size);
    if (size > LARGEST) return Buffer.allocUnsafeSlow(size);
    const capacity = classOf(size);
    const free = this.#free.get(capacity)?.pop();
    if (free === undefined) return Buffer.allocUnsafeSlow(capacity).subarray(0, size);
    this.#keptBytes -= capacity;
    return free.subarray(0, size);
  }

  /** True for buffers that are worth giving back. */
  isPooled(frame: Buffer): boolean {
    const capacity = frame.buffer.byteLength;
    return (
      frame.length > SMALLEST / 4 && frame.byteOffset === 0 && capacity <= LARGEST && capacity === classOf(frame.length)
    );
  }

  /** The buffer must come from `take`, and nobody may use it any more. */
  give(frame: Buffer): void {
    const capacity = frame.buffer.byteLength;
    if (this.#keptBytes + capacity > this.#keepBytes) return;
    const whole = Buffer.from(frame.buffer, 0, capacity);
    const free = this.#free.get(capacity);
    if (free === undefined) this.#free.set(capacity, [whole]);
    else free.push(whole);
    this.#keptBytes += capacity;
  }
}

function classOf(size: number): number {
  return size <= SMALLEST ? SMALLEST : 2 ** Math.ceil(Math.log2(size));
}
