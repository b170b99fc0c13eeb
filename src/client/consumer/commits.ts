/**
 * What a consumer commits: only what the application is done with, and never less than it committed before unless it went
 * back itself. Automatic commits run between polls; one that fails for want of a coordinator is made up for by the next.
 */
import { KtsError } from '../../base/kts-error.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { type CommittedOffset, commitOffsets, fetchOffsets, type MemberIdentity } from '../admin-groups.ts';
import type { Deadline } from '../backoff.ts';
import { type ClusterView, isUnreachable } from '../cluster-view.ts';
import type { Coordinators } from '../coordinator.ts';
import { toKafkaError } from '../error-text.ts';
import { partitionKey, type TopicPartition } from '../offsets.ts';
import type { PartitionState } from './partition-state.ts';
import type { OffsetToCommit } from './record.ts';
import type { ConsumerSettings } from './settings.ts';

/** In whose name: the group's member's, nobody's (partitions by hand), or there is none at the moment. */
export type CommitRight = { readonly member?: MemberIdentity } | { readonly denied: Error };

export interface CommitsOptions {
  readonly cluster: ClusterView;
  readonly coordinators: Coordinators;
  readonly settings: ConsumerSettings;
  readonly states: () => ReadonlyMap<string, PartitionState>;
  readonly right: () => CommitRight;
  /** The coordinator does not know our generation any more. */
  readonly onLost: (isMemberGone: boolean) => void;
  readonly onFailure: (error: Error) => void;
}

export class Commits {
  readonly #options: CommitsOptions;
  #nextAutoMs: number;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;

  constructor(options: CommitsOptions) {
    this.#options = options;
    this.#nextAutoMs = this.#now() + options.settings.autoCommitIntervalMs;
  }

  #now(): number {
    return this.#options.cluster.runtime.clock.monotonicMs();
  }

  get #groupId(): string {
    const { groupId } = this.#options.settings;
    if (groupId === undefined)
      throw new KtsError('without a group there is nothing to commit to', { hint: 'set groupId' });
    return groupId;
  }

  /** What is done with and not committed yet. */
  #pending(): OffsetToCommit[] {
    const pending: OffsetToCommit[] = [];
    for (const { topic, partition, consumed, committedOffset } of this.#options.states().values()) {
      if (consumed !== undefined && consumed.offset !== committedOffset)
        pending.push({ topic, partition, ...consumed });
    }
    return pending;
  }

  /** One commit after the other, so that an older one cannot overtake a newer one. Rejects with the first refusal. */
  commit(offsets: readonly OffsetToCommit[] | undefined, deadline: Deadline | undefined, once = false): Promise<void> {
    const { groupId } = this.#options.settings;
    if (groupId === undefined) return Promise.reject(new KtsError('without a group there is nothing to commit to'));
    const wanted = offsets ?? this.#pending();
    const commit = this.#running.then(() => this.#send(wanted, deadline, once));
    this.#isRunning = true;
    const settled = commit
      .catch(() => undefined)
      .then(() => {
        if (this.#running === settled) this.#isRunning = false;
      });
    this.#running = settled;
    return commit;
  }

  async #send(offsets: readonly OffsetToCommit[], deadline: Deadline | undefined, once: boolean): Promise<void> {
    if (offsets.length === 0) return;
    const right = this.#options.right();
    if ('denied' in right) throw right.denied;
    const outcomes = await commitOffsets(this.#options.coordinators, this.#groupId, offsets, {
      once,
      ...(right.member === undefined ? {} : { member: right.member }),
      ...(deadline === undefined ? {} : { deadline }),
    });
    let failure: KafkaError | undefined;
    const done: OffsetToCommit[] = [];
    for (const entry of offsets) {
      const key = partitionKey(entry.topic, entry.partition);
      const error = outcomes.get(key)?.error ?? null;
      if (error !== null) {
        failure ??= error;
        continue;
      }
      done.push(entry);
      const state = this.#options.states().get(key);
      if (state !== undefined) state.committedOffset = entry.offset;
    }
    this.#tell(done);
    if (failure !== undefined) throw this.#explain(failure);
  }

  #tell(done: readonly OffsetToCommit[]): void {
    for (const { onCommit } of this.#options.settings.interceptors) {
      try {
        if (done.length > 0) onCommit?.(done);
      } catch {
        // The offsets are committed, whatever an interceptor makes of it.
      }
    }
  }

  #explain(error: KafkaError): KafkaError {
    const isMemberGone = error.code === ErrorCode.UNKNOWN_MEMBER_ID;
    if (!isMemberGone && error.code !== ErrorCode.ILLEGAL_GENERATION) return error;
    this.#options.onLost(isMemberGone);
    return toKafkaError(error.code, NOT_A_MEMBER);
  }

  /** With every poll: starts a commit when its time has come. */
  auto(): void {
    const { settings, onFailure, cluster } = this.#options;
    if (!settings.autoCommit || settings.groupId === undefined || this.#isRunning || this.#now() < this.#nextAutoMs)
      return;
    this.#nextAutoMs = this.#now() + settings.autoCommitIntervalMs;
    if ('denied' in this.#options.right()) return;
    this.commit(undefined, undefined, true).catch((error: unknown) => {
      this.#nextAutoMs = Math.min(this.#nextAutoMs, this.#now() + cluster.settings.retryBackoffMs);
      if (!isHarmless(error) && !cluster.isClosed) onFailure(error as Error);
    });
  }

  /** Before partitions are given up, and at the end: waits, but not for ever, and a failure only means repetition. */
  async last(deadline: Deadline): Promise<void> {
    const { settings, onFailure } = this.#options;
    if (!settings.autoCommit || settings.groupId === undefined || 'denied' in this.#options.right()) return;
    try {
      await this.commit(undefined, deadline);
    } catch (error) {
      if (!isHarmless(error)) onFailure(error as Error);
    }
  }

  async committed(partitions: readonly TopicPartition[], deadline?: Deadline): Promise<Map<string, CommittedOffset>> {
    const { cluster, coordinators } = this.#options;
    return fetchOffsets(cluster, coordinators, this.#groupId, {
      partitions,
      requireStable: true,
      ...(deadline === undefined ? {} : { deadline }),
    });
  }
}

/** In Java's words. */
const NOT_A_MEMBER =
  'Offset commit cannot be completed since the consumer is not part of an active group for auto partition assignment; it is likely that the consumer was kicked out of the group.';
const REBALANCING =
  'Offset commit cannot be completed since the consumer is undergoing a rebalance for auto partition assignment. You can try completing the rebalance by calling poll() and then retry the operation.';

export function notAMember(isRebalancing: boolean): KafkaError {
  return isRebalancing
    ? toKafkaError(ErrorCode.REBALANCE_IN_PROGRESS, REBALANCING)
    : toKafkaError(ErrorCode.UNKNOWN_MEMBER_ID, NOT_A_MEMBER);
}

/** The group moves on, or the coordinator is away: the next owner begins at the last commit that was made. */
function isHarmless(error: unknown): boolean {
  if (isUnreachable(error)) return true;
  if (!(error instanceof KafkaError)) return false;
  return (
    errorRow(error.code).retriable ||
    error.code === ErrorCode.REBALANCE_IN_PROGRESS ||
    error.code === ErrorCode.ILLEGAL_GENERATION ||
    error.code === ErrorCode.UNKNOWN_MEMBER_ID ||
    // The heartbeat says it.
    error.code === ErrorCode.FENCED_INSTANCE_ID
  );
}
