/**
 * A subscription: which topics, and what happens when the group gives partitions and takes them. Everything here runs
 * inside a poll: what was handed out before is done with, so that it is committed before it is given up. Whoever is alone in
 * a group reads everything from the start, and goes on over its rounds.
 */
import { KtsError } from '../../base/kts-error.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import type { TimerHandle } from '../../runtime/runtime.ts';
import type { MemberIdentity } from '../admin-groups.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { Coordinators } from '../coordinator.ts';
import { toKafkaError } from '../error-text.ts';
import { partitionKey, type TopicPartition } from '../offsets.ts';
import { ASSIGNORS, type GroupAssignor } from './assignors.ts';
import type { Commits } from './commits.ts';
import type { Fetcher } from './fetcher.ts';
import { GroupMember } from './group-member.ts';
import type { RebalanceListener } from './record.ts';
import type { ConsumerSettings } from './settings.ts';

/** How long giving partitions up waits for its commit. */
const LAST_COMMIT_MS = 10_000;

export interface GroupSubscriptionOptions {
  readonly cluster: ClusterView;
  readonly coordinators: Coordinators;
  readonly settings: ConsumerSettings;
  readonly fetcher: Fetcher;
  readonly commits: Commits;
  readonly onFailure: (error: Error) => void;
  readonly wake: () => void;
}

export class GroupSubscription {
  readonly #options: GroupSubscriptionOptions;
  readonly #member: GroupMember;
  #topics: readonly string[] | RegExp;
  #listener: RebalanceListener;
  /** As of the latest look at the cluster. */
  #names: readonly string[] = [];
  #look: TimerHandle | undefined;
  #hasBegun: boolean;
  #stopped = false;

