/**
 * Drives the quorum over a log: makes election state durable before acting on it, appends what the leader is given,
 * shares one fsync among all that waits for it, and hands committed batches to listeners in order.
 *
 * Invariants: a batch is committed for this voter only after its fsync; a listener gets every committed batch once, in
 * order, after the snapshot it follows; a failed write or fsync stops the node and is never retried.
 */
import { assert } from '../base/assert.ts';
import { KtsError } from '../base/kts-error.ts';
import { baseOffsetAt, batchSizeAt, isControlAt, lastOffsetAt, nextOffsetAt } from '../protocol/batch.ts';
import { AppendQueue } from './append-queue.ts';
import { controlBatch, kraftVersionRecord, kraftVotersRecord, leaderChangeRecord } from './control-records.ts';
import { Quorum, type QuorumStep } from './quorum.ts';
import { loadQuorumLog, type QuorumLogContent } from './quorum-log.ts';
import { QuorumStateFile } from './quorum-state.ts';
import {
  type LeaderAndEpoch,
  NotLeaderError,
  type QuorumDescription,
  type RaftClient,
  type RaftListener,
  type SnapshotId,
} from './raft-client.ts';
import type { RaftNodeOptions } from './raft-options.ts';
import {
  BOOTSTRAP_SNAPSHOT,
  batchTimes,
  batchValues,
  compareSnapshotIds,
  SnapshotFiles,
  snapshotBatches,
} from './snapshot-files.ts';
import { cleanSnapshots } from './snapshot-retention.ts';
import { SUPPORTED_KRAFT_VERSION, sameEndpoints, type Voter } from './voters.ts';

const READ_BYTES = 1 << 20;
const CLEAN_INTERVAL_MS = 60_000;

interface Follower {
  readonly listener: RaftListener;
  /** The next offset it gets. */
  nextOffset: number;
  /** The last leader it was told of. */
  leader: LeaderAndEpoch;
}

export class RaftNode implements RaftClient {
  readonly #options: RaftNodeOptions;
  readonly #snapshots: SnapshotFiles;
  readonly #quorumState: QuorumStateFile;
  readonly #followers: Follower[] = [];
  readonly #queue: AppendQueue;
  #content: QuorumLogContent;
  #quorum: Quorum;
  #durableOffset = 0;
  #syncing: Promise<void> | null = null;
  #started = false;
  #closed = false;

  constructor(options: RaftNodeOptions) {
    this.#options = options;
    this.#snapshots = new SnapshotFiles(options.files, options.timers, options.directory);
    this.#quorumState = new QuorumStateFile(options.files, `${options.directory}/quorum-state`);
    this.#queue = new AppendQueue(options.timers, options.clock, (batch) => this.#appendBatch(batch));
    this.#content = { kraftVersion: 0, voters: [] };
    this.#quorum = this.#makeQuorum();
  }

  get nodeId(): number {
    return this.#options.nodeId;
  }

  get clusterId(): string {
    return this.#options.clusterId;
  }

  // Start and stop.

  /** Loads snapshots and log, and leads at once when this node is the only voter. */
  start(): void {
    assert(!this.#started, 'raft starts once');
    this.#started = true;
    const { log, staticVoters } = this.#options;
    this.#snapshots.open();
    this.#content = loadQuorumLog(log, this.#snapshots, staticVoters);
    if (this.#content.voters.length > 1) {
      throw new KtsError('A quorum of several controllers is not supported yet.', {
        hint: 'Use one controller: controller.quorum.voters with one entry, or format with --standalone.',
      });
    }
    this.#quorum = this.#makeQuorum();
    this.#queue.startAt(log.endOffset());
    this.#tick();
    this.#every(CLEAN_INTERVAL_MS, () => cleanSnapshots(this.#snapshots, this.#options));
  }

  /** Writes and syncs what is scheduled. The log belongs to who made it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#started) {
      this.#queue.drain();
      await this.#sync();
    }
    this.#closed = true;
  }

  #makeQuorum(): Quorum {
    const { nodeId, directoryId, log } = this.#options;
    return new Quorum({
      localId: nodeId,
      localDirectoryId: directoryId,
      voters: this.#content.voters,
      election: this.#started
        ? this.#quorumState.read()
        : { epoch: 0, leaderId: -1, votedId: -1, votedDirectoryId: directoryId },
      lastLogEpoch: this.#started ? log.lastEpoch() : 0,
    });
  }

  #every(intervalMs: number, run: () => void): void {
    const again = (): void => {
      this.#options.timers.after(
        intervalMs,
        () => {
          if (this.#closed) return;
          this.#guard(run);
          again();
        },
        { unref: true },
      );
    };
    again();
  }

  /** What fails here leaves the log in doubt: the node stops. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#closed = true;
      this.#options.onFatal(error);
    }
  }

  // The quorum.

  #tick(): void {
    this.#take(this.#quorum.tick(this.#options.clock.monotonicMs()));
  }

  #take(step: QuorumStep): void {
    if (step.election !== null) {
      const voterIds = this.#quorum.voters.map((voter) => voter.id);
      this.#quorumState.write(step.election, this.#content.kraftVersion, voterIds);
    }
    if (step.becameLeader) this.#beginEpoch();
  }

  /** The first batch of an epoch names its leader; a log that only `format` has touched gets its voters in it as well. */
  #beginEpoch(): void {
    const { log, nodeId, clock, logger } = this.#options;
    const { epoch, voters } = this.#quorum;
    const voterIds = voters.map((voter) => voter.id);
    const records = [leaderChangeRecord(nodeId, voterIds)];
    if (this.#content.kraftVersion >= 1) {
      const isFirst = log.endOffset() === 0;
      const current = this.#withLocalEndpoints(voters);
      if (isFirst) records.push(kraftVersionRecord(this.#content.kraftVersion));
      if (isFirst || current !== voters) records.push(kraftVotersRecord(current));
      this.#adoptVoters(current);
    }
    const baseOffset = this.#queue.nextOffset;
    logger.info(`Completed transition to Leader(localId=${nodeId}, epoch=${epoch}, epochStartOffset=${baseOffset})`);
    this.#quorum.epochBegins(baseOffset);
    this.#appendBatch(controlBatch(records, { baseOffset, epoch, nowMs: clock.nowMs() }));
    this.#queue.beginEpoch(epoch, log.endOffset());
  }

  #adoptVoters(voters: readonly Voter[]): void {
    this.#content = { ...this.#content, voters };
    this.#quorum.updateVoters(voters);
  }

  /** This node's listeners may have moved since the voters were written. */
  #withLocalEndpoints(voters: readonly Voter[]): readonly Voter[] {
    const { nodeId, localEndpoints } = this.#options;
    const mine = voters.find((voter) => voter.id === nodeId);
    if (mine === undefined || localEndpoints.length === 0 || sameEndpoints(mine.endpoints, localEndpoints)) {
      return voters;
    }
    return voters.map((voter) => (voter === mine ? { ...voter, endpoints: localEndpoints } : voter));
  }

