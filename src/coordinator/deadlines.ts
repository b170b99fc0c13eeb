/**
 * The timers of a coordinator partition: thousands of sessions that are pushed back far more often than they expire.
 *
 * Pushing a deadline back only writes a field; the heap still holds the old time, and the deadline is queued again when
 * that comes. One timer of the runtime serves all. While sessions are watched it wakes at least once a second: when it
 * wakes much too late, the loop itself was away (a stopped process, a sleeping machine), nobody's heartbeat could be
 * heard, and every deadline whose delay is less than four times that absence is pushed back by it.
 */
import type { Clock, TimerHandle, Timers } from '../runtime/runtime.ts';

const WATCH_INTERVAL_MS = 1_000;
/** Ordinary lateness of timers; not worth a walk over all deadlines. */
const UNNOTICED_LATENESS_MS = 50;
const COMPACT_AT = 64;

export class Deadline {
  /** What is done when the time has come. */
  run: () => void;
  /** Infinity: not running. */
  dueMs = Number.POSITIVE_INFINITY;
  delayMs = 0;
  /** The due time of its entry in the heap; Infinity: none. */
  queuedMs = Number.POSITIVE_INFINITY;

  constructor(run: () => void) {
    this.run = run;
  }

  get isRunning(): boolean {
    return this.dueMs !== Number.POSITIVE_INFINITY;
  }
}

interface Entry {
  readonly dueMs: number;
  readonly deadline: Deadline;
}

export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #timers: Timers;
  /** A binary heap by dueMs. An entry is stale when its deadline was queued again under an earlier time. */
  #heap: Entry[] = [];
  #running = 0;
  #cancelled = 0;
  #timer: TimerHandle | null = null;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  /** Starts the deadline, or moves it. */
  schedule(deadline: Deadline, delayMs: number): void {
    if (this.#closed) return;
    if (!deadline.isRunning) this.#running++;
    deadline.delayMs = delayMs;
    deadline.dueMs = this.#clock.monotonicMs() + delayMs;
    if (deadline.dueMs < deadline.queuedMs) this.#queue(deadline);
    this.#arm();
  }

  cancel(deadline: Deadline): void {
    if (!deadline.isRunning) return;
    deadline.dueMs = Number.POSITIVE_INFINITY;
    this.#running--;
    this.#cancelled++;
    if (this.#cancelled > COMPACT_AT && this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  /** Forgets everything; nothing runs any more. */
  close(): void {
    this.#closed = true;
    this.#heap = [];
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Entries held, stale ones included: for tests of the memory bound. */
  get queuedCount(): number {
    return this.#heap.length;
  }

  #queue(deadline: Deadline): void {
    deadline.queuedMs = deadline.dueMs;
    const heap = this.#heap;
    const entry = { dueMs: deadline.dueMs, deadline };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry;
      if (above.dueMs <= entry.dueMs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0] as Entry;
    const last = heap.pop() as Entry;
    if (heap.length > 0) this.#sink(0, last);
    return top;
  }

  #sink(start: number, entry: Entry): void {
    const heap = this.#heap;
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.dueMs < (heap[child] as Entry).dueMs) child++;
      const below = heap[child] as Entry;
      if (below.dueMs >= entry.dueMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = entry;
  }

  /** Drops the entries of cancelled deadlines and rebuilds the heap. */
  #compact(): void {
    const kept = this.#heap.filter((entry) => entry.dueMs === entry.deadline.queuedMs && entry.deadline.isRunning);
    for (const entry of this.#heap) if (!entry.deadline.isRunning) entry.deadline.queuedMs = Number.POSITIVE_INFINITY;
    this.#heap = kept;
    for (let at = (kept.length >> 1) - 1; at >= 0; at--) this.#sink(at, kept[at] as Entry);
    this.#cancelled = 0;
  }

  #arm(): void {
    if (this.#running === 0) this.#compact();
    const top = this.#heap[0];
    if (top === undefined) return;
    const now = this.#clock.monotonicMs();
    const wakeAtMs = Math.min(top.dueMs, now + WATCH_INTERVAL_MS);
    // An earlier wake-up stands: it finds nothing due and arms again.
    if (this.#timer !== null && this.#wakeAtMs <= wakeAtMs) return;
    this.#timer?.cancel();
    this.#wakeAtMs = wakeAtMs;
    this.#timer = this.#timers.after(Math.max(0, wakeAtMs - now), () => this.#wake(), { unref: true });
  }

  #wake(): void {
    this.#timer = null;
    if (this.#closed) return;
    const now = this.#clock.monotonicMs();
    const awayMs = now - this.#wakeAtMs;
    if (awayMs > UNNOTICED_LATENESS_MS) this.#pushBack(awayMs);
    this.#runDue(now);
    if (!this.#closed) this.#arm();
  }

  #pushBack(awayMs: number): void {
    for (const { dueMs, deadline } of this.#heap) {
      if (dueMs === deadline.queuedMs && deadline.isRunning && awayMs > deadline.delayMs / 4) deadline.dueMs += awayMs;
    }
  }

  #runDue(now: number): void {
    while (this.#heap.length > 0 && (this.#heap[0] as Entry).dueMs <= now) {
      const { dueMs, deadline } = this.#pop();
      if (dueMs !== deadline.queuedMs) continue;
      deadline.queuedMs = Number.POSITIVE_INFINITY;
      if (!deadline.isRunning) {
        this.#cancelled = Math.max(0, this.#cancelled - 1);
      } else if (deadline.dueMs > now) {
        this.#queue(deadline);
      } else {
        deadline.dueMs = Number.POSITIVE_INFINITY;
        this.#running--;
        deadline.run();
      }
    }
  }
}
