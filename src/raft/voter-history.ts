/**
 * What the log says about the quorum itself, by offset: kraft.version and voters count as soon as they stand in the log,
 * are undone when it is truncated, and a snapshot holds those of its own end.
 */
import { assert } from '../base/assert.ts';
import type { ControlContent } from './control-records.ts';
import type { ReplicaKey } from './messages.ts';
import { isSameVoter, type Voter } from './voters.ts';

export interface QuorumContent {
  readonly kraftVersion: number;
  readonly voters: readonly Voter[];
}

interface Entry extends QuorumContent {
  /** Of the batch that says it; -1: from a snapshot, or configured. */
  readonly offset: number;
}

export class VoterHistory {
  /** Ascending, never empty. */
  #entries: Entry[];

  constructor(start: QuorumContent) {
    this.#entries = [{ ...start, offset: -1 }];
  }

  get latest(): QuorumContent {
    return this.#entries.at(-1) as Entry;
  }

  /** Of the batch that says what holds now; -1 when no batch of the log does. */
  get latestOffset(): number {
    return (this.#entries.at(-1) as Entry).offset;
  }

  /** Before `offset`. */
  at(offset: number): QuorumContent {
    return this.#entries.findLast((entry) => entry.offset < offset) ?? (this.#entries[0] as Entry);
  }

  /**
   * A replica voted before what holds now, as far back as that is not known to be committed: it may have the only log that is
   * long enough to win (section 4.2.2 of Ongaro's thesis). Where another directory of its node votes now, that is meant.
   */
  wasVoter(key: ReplicaKey, highWatermark: number): boolean {
    if (this.latest.voters.some(({ id }) => id === key.id)) return false;
    const committed = this.#entries.findLastIndex(({ offset }) => offset < highWatermark);
    const before = this.#entries.slice(Math.max(0, committed), -1);
    return before.some(({ voters }) => voters.some((voter) => isSameVoter(voter, key)));
  }

  /** True when the control batch at `offset` says anything of it. */
  take(offset: number, control: ControlContent): boolean {
    if (control.kraftVersion === undefined && control.voters === undefined) return false;
    assert(offset > this.latestOffset, 'control batches come in order');
    const { kraftVersion, voters } = this.latest;
    this.#entries.push({
      offset,
      kraftVersion: control.kraftVersion ?? kraftVersion,
      voters: control.voters ?? voters,
    });
    return true;
  }

  /** The log ends at `offset`. True when something was undone. */
  truncateTo(offset: number): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.offset < offset);
    return this.#entries.length < before;
  }

  /** The log begins at a snapshot. */
  restart(start: QuorumContent): void {
    this.#entries = [{ ...start, offset: -1 }];
  }
}