  leaderAndEpoch(): LeaderAndEpoch {
    return { leaderId: this.#quorum.leaderId, epoch: this.#quorum.epoch };
  }

  highWatermark(): number {
    return this.#quorum.highWatermark;
  }

  nextOffset(): number {
    return this.#queue.nextOffset;
  }

  kraftVersion(): number {
    return this.#content.kraftVersion;
  }

  resign(epoch: number): void {
    if (!this.#quorum.isLeader || this.#quorum.epoch !== epoch) return;
    const { clock, timers } = this.#options;
    this.#queue.drain();
    this.#quorum.resign(clock.monotonicMs());
    this.#tellLeader();
    const retry = (): void => {
      if (this.#closed || this.#quorum.isLeader) return;
      this.#guard(() => this.#tick());
      if (!this.#quorum.isLeader) timers.after(RETRY_ELECTION_MS, retry, { unref: true });
    };
    timers.after(RETRY_ELECTION_MS, retry, { unref: true });
  }

  // Appending.

  #checkLeader(epoch: number): void {
    if (this.#quorum.isLeader && this.#quorum.epoch === epoch && !this.#closed) return;
    throw new NotLeaderError(`node ${this.nodeId} does not lead in epoch ${epoch}`);
  }

  scheduleAppend(epoch: number, values: readonly Uint8Array[]): number {
    this.#checkLeader(epoch);
    return this.#queue.push(values);
  }

  upgradeKraftVersion(epoch: number, level: number): number {
    this.#checkLeader(epoch);
    assert(level === 1 && this.#content.kraftVersion === 0, 'kraft.version goes from 0 to 1');
    this.#queue.drain();
    const { directoryId, nodeId, localEndpoints, clock } = this.#options;
    const voters = this.#quorum.voters.map((voter) => ({
      ...voter,
      kraftVersion: SUPPORTED_KRAFT_VERSION,
      ...(voter.id === nodeId ? { directoryId } : {}),
      ...(voter.id === nodeId && localEndpoints.length > 0 ? { endpoints: localEndpoints } : {}),
    }));
    const records = [kraftVersionRecord(level), kraftVotersRecord(voters)];
    const baseOffset = this.#queue.nextOffset;
    this.#content = { kraftVersion: level, voters };
    this.#quorum.updateVoters(voters);
    this.#appendBatch(controlBatch(records, { baseOffset, epoch, nowMs: clock.nowMs() }));
    this.#queue.beginEpoch(epoch, this.#options.log.endOffset());
    return baseOffset + records.length - 1;
  }

  #appendBatch(batch: Uint8Array): void {
    this.#guard(() => {
      this.#options.log.append(batch);
      void this.#sync();
    });
  }

  /** One fsync at a time: what is appended meanwhile shares the next one. */
  #sync(): Promise<void> {
    if (this.#syncing === null && this.#needsSync()) this.#syncing = this.#syncLoop();
    return this.#syncing ?? Promise.resolve();
  }

  #needsSync(): boolean {
    return !this.#closed && this.#options.log.endOffset() > this.#durableOffset;
  }

  /** Waits at least once. It is over in the very step that finds nothing more to do, so that no append is missed. */
  async #syncLoop(): Promise<void> {
    const { log, onFatal } = this.#options;
    try {
      while (this.#needsSync()) {
        const target = log.endOffset();
        await log.sync();
        this.#durableOffset = target;
        if (this.#quorum.localLogIsDurable(target)) this.#deliver();
      }
    } catch (error) {
      this.#closed = true;
      onFatal(error);
    }
    this.#syncing = null;
  }

  // Listeners.

  register(listener: RaftListener): () => void {
    const follower: Follower = { listener, nextOffset: 0, leader: { leaderId: -1, epoch: -1 } };
    this.#followers.push(follower);
    if (this.#started) this.#guard(() => this.#catchUp(follower));
    return () => {
      const index = this.#followers.indexOf(follower);
      if (index >= 0) this.#followers.splice(index, 1);
    };
  }

  #deliver(): void {
    for (const follower of [...this.#followers]) this.#catchUp(follower);
  }

  #catchUp(follower: Follower): void {
    const { log } = this.#options;
    const end = this.#quorum.highWatermark;
    if (end < 0) return;
    this.#loadSnapshot(follower);
    while (follower.nextOffset < end) {
      const bytes = log.read(follower.nextOffset, READ_BYTES);
      assert(bytes.length > 0, 'committed batches can be read');
      for (let at = 0; at < bytes.length && follower.nextOffset < end; at += batchSizeAt(bytes, at)) {
        if (nextOffsetAt(bytes, at) > follower.nextOffset) this.#hand(follower, bytes, at);
      }
    }
    this.#tellLeaderTo(follower);
  }

  /** A listener that has nothing, or less than the log still holds, begins with the latest snapshot. */
  #loadSnapshot(follower: Follower): void {
    const latest = this.#snapshots.latest();
    if (latest === null || compareSnapshotIds(latest, BOOTSTRAP_SNAPSHOT) === 0) return;
    const isBehind = follower.nextOffset === 0 || follower.nextOffset < this.#options.log.startOffset();
    if (!isBehind || latest.endOffset > this.#quorum.highWatermark) return;
    follower.listener.onSnapshot(this.#snapshots.read(latest));
    follower.nextOffset = latest.endOffset;
  }

  #hand(follower: Follower, bytes: Uint8Array, at: number): void {
    const { epoch, timestampMs } = batchTimes(bytes, at);
    follower.nextOffset = nextOffsetAt(bytes, at);
    follower.listener.onCommit({
      baseOffset: baseOffsetAt(bytes, at),
      lastOffset: lastOffsetAt(bytes, at),
      epoch,
      appendTimestampMs: timestampMs,
      sizeInBytes: batchSizeAt(bytes, at),
      values: isControlAt(bytes, at) ? [] : batchValues(bytes, at),
    });
  }

  #tellLeader(): void {
    for (const follower of [...this.#followers]) this.#tellLeaderTo(follower);
  }

  /** The leader's own listeners hear of it once all of earlier epochs was handed to them. */
  #tellLeaderTo(follower: Follower): void {
    const leader = this.leaderAndEpoch();
    if (this.#quorum.isLeader && follower.nextOffset <= this.#quorum.epochStartOffset) return;
    if (leader.epoch === follower.leader.epoch && leader.leaderId === follower.leader.leaderId) return;
    follower.leader = leader;
    follower.listener.onLeaderChange(leader);
  }

  // Snapshots.

  latestSnapshotId(): SnapshotId | null {
    return this.#snapshots.latest();
  }

  async createSnapshot(
    id: SnapshotId,
    lastContainedLogTimestampMs: number,
    values: Iterable<Uint8Array>,
  ): Promise<boolean> {
    const latest = this.#snapshots.latest();
    if (this.#closed || id.endOffset > this.#quorum.highWatermark) return false;
    if (latest !== null && latest.endOffset >= id.endOffset) return false;
    const head = {
      lastContainedLogTimestampMs,
      kraftVersion: this.#content.kraftVersion,
      voters: this.#content.voters,
      nowMs: this.#options.clock.nowMs(),
      epoch: id.epoch,
    };
    await this.#snapshots.write(id, snapshotBatches(head, values));
    return true;
  }

  // Views.

  describeQuorum(): QuorumDescription | null {
    if (!this.#quorum.isLeader) return null;
    const { clock, nodeId, log } = this.#options;
    const nowMs = clock.nowMs();
    return {
      leaderId: nodeId,
      leaderEpoch: this.#quorum.epoch,
      highWatermark: this.#quorum.highWatermark,
      voters: this.#quorum.voters.map((voter) => ({
        replicaId: voter.id,
        directoryId: voter.directoryId,
        logEndOffset: log.endOffset(),
        lastFetchTimestampMs: nowMs,
        lastCaughtUpTimestampMs: nowMs,
      })),
      observers: [],
      nodes: this.#quorum.voters.map((voter) => ({ id: voter.id, listeners: voter.endpoints })),
    };
  }
}

const RETRY_ELECTION_MS = 250;
