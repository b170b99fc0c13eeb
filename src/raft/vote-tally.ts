/** The votes, or pre-votes, of one election: whom to ask yet, and whether it is decided. */
import type { Voter } from './voters.ts';

type Ballot = 'unasked' | 'asked' | 'granted' | 'refused';

interface Entry {
  readonly voter: Voter;
  ballot: Ballot;
  /** After a failure: not asked again before. */
  notBeforeMs: number;
}

function isOpen({ ballot }: Entry): boolean {
  return ballot === 'unasked' || ballot === 'refused';
}

export class VoteTally {
  readonly #entries = new Map<number, Entry>();
  readonly #reaskMs: number;

  /**
   * The local voter grants its own. Who refuses is asked again after `reaskMs`, while the others can still decide it:
   * what speaks against an election may just have gone.
   */
  constructor(voters: readonly Voter[], localId: number, reaskMs = Number.POSITIVE_INFINITY) {
    this.#reaskMs = reaskMs;
    for (const voter of voters) {
      const ballot = voter.id === localId ? 'granted' : 'unasked';
      this.#entries.set(voter.id, { voter, ballot, notBeforeMs: Number.NEGATIVE_INFINITY });
    }
  }

  #count(ballot: Ballot): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.ballot === ballot) count++;
    return count;
  }

  get majority(): number {
    return (this.#entries.size >> 1) + 1;
  }

  get isWon(): boolean {
    return this.#count('granted') >= this.majority;
  }

  get isLost(): boolean {
    return this.#entries.size - this.#count('refused') < this.majority;
  }

  get granted(): number[] {
    return [...this.#entries.values()].filter(({ ballot }) => ballot === 'granted').map(({ voter }) => voter.id);
  }

  /** Those to be asked now; they count as asked from here on. */
  takeUnasked(nowMs: number): Voter[] {
    const voters: Voter[] = [];
    for (const entry of this.#entries.values()) {
      if (!isOpen(entry) || entry.notBeforeMs > nowMs) continue;
      entry.ballot = 'asked';
      voters.push(entry.voter);
    }
    return voters;
  }

  nextAskMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) {
      if (isOpen(entry)) next = Math.min(next, entry.notBeforeMs);
    }
    return next;
  }

  answered(voterId: number, granted: boolean, nowMs: number): void {
    const entry = this.#entries.get(voterId);
    if (entry === undefined || entry.ballot === 'granted') return;
    entry.ballot = granted ? 'granted' : 'refused';
    entry.notBeforeMs = nowMs + this.#reaskMs;
  }

  failed(voterId: number, retryAtMs: number): void {
    const entry = this.#entries.get(voterId);
    if (entry === undefined || entry.ballot !== 'asked') return;
    entry.ballot = 'unasked';
    entry.notBeforeMs = retryAtMs;
  }
}
