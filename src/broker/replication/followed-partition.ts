/** A partition as its fetcher keeps it: whom it follows, what was last asked for it, and how it has fared. */
import type { Uuid } from '../../base/uuid.ts';
import type { PartitionLog } from '../../storage/partition-log.ts';
import type { Partition } from '../partition.ts';

export class FollowedPartition {
  readonly partition: Partition;
  readonly topic: string;
  readonly topicId: Uuid;
  readonly id: number;
  /** Of the leader that is followed. It changes when the same leader begins a new epoch. */
  leaderEpoch: number;
  /** What the leader was last asked for. An answer to anything else is an old one. */
  askedOffset = -1;
  askedEpoch = -1;
  /** The own log start that the leader was told last. */
  toldLogStart = -1;
  /** How far the leader's high watermark was ahead at the last answer; null before one. */
  lag: number | null = null;
  /** Refusals in a row. */
  failures = 0;
  /** The leader is another one than this broker knows: nothing is asked before the metadata says more. */
  isFenced = false;
  /** What was last said of its trouble. */
  #said = '';

  constructor(partition: Partition, leaderEpoch: number) {
    this.partition = partition;
    this.topic = partition.topic;
    this.topicId = partition.log.topicId;
    this.id = partition.id;
    this.leaderEpoch = leaderEpoch;
  }

  /** It may move to another directory at any time. */
  get log(): PartitionLog {
    return this.partition.log;
  }

  get name(): string {
    return this.partition.name;
  }

  /** The answer is to what this partition would ask for now. */
  get isAnswered(): boolean {
    return this.askedEpoch === this.leaderEpoch && this.askedOffset === this.log.wholeEnd;
  }

  followEpoch(leaderEpoch: number): void {
    this.leaderEpoch = leaderEpoch;
    this.isFenced = false;
    this.failures = 0;
    this.#said = '';
  }

  fared(lag: number): void {
    this.lag = Math.max(0, lag);
    this.failures = 0;
    this.#said = '';
  }

  /** True when this was not the last thing that was said of the partition. */
  isNews(text: string): boolean {
    if (this.#said === text) return false;
    this.#said = text;
    return true;
  }
}
