/**
 * What requests may hold in memory, over all connections. Two accounts, so that whoever claims a large frame and never
 * sends it can only keep other large frames waiting: whole requests that are not answered yet, and the announced sizes
 * of large frames that are still arriving.
 *
 * No deadlock: frames that have begun always go on, an account that is empty admits anything, and a connection with
 * nothing in flight may always have one small request (a follower's Fetch completes the Produce that fills the memory).
 */
export const SMALL_REQUEST_BYTES = 16 * 1024;

export class RequestMemory {
  readonly #limitBytes: number;
  readonly #waiting = new Set<() => void>();
  #requestBytes = 0;
  #arrivingBytes = 0;
  #waking = false;
  #freed = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get requestBytes(): number {
    return this.#requestBytes;
  }

  get arrivingBytes(): number {
    return this.#arrivingBytes;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** `alone`: the connection has nothing in flight. */
  admit(bytes: number, alone: boolean): boolean {
    const fits = this.#requestBytes === 0 || this.#requestBytes + bytes <= this.#limitBytes;
    if (!fits && !(alone && bytes <= SMALL_REQUEST_BYTES)) return false;
    this.#requestBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#requestBytes -= bytes;
    this.#wake();
  }

  reserveArriving(bytes: number): boolean {
    if (this.#arrivingBytes > 0 && this.#arrivingBytes + bytes > this.#limitBytes) return false;
    this.#arrivingBytes += bytes;
    return true;
  }

  releaseArriving(bytes: number): void {
    this.#arrivingBytes -= bytes;
    this.#wake();
  }

  /** `retry` is called once after memory came free; it may wait again. */
  wait(retry: () => void): void {
    this.#waiting.add(retry);
  }

  stopWaiting(retry: () => void): void {
    this.#waiting.delete(retry);
  }

  /** Everyone tries again, in order of arrival; whoever does not fit goes back to the end. */
  #wake(): void {
    this.#freed = true;
    if (this.#waking) return;
    this.#waking = true;
    // A retry may itself free memory: those who tried before it get another turn.
    while (this.#freed && this.#waiting.size > 0) {
      this.#freed = false;
      for (const retry of [...this.#waiting]) {
        this.#waiting.delete(retry);
        retry();
      }
    }
    this.#waking = false;
  }
}
