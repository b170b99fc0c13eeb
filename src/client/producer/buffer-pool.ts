/** Buffers of one size, reused, within a bound of memory. Who finds none waits until one comes back. */
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
    this.#usedBytes -= buffer.length;
    if (buffer.length === this.#size) this.#free.push(buffer);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Resolves the next time that a buffer comes back. */
  returned(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