  constructor(options: GroupSubscriptionOptions, topics: readonly string[] | RegExp, listener: RebalanceListener) {
    const { groupId } = options.settings;
    if (groupId === undefined) throw new KtsError('a subscription needs a group', { hint: 'set groupId, or assign' });
    this.#options = options;
    this.#topics = topics;
    this.#listener = listener;
    const { isAlone } = options.settings;
    this.#hasBegun = !isAlone;
    this.#member = new GroupMember({
      ...options,
      groupId,
      assignors: options.settings.assignors.map(assignorOf),
      topics: () => this.#lookUp(),
      owned: () => (isAlone ? [] : this.#owned),
      onPrepare: (round) => this.#prepare(round),
      onAssigned: (partitions, isCooperative) => this.#assigned(partitions, isCooperative),
    });
    this.#lookIn(options.cluster.settings.metadataMaxAgeMs);
  }

  get topics(): readonly string[] | RegExp {
    return this.#topics;
  }

  get identity(): MemberIdentity | undefined {
    return this.#member.identity;
  }

  get isRebalancing(): boolean {
    return this.#member.isRebalancing;
  }

  get #owned(): readonly TopicPartition[] {
    return [...this.#options.fetcher.states.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  async poll(): Promise<void> {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      const { cluster, fetcher } = this.#options;
      const partitionsOf = (topic: string) => cluster.topic(topic)?.partitions ?? [];
      const all = (await this.#lookUp()).flatMap((topic) => partitionsOf(topic).map((view) => ({ topic, ...view })));
      fetcher.assign(all);
    }
    await this.#member.poll();
  }

  rejoin(): void {
    this.#member.rejoin();
  }

  lost(isMemberGone: boolean): void {
    this.#member.lost(isMemberGone);
  }

  /** Other topics: the group hears of it with the next poll. */
  change(topics: readonly string[] | RegExp, listener: RebalanceListener): void {
    this.#topics = topics;
    this.#listener = listener;
    this.#member.rejoin();
  }

  /** Without a word to anybody. */
  stop(): void {
    this.#stopped = true;
    this.#look?.cancel();
    this.#member.stop();
  }

  /** Gives everything up and leaves. */
  async leave(options: { readonly evenStatic?: boolean; readonly reason: string }): Promise<void> {
    this.stop();
    const owned = this.#owned;
    try {
      if (owned.length > 0) await this.#giveUp(owned, this.#member.identity === undefined);
    } finally {
      await this.#member.leave(options.reason, options.evenStatic ?? false);
    }
  }

  // ---- topics ----

  async #lookUp(): Promise<readonly string[]> {
    const { cluster, settings } = this.#options;
    const topics = this.#topics;
    if (topics instanceof RegExp) {
      const response = await cluster.refresh(null);
      this.#names = response.topics.flatMap(({ name, isInternal }) => {
        if (name === null || (isInternal && settings.excludeInternalTopics)) return [];
        topics.lastIndex = 0;
        return topics.test(name) ? [name] : [];
      });
      return this.#names;
    }
    await cluster.refresh(topics, { create: settings.allowAutoCreate });
    for (const name of topics) {
      const code = cluster.topic(name)?.errorCode ?? 0;
      if (code === ErrorCode.INVALID_TOPIC_EXCEPTION) throw toKafkaError(code, `Invalid topics: [${name}]`);
      if (code !== 0 && !errorRow(code).retriable) throw toKafkaError(code);
    }
    this.#names = topics;
    return topics;
  }

  /** Topics that come and go, and partitions that were added, want a new assignment. */
  #lookIn(ms: number): void {
    const { cluster } = this.#options;
    const look = async () => {
      try {
        const before = this.#names;
        const names = await this.#lookUp();
        const isOther = names.length !== before.length || names.some((name) => !before.includes(name));
        if (isOther || this.#haveCountsChanged()) this.#member.rejoin();
      } catch {
        // The next look, or the next join, will say it if it lasts.
      }
      const isMissing = this.#names.some((name) => (cluster.topic(name)?.errorCode ?? 0) !== 0);
      const { metadataMaxAgeMs, retryBackoffMaxMs } = cluster.settings;
      if (!this.#stopped) this.#lookIn(isMissing ? Math.min(metadataMaxAgeMs, retryBackoffMaxMs) : metadataMaxAgeMs);
    };
    this.#look = cluster.runtime.timers.after(Math.max(100, ms), () => void look(), { unref: true });
  }

  /** The one who made the assignment sees that it is out of date. */
  #haveCountsChanged(): boolean {
    const counts = this.#member.assignedCounts ?? new Map();
    for (const [topic, count] of counts) {
      if ((this.#options.cluster.topic(topic)?.partitions.length ?? 0) !== count) return true;
    }
    return false;
  }

  // ---- partitions ----

  async #prepare({
    isLost,
    isCooperative,
  }: {
    readonly isLost: boolean;
    readonly isCooperative: boolean;
  }): Promise<void> {
    const owned = this.#owned;
    if (owned.length === 0 || this.#options.settings.isAlone) return;
    if (isCooperative && !isLost) {
      await this.#options.commits.last(this.#patience());
      return;
    }
    await this.#giveUp(owned, isLost);
    this.#options.fetcher.assign([]);
  }

  #patience() {
    return this.#options.cluster.deadline(Math.min(LAST_COMMIT_MS, this.#options.settings.maxPollIntervalMs));
  }

  async #giveUp(partitions: readonly TopicPartition[], isLost: boolean): Promise<void> {
    if (!isLost) await this.#options.commits.last(this.#patience());
    const { onRevoked, onLost } = this.#listener;
    await this.#call(isLost && onLost !== undefined ? onLost : onRevoked, partitions);
    // What the listener has finished with meanwhile is done too; the next owner would get it again.
    if (!isLost && onRevoked !== undefined) await this.#options.commits.last(this.#patience());
  }

  /** The round goes on whatever the application makes of it; what it throws is the poll's. */
  async #call(listener: RebalanceListener['onAssigned'], partitions: readonly TopicPartition[]): Promise<void> {
    try {
      await listener?.(partitions);
    } catch (error) {
      this.#options.onFailure(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** True when something was given up that was kept over the round: the others wait for it. */
  async #assigned(partitions: readonly TopicPartition[], isCooperative: boolean): Promise<boolean> {
    const { fetcher, settings } = this.#options;
    const keyOf = ({ topic, partition }: TopicPartition) => partitionKey(topic, partition);
    const wanted = new Set(partitions.map(keyOf));
    const before = this.#owned;
    const kept = new Set(before.map(keyOf));
    const added = partitions.filter((one) => !kept.has(keyOf(one)));
    const revoked = before.filter((one) => !wanted.has(keyOf(one)));
    if (revoked.length > 0) await this.#giveUp(revoked, false);
    fetcher.assign(partitions, isCooperative || settings.isAlone);
    await this.#call(this.#listener.onAssigned, added);
    return revoked.length > 0;
  }
}

function assignorOf(assignor: string | GroupAssignor): GroupAssignor {
  if (typeof assignor !== 'string') return assignor;
  const known = ASSIGNORS.get(assignor);
  if (known === undefined) {
    throw new KtsError(`there is no assignor ${assignor}`, { hint: `there are ${[...ASSIGNORS.keys()].join(', ')}` });
  }
  return known;
}
