/**
 * The memory of a producer: buffers of one size, reused, within a bound. Who finds none waits until one comes back. What a
 * batch takes elsewhere (compressed, or too large for a buffer of the pool) counts as well.
 */
export class BufferPool {
  readonly #size: number;
  readonly #limitBytes: number;
  readonly #free: Buffer[] = [];
  #usedBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(size: number, limitBytes: number) {
    this.#size = size;
    this.#limitBytes = Math.max(limitBytes, size);
  }

  /** Undefined when the bound is reached. A larger one than usual is made for the occasion. */
  take(atLeast: number): Buffer | undefined {
    const size = Math.max(this.#size, atLeast);
    if (this.#usedBytes > 0 && this.#usedBytes + size > this.#limitBytes) return undefined;
    this.#usedBytes += size;
    if (size > this.#size) return Buffer.allocUnsafeSlow(size);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(size);
  }

  give(buffer: Buffer): void {
    if (buffer.length === this.#size) this.#free.push(buffer);
    this.discharge(buffer.length);
  }

  /** Bytes that are needed whatever the bound: somebody else is kept waiting for them. */
  charge(bytes: number): void {
    this.#usedBytes += bytes;
  }

  discharge(bytes: number): void {
    this.#usedBytes -= bytes;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** Resolves the next time that memory comes back. */
  returned(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Whoever waits looks again, though nothing came back. */
  wake(): void {
    this.discharge(0);
  }
}
