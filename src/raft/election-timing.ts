/** How long a voter waits before it asks for votes: at random as Kafka does, or in turns by its place among the voters. */
import type { QuorumOptions } from './quorum-options.ts';
import type { Voter } from './voters.ts';

/** Between the voters' turns. A vote with its fsyncs fits into it on a machine that works. */
const TURN_MS = 75;
/** Before a pre-vote that was refused is asked for again. */
export const REASK_MS = 2 * TURN_MS;

/** Before a node that was voted out asks for votes all the same, in election timeouts: only where nobody else can lead. */
const VOTED_OUT_FACTOR = 4;

export class ElectionTiming {
  readonly #options: QuorumOptions;

  constructor(options: QuorumOptions) {
    this.#options = options;
  }

  electionTimeoutMs(): number {
    const { timeouts, random } = this.#options;
    return timeouts.electionMs + (timeouts.electionMs > 0 ? random.int(timeouts.electionMs) : 0);
  }

  /** What a node that was voted out waits longer than a voter. */
  votedOutMs(): number {
    return this.#options.timeouts.electionMs * VOTED_OUT_FACTOR;
  }

  /** By the place among the voters, without the given one. */
  turnMs(voters: readonly Voter[], without = -1): number {
    let turn = 0;
    for (const { id } of voters) if (id < this.#options.localId && id !== without) turn++;
    return turn * TURN_MS;
  }

  /** From the start of the node. */
  firstMs(voters: readonly Voter[]): number {
    return this.#options.prompt ? this.turnMs(voters) : this.electionTimeoutMs();
  }

  /** After an election that nobody won. */
  splitBackoffMs(voters: readonly Voter[]): number {
    const { timeouts, random, prompt } = this.#options;
    if (prompt) return this.turnMs(voters) + random.int(TURN_MS);
    return timeouts.electionBackoffMaxMs > 0 ? random.int(timeouts.electionBackoffMaxMs) : 0;
  }

  /** The leader goes: its first successor takes over at once, each next one waits twice as long as the one before it. */
  successorBackoffMs(place: number, voters: readonly Voter[]): number {
    if (place < 0) return this.#options.prompt ? this.turnMs(voters) : 0;
    if (place === 0) return 0;
    return Math.min(this.#options.timeouts.electionBackoffMaxMs, TURN_MS * 2 ** (place - 1));
  }
}
