/**
 * An incremental fetch session with one broker (KIP-227): after a first full request only what changed is named, and only
 * partitions with news are answered. Whatever goes wrong, the next request is full again.
 */
import { ErrorCode } from '../../protocol/error-codes.ts';

/** One partition as a request names it. */
export interface Wanted {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

export interface Plan {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly wanted: readonly Wanted[];
  readonly forgotten: readonly Wanted[];
}

const MAX_EPOCH = 0x7fff_ffff;

function keyOf({ topic, partition }: Wanted): string {
  return `${topic} ${partition}`;
}

export class FetchSession {
  #id = 0;
  /** Of the next request; 0 asks for a new session. */
  #epoch = 0;
  #known = new Map<string, Wanted>();

  get isOpen(): boolean {
    return this.#id !== 0;
  }

  get id(): number {
    return this.#id;
  }

  plan(all: readonly Wanted[]): Plan {
    const now = new Map(all.map((wanted) => [keyOf(wanted), wanted]));
    const before = this.#known;
    this.#known = now;
    if (this.#epoch === 0) return { sessionId: this.#id, sessionEpoch: 0, wanted: all, forgotten: [] };
    const wanted: Wanted[] = [];
    const forgotten: Wanted[] = [];
    for (const [key, entry] of now) if (!isSame(before.get(key), entry)) wanted.push(entry);
    for (const [key, entry] of before) {
      const next = now.get(key);
      // A topic that was made anew is another one.
      if (next === undefined || next.topicId !== entry.topicId) forgotten.push(entry);
    }
    return { sessionId: this.#id, sessionEpoch: this.#epoch, wanted, forgotten };
  }

  answered(errorCode: number, sessionId: number): void {
    if (errorCode !== 0) {
      // The broker does not know it: nothing to close.
      if (errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND) this.#id = 0;
      this.failed();
      return;
    }
    this.#id = sessionId;
    this.#epoch = sessionId === 0 ? 0 : this.#epoch >= MAX_EPOCH ? 1 : this.#epoch + 1;
  }

  /** What the broker made of the last request is unknown. */
  failed(): void {
    this.#epoch = 0;
    this.#known = new Map();
  }
}

function isSame(one: Wanted | undefined, other: Wanted): boolean {
  return (
    one !== undefined &&
    one.topicId === other.topicId &&
    one.offset === other.offset &&
    one.leaderEpoch === other.leaderEpoch
  );
}
