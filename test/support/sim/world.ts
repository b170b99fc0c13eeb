/**
 * The one scheduler of a simulation: a queue of events over virtual time. Everything happens in an event; promises are
 * drained to their end behind each, so no real turn of the loop takes part and nothing real can come in between.
 * What happens is folded into a hash: two runs of a seed are the same run when their hashes are.
 */
import type { TimerHandle } from '../../../src/runtime/runtime.ts';
import { Seeded } from './seeded.ts';

/** Whoever an event belongs to: it does not happen when its owner is dead, and later when its owner is held. */
export interface Owner {
  readonly name: string;
  readonly alive: boolean;
  /** Runs nothing before this time. */
  readonly heldUntilMs: number;
}

class Event implements TimerHandle {
  readonly owner: Owner;
  readonly kind: string;
  readonly sequence: number;
  run: (() => void) | null;
  atMs: number;

  constructor(atMs: number, sequence: number, owner: Owner, kind: string, run: () => void) {
    this.atMs = atMs;
    this.sequence = sequence;
    this.owner = owner;
    this.kind = kind;
    this.run = run;
  }

  cancel(): void {
    this.run = null;
  }
}

/** What the simulation itself does: faults, checks. */
export const THE_WORLD: Owner = { name: '*', alive: true, heldUntilMs: 0 };

export type Trace = (line: string) => void;

/** Runs every promise that is ready, and those that become ready by it. Works only outside of promises. */
const drain = (process as unknown as { _tickCallback(): void })._tickCallback;

export class World {
  readonly seed: string;
  readonly random: Seeded;
  /** Null: nobody looks, and no line is made. */
  readonly trace: Trace | null;
  nowMs = 0;
  events = 0;
  /** A process dies in this event: what still happens in it does not count. */
  isVoid = false;
  /** What is wrong with this run. The first counts. */
  failure: string | null = null;
  readonly #queue: Event[] = [];
  readonly #behind: (() => void)[] = [];
  #sequence = 0;
  #hashA = 0x811c9dc5 | 0;
  #hashB = 0x9e3779b9 | 0;

  constructor(seed: string, trace: Trace | null = null) {
    this.seed = seed;
    this.random = new Seeded(seed);
    this.trace = trace;
  }

  get hash(): string {
    return (this.#hashA >>> 0).toString(16).padStart(8, '0') + (this.#hashB >>> 0).toString(16).padStart(8, '0');
  }

  fail(reason: string): void {
    if (this.failure !== null) return;
    this.failure = reason;
    this.trace?.(`${this.nowMs.toFixed(3)} FAILED ${reason}`);
  }

  /** `a` and `b` and the text tell what happened; they must be the same whenever the seed is. */
  note(owner: Owner, kind: string, text = '', a = 0, b = 0): void {
    this.#mix(this.nowMs * 1000);
    this.#mixText(owner.name);
    this.#mixText(kind);
    this.#mixText(text);
    this.#mix(a);
    this.#mix(b);
    if (this.trace !== null) {
      this.trace(`${this.nowMs.toFixed(3).padStart(12)} ${owner.name.padEnd(6)} ${kind} ${text} ${a} ${b}`);
    }
  }

  /** A line of the trace that is no part of the hash. */
  say(owner: Owner, text: () => string): void {
    this.trace?.(`${this.nowMs.toFixed(3).padStart(12)} ${owner.name.padEnd(6)} ${text()}`);
  }

  at(atMs: number, owner: Owner, kind: string, run: () => void): TimerHandle {
    const event = new Event(Math.max(atMs, this.nowMs), this.#sequence++, owner, kind, run);
    this.#push(event);
    return event;
  }

  after(delayMs: number, owner: Owner, kind: string, run: () => void): TimerHandle {
    return this.at(this.nowMs + delayMs, owner, kind, run);
  }

  /** Runs when the event that happens now, and every promise behind it, is through. */
  behind(run: () => void): void {
    this.#behind.push(run);
  }

  /** Until the time, a failure, or `until` holds (asked between events). True when it ended before the time. */
  run(untilMs: number, until?: () => boolean): boolean {
    drain();
    for (;;) {
      if (this.failure !== null || until?.()) return true;
      const next = this.#queue[0];
      if (next === undefined || next.atMs > untilMs) {
        this.nowMs = untilMs;
        return false;
      }
      this.#pop();
      this.#happen(next);
    }
  }

  #happen(event: Event): void {
    const { owner, run } = event;
    if (run === null || !owner.alive) return;
    if (owner.heldUntilMs > event.atMs) {
      // In the order in which they would have happened: the queue keeps the sequence.
      event.atMs = owner.heldUntilMs;
      this.#push(event);
      return;
    }
    this.nowMs = event.atMs;
    this.events++;
    this.note(owner, event.kind);
    event.run = null;
    run();
    drain();
    while (this.#behind.length > 0) {
      (this.#behind.shift() as () => void)();
      drain();
    }
  }

  #mix(value: number): void {
    // Fractions count too: both halves of a double's thousandth.
    const whole = Math.floor(value);
    this.#hashA = Math.imul(this.#hashA ^ (whole | 0), 0x01000193);
    this.#hashB = Math.imul((this.#hashB << 5) ^ (this.#hashB >>> 27) ^ (whole | 0), 0x85ebca6b);
  }

  #mixText(text: string): void {
    let a = this.#hashA;
    let b = this.#hashB;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(((b << 5) | (b >>> 27)) ^ code, 0x85ebca6b);
    }
    this.#hashA = a;
    this.#hashB = b;
  }

  #push(event: Event): void {
    const queue = this.#queue;
    let at = queue.length;
    queue.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const other = queue[up] as Event;
      if (!isBefore(event, other)) break;
      queue[at] = other;
      at = up;
    }
    queue[at] = event;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop() as Event;
    if (queue.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= queue.length) break;
      if (down + 1 < queue.length && isBefore(queue[down + 1] as Event, queue[down] as Event)) down++;
      if (!isBefore(queue[down] as Event, last)) break;
      queue[at] = queue[down] as Event;
      at = down;
    }
    queue[at] = last;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.sequence < other.sequence);
}
