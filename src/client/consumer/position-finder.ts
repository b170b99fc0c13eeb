/** Where to begin: at the group's offset, else where the reset policy says. Partitions are looked up together. */
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import type { CommittedOffset } from '../admin-groups.ts';
import type { ClusterView } from '../cluster-view.ts';
import { toKafkaError } from '../error-text.ts';
import { listOffsets, OffsetSpec, partitionKey, type TopicPartition } from '../offsets.ts';
import type { PartitionState } from './partition-state.ts';
import type { ConsumerSettings, OffsetReset } from './settings.ts';

export type FetchCommitted = (partitions: readonly TopicPartition[]) => Promise<Map<string, CommittedOffset>>;

const PATIENCE_MS = 3_000;

type Policy = Exclude<OffsetReset, 'none'>;

export interface PositionFinderOptions {
  readonly cluster: ClusterView;
  readonly settings: ConsumerSettings;
  /** Undefined: there is no group. */
  readonly fetchCommitted: FetchCommitted | undefined;
}

export class PositionFinder {
  readonly #options: PositionFinderOptions;

  constructor(options: PositionFinderOptions) {
    this.#options = options;
  }

  /** Those that stay without a position have to wait and try again. Throws what no repetition cures. */
  async find(states: readonly PartitionState[]): Promise<void> {
    await this.#fromGroup(states.filter((state) => !state.isCommittedKnown));
    const byPolicy = new Map<string, { readonly policy: Policy; readonly states: PartitionState[] }>();
    const lost: PartitionState[] = [];
    for (const state of states) {
      if (state.position !== undefined || !state.isCommittedKnown) continue;
      const policy = state.reset ?? this.#options.settings.offsetReset;
      if (policy === 'none') {
        lost.push(state);
        continue;
      }
      const key = typeof policy === 'string' ? policy : `by ${policy.durationMs}`;
      const group = byPolicy.get(key);
      if (group === undefined) byPolicy.set(key, { policy, states: [state] });
      else group.states.push(state);
    }
    await Promise.all([...byPolicy.values()].map((group) => this.#byPolicy(group.policy, group.states)));
    if (lost.length > 0) throw noPolicy(lost);
  }

  async #fromGroup(states: readonly PartitionState[]): Promise<void> {
    const { fetchCommitted } = this.#options;
    if (states.length === 0 || fetchCommitted === undefined) return;
    const offsets = await fetchCommitted(states);
    for (const state of states) {
      state.isCommittedKnown = true;
      const found = offsets.get(partitionKey(state.topic, state.partition));
      if (found === undefined || state.position !== undefined) continue;
      state.committedOffset = found.offset;
      state.moveTo({ offset: found.offset, leaderEpoch: found.leaderEpoch });
    }
  }

  async #byPolicy(policy: Policy, states: readonly PartitionState[]): Promise<void> {
    const { cluster } = this.#options;
    const answers = await this.#ask(timestampOf(policy, cluster.runtime.clock.nowMs()), states);
    const isMissing = (state: PartitionState) => answers.get(partitionKey(state.topic, state.partition))?.offset === -1;
    // Nothing is that young: the end is where it will be.
    const young = typeof policy === 'object' ? states.filter(isMissing) : [];
    const ends = young.length > 0 ? await this.#ask(OffsetSpec.latest, young) : undefined;
    for (const state of states) {
      const key = partitionKey(state.topic, state.partition);
      const answer = ends?.get(key) ?? answers.get(key);
      if (answer === undefined || state.position !== undefined) continue;
      if (answer.errorCode === 0) {
        state.moveTo({ offset: answer.offset, leaderEpoch: answer.leaderEpoch });
        state.validEpoch = cluster.partition(state.topic, state.partition)?.leaderEpoch ?? -1;
      } else if (!errorRow(answer.errorCode).retriable) throw toKafkaError(answer.errorCode);
    }
  }

  #ask(timestamp: number, states: readonly PartitionState[]) {
    const { cluster, settings } = this.#options;
    const queries = states.map(({ topic, partition }) => ({ topic, partition, timestamp }));
    // Those that have no leader now do not keep the others waiting.
    const deadline = cluster.deadline(Math.min(PATIENCE_MS, cluster.settings.requestTimeoutMs));
    return listOffsets(cluster, queries, { readCommitted: settings.readCommitted, deadline });
  }
}

function timestampOf(policy: Policy, nowMs: number): number {
  if (policy === 'earliest') return OffsetSpec.earliest;
  if (policy === 'latest') return OffsetSpec.latest;
  return Math.max(0, nowMs - policy.durationMs);
}

function noPolicy(states: readonly TopicPartition[]): Error {
  const names = states.map(({ topic, partition }) => `${topic}-${partition}`).join(', ');
  return toKafkaError(
    ErrorCode.OFFSET_OUT_OF_RANGE,
    `Undefined offset with no reset policy for partitions: [${names}]`,
  );
}
