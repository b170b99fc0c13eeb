/**
 * Drives the quorum over a log and a transport: makes election state durable before acting on it, appends what the
 * leader is given, shares one fsync among all that waits for it, follows another leader, and hands committed batches to
 * listeners in order.
 *
 * Invariants: no message and no answer leaves before the election state it rests on is durable; a batch counts for this
 * voter only after its fsync; a failed write or fsync stops the node and is never retried.
 */
import { assert } from '../base/assert.ts';
import { causeText } from '../base/logger.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { AddressBook } from './address-book.ts';
import { AppendQueue } from './append-queue.ts';
import { CommittedDelivery } from './committed-delivery.ts';
import { type ControlContent, controlBatch, kraftVersionRecord, kraftVotersRecord } from './control-records.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { dynamicVoter, epochRecords } from './epoch-records.ts';
import { FetchServer } from './fetch-server.ts';
import { LogFollower } from './log-follower.ts';
import { LogSync } from './log-sync.ts';
import { Membership } from './membership.ts';
import type { BeginAsk, NodeAddress, RaftAnswer, RaftAsk } from './messages.ts';
import { Quorum } from './quorum.ts';
import { describe } from './quorum-description.ts';
import { loadQuorumLog, refuseUnknownVersion } from './quorum-log.ts';
import { type AnsweredStep, DEFAULT_TIMEOUTS, type QuorumSend, type QuorumStep } from './quorum-options.ts';
import { NO_ELECTION, QuorumStateFile } from './quorum-state.ts';
import {
  type LeaderAndEpoch,
  NotLeaderError,
  type QuorumDescription,
  type RaftClient,
  type RaftListener,
  type SnapshotId,
} from './raft-client.ts';
import type { RaftNodeOptions } from './raft-options.ts';
import { repeat } from './repeat.ts';
import { SnapshotFiles, snapshotBatches } from './snapshot-files.ts';
import { cleanSnapshots } from './snapshot-retention.ts';
import { VoterHistory } from './voter-history.ts';
import { VoterNews } from './voter-news.ts';
import type { Voter } from './voters.ts';

const CLEAN_INTERVAL_MS = 60_000;
/** How long a leader that stops waits for the voters to acknowledge it. */
const FAREWELL_MS = 500;
const NO_RANDOM = { bytes: (size: number) => new Uint8Array(size), int: () => 0 };
const DEFAULT_MAX_BYTES = 1 << 20;
/** After so many fetch timeouts a follower looks whether the voters know it as it is. */
const NEWS_FACTOR = 3;
/** A leader whose disk has taken nothing for so many fetch timeouts holds up everybody. */
const STALL_FACTOR = 1.5;

export class RaftNode implements RaftClient {
  readonly #options: RaftNodeOptions;
  readonly #snapshots: SnapshotFiles;
  readonly #quorumState: QuorumStateFile;
  readonly #queue: AppendQueue;
  readonly #book: AddressBook;
  readonly #delivery: CommittedDelivery;
  readonly #fetchServer: FetchServer;
  readonly #follower: LogFollower;
  readonly #membership: Membership;
  readonly #news: VoterNews;
  #history = new VoterHistory({ kraftVersion: 0, voters: [] });
  #quorum: Quorum;
  readonly #sync: LogSync;
  readonly #timer: DeadlineTimer;
  #farewell: (() => void) | null = null;
  #started = false;
  #closed = false;

  constructor(options: RaftNodeOptions) {
    this.#options = options;
    const { nodeId, log, timers, clock, localEndpoints } = options;
    this.#snapshots = new SnapshotFiles(options.files, timers, options.directory);
    this.#quorumState = new QuorumStateFile(options.files, `${options.directory}/quorum-state`);
    this.#queue = new AppendQueue(timers, clock, (batch) => this.#appendBatch(batch));
    this.#book = new AddressBook({
      localId: nodeId,
      listenerNames: options.listenerNames ?? [],
      localEndpoints,
      bootstrapServers: options.bootstrapServers ?? [],
      random: options.random ?? NO_RANDOM,
    });
    this.#quorum = this.#makeQuorum();
    this.#timer = new DeadlineTimer(clock, timers, () => {
      this.#event(() => this.#take(this.#quorum.tick(this.#now())));
    });
    this.#delivery = new CommittedDelivery(log, this.#snapshots, () => ({
      highWatermark: this.#quorum.highWatermark,
      leader: this.leaderAndEpoch(),
      epochStartOffset: this.#quorum.epochStartOffset,
    }));
    this.#sync = new LogSync({
      log,
      isClosed: () => this.#closed,
      nowMs: () => this.#now(),
      durable: (offset) => {
        if (this.#quorum.localLogIsDurable(offset)) this.#committed();
        // What others have committed may have waited for space on this disk.
        else if (!this.#closed) this.#delivery.deliver();
      },
      failed: (error) => this.#fail(error),
    });
    this.#fetchServer = this.#makeFetchServer();
    this.#follower = this.#makeFollower();
    this.#membership = this.#makeMembership();
    this.#news = this.#makeNews();
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
    const { log, staticVoters, transport } = this.#options;
    this.#snapshots.open();
    this.#history = loadQuorumLog(log, this.#snapshots, staticVoters);
    this.#book.updateVoters(this.#history.latest.voters);
    this.#quorum = this.#makeQuorum();
    this.#queue.startAt(log.endOffset());
    transport?.start({ refused: (address) => this.#refused(address) });
    if (transport) this.#watchOthers();
    this.#event(() => this.#take(this.#quorum.tick(this.#now())));
    repeat(this.#options.timers, CLEAN_INTERVAL_MS, () => {
      this.#event(() => cleanSnapshots(this.#snapshots, this.#options));
      return !this.#closed;
    });
  }

  #watchOthers(): void {
    const { timers, logger, timeouts = DEFAULT_TIMEOUTS } = this.#options;
    this.#news.start();
    const patienceMs = timeouts.fetchMs * STALL_FACTOR;
    repeat(timers, Math.max(1, timeouts.fetchMs), () => {
      const isAlone = this.#quorum.voters.length <= 1;
      if (this.#quorum.isLeader && !isAlone && this.#sync.waitedMs(this.#now()) > patienceMs) {
        logger.warn('The metadata log cannot be written: another voter is to lead');
        this.resign(this.#quorum.epoch);
      }
      return !this.#closed;
    });
  }

  /** Writes and syncs what is scheduled; a leader tells the others that it goes. The log belongs to who made it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#started) {
      this.#queue.drain();
      await this.#sync.whenDurable();
      await this.#sayFarewell();
    }
    this.#closed = true;
    this.#timer.cancel();
    this.#fetchServer.wake();
    this.#options.transport?.close();
  }

  async #sayFarewell(): Promise<void> {
    if (this.#closed || !this.#quorum.isLeader || this.#quorum.voters.length <= 1) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#farewell = resolve;
    const timer = this.#options.timers.after(FAREWELL_MS, resolve, { unref: true });
    this.#event(() => this.#take(this.#quorum.resign(this.#now())));
    await promise;
    timer.cancel();
  }

  #makeQuorum(): Quorum {
    const { nodeId, directoryId, clusterId, log, localEndpoints } = this.#options;
    return new Quorum({
      localId: nodeId,
      localDirectoryId: directoryId,
      clusterId,
      voters: this.#history.latest.voters,
      wasVoter: (end) => this.#history.wasVoter({ id: nodeId, directoryId }, end),
      canVote: this.#options.canVote ?? true,
      election: this.#started ? this.#quorumState.read() : NO_ELECTION,
      log: this.#started ? log : { endOffset: () => 0, lastEpoch: () => 0 },
      timeouts: this.#options.timeouts ?? DEFAULT_TIMEOUTS,
      random: this.#options.random ?? NO_RANDOM,
      prompt: this.#options.prompt ?? false,
      endpoints: localEndpoints,
      nowMs: this.#now(),
    });
  }

  #makeFetchServer(): FetchServer {
    const { clusterId, log, timers } = this.#options;
    return new FetchServer({
      clusterId,
      log,
      snapshots: this.#snapshots,
      timers,
      epoch: () => this.#quorum.epoch,
      isLeader: () => this.#quorum.isLeader && !this.#closed,
      highWatermark: () => this.#quorum.highWatermark,
      fetched: (ask) =>
        this.#event(() => {
          // One without an id is no replica: somebody only looks at the log.
          if (ask.replica.id >= 0 && this.#quorum.fetched(ask, this.#now())) this.#committed();
        }),
      fetchedSnapshot: (ask) => this.#quorum.leader?.fetchedSnapshot(ask.replica, this.#now()),
      answer: (errorCode) => this.#answer(errorCode),
    });
  }

  #makeFollower(): LogFollower {
    const { log, logger, clusterId } = this.#options;
    return new LogFollower({
      log,
      snapshots: this.#snapshots,
      book: this.#book,
      logger,
      clusterId,
      fetchMaxBytes: this.#options.fetchMaxBytes ?? DEFAULT_MAX_BYTES,
      snapshotMaxBytes: this.#options.snapshotMaxBytes ?? DEFAULT_MAX_BYTES,
      quorum: () => this.#quorum,
      history: () => this.#history,
      nowMs: () => this.#now(),
      isClosed: () => this.#closed,
      send: (to, ask) => this.#sendTo(to, ask),
      isDurable: () => this.#sync.isDurable,
      durable: () => this.#sync.whenDurable(),
      append: (bytes) => this.#appendFetched(bytes),
      truncateTo: (offset) => this.#truncateTo(offset),
      restartAt: (id) => this.#restartAt(id),
      votersChanged: () => this.#votersChanged(),
      deliver: () => this.#delivery.deliver(),
      take: (step) => this.#take(step),
      guard: (run) => this.#guard(run),
    });
  }

  #sendTo(to: NodeAddress, ask: RaftAsk): Promise<RaftAnswer> {
    const { transport, timeouts = DEFAULT_TIMEOUTS } = this.#options;
    return transport?.send(to, ask, timeouts.requestMs) ?? Promise.reject(new Error('there is no network'));
  }

  #makeMembership(): Membership {
    const { clusterId, timers, transport, listenerNames = [], timeouts = DEFAULT_TIMEOUTS } = this.#options;
    return new Membership({
      clusterId,
      timers,
      requestTimeoutMs: timeouts.requestMs,
      listenerName: listenerNames[0],
      quorum: () => this.#quorum,
      history: () => this.#history,
      nowMs: () => this.#now(),
      answer: (errorCode, errorMessage = null) => ({ ...this.#answer(errorCode), errorMessage }),
      appendVoters: (voters) => this.#appendControl([kraftVotersRecord(voters)], { voters }),
      kraftVersionsOf: (address) =>
        transport?.kraftVersionsOf(address, timeouts.requestMs) ?? Promise.reject(new Error('there is no network')),
    });
  }

  #makeNews(): VoterNews {
    const { clusterId, timers, localEndpoints, autoJoin, canVote, timeouts = DEFAULT_TIMEOUTS } = this.#options;
    return new VoterNews({
      clusterId,
      timers,
      localEndpoints,
      autoJoin: autoJoin ?? false,
      canVote: canVote ?? true,
      intervalMs: timeouts.fetchMs * NEWS_FACTOR,
      requestTimeoutMs: timeouts.requestMs,
      quorum: () => this.#quorum,
      history: () => this.#history,
      leader: () => this.leaderAddress(),
      send: (to, ask) => this.#sendTo(to, ask),
      isClosed: () => this.#closed,
    });
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  /** What fails here leaves the log in doubt: the node stops. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#closed = true;
    this.#options.onFatal(error);
  }

  #event(run: () => void): void {
    if (!this.#closed) this.#guard(run);
  }

  // The quorum.

  /** Durable first, then everything else that the step asks for. */
  #take(step: QuorumStep): void {
    if (step.election !== null) {
      const voterIds = this.#quorum.voters.map((voter) => voter.id);
      this.#quorumState.write(step.election, this.#history.latest.kraftVersion, voterIds);
    }
    if (step.lostLeadership) {
      this.#queue.drop(this.#options.log.endOffset());
      this.#membership.lostLeadership();
    }
    if (step.becameLeader) this.#beginEpoch();
    else if (step.changed) this.#sayRole();
    for (const send of step.sends) this.#send(send);
    if (step.changed) {
      this.#delivery.tellLeader();
      this.#fetchServer.wake();
    }
    if (this.#quorum.openFarewells === 0) this.#farewell?.();
    this.#follower.go();
    if (!this.#closed) this.#timer.arm(this.#quorum.deadlineMs());
  }

  #sayRole(): void {
    const { role, epoch, leaderId } = this.#quorum;
    const { logger, nodeId } = this.#options;
    logger.info(`Completed transition to ${role}(localId=${nodeId}, epoch=${epoch}, leaderId=${leaderId})`);
  }

  #send({ to, ask }: QuorumSend): void {
    const { transport, timeouts = DEFAULT_TIMEOUTS, logger } = this.#options;
    const address = this.#book.voter(to);
    const sent =
      transport && address !== null
        ? transport.send(address, ask, timeouts.requestMs)
        : Promise.reject(new Error(`there is no address of node ${to}`));
    sent.then(
      (answer) =>
        this.#event(() => {
          this.#book.learn(answer.nodes);
          this.#take(this.#quorum.answered(ask, answer, to, this.#now()));
        }),
      (error: unknown) => {
        logger.debug(`No answer to ${ask.kind} from node ${to}: ${causeText(error)}`);
        this.#event(() => this.#take(this.#quorum.failed(ask, to, this.#now())));
      },
    );
  }

  #refused(address: NodeAddress): void {
    if (address.id < 0 || (this.#options.prompt !== true && this.#farewell === null)) return;
    this.#event(() => this.#take(this.#quorum.gone(address.id, this.#now())));
  }

  /** A request of another node. */
  handle(ask: RaftAsk): RaftAnswer | Promise<RaftAnswer> {
    if (this.#closed || !this.#started) return this.#answer(ErrorCode.BROKER_NOT_AVAILABLE);
    switch (ask.kind) {
      case 'vote':
        return this.#answered(() => this.#quorum.vote(ask, this.#now()));
      case 'begin':
        return this.#answered(() => this.#begun(ask));
      case 'end':
        return this.#answered(() => this.#quorum.end(ask, this.#now()));
      case 'fetch':
        return this.#fetchServer.handle(ask);
      case 'snapshot':
        return this.#fetchServer.handleSnapshot(ask);
      case 'addVoter':
        return this.#membership.add(ask);
      case 'removeVoter':
        return this.#membership.remove(ask);
      case 'updateVoter':
        return this.#membership.update(ask);
    }
  }

  #answered(run: () => AnsweredStep): RaftAnswer {
    let answer: RaftAnswer | null = null;
    this.#event(() => {
      const result = run();
      this.#take(result.step);
      answer = result.answer;
    });
    return this.#withLeader(answer ?? this.#answer(ErrorCode.BROKER_NOT_AVAILABLE));
  }

  #begun(ask: BeginAsk): AnsweredStep {
    const result = this.#quorum.begin(ask, this.#now());
    const { leaderId, epoch } = result.answer;
    // Neither another cluster's leader nor an earlier one says where this one is.
    if (leaderId === ask.leaderId && epoch === ask.epoch) this.#book.learnEndpoints(leaderId, ask.endpoints);
    return result;
  }

  #answer(errorCode: number): RaftAnswer {
    const { leaderId, epoch } = this.#quorum;
    return this.#withLeader({ errorCode, errorMessage: null, leaderId, epoch, nodes: [] });
  }

  #withLeader(answer: RaftAnswer): RaftAnswer {
    const leader = answer.leaderId < 0 ? null : this.#book.leader(answer.leaderId);
    return leader === null ? answer : { ...answer, nodes: [leader] };
  }

  #beginEpoch(): void {
    const { log, nodeId, localEndpoints, logger } = this.#options;
    const { epoch, voters, leader } = this.#quorum;
    const baseOffset = log.endOffset();
    const { records, control } = epochRecords({
      leaderId: nodeId,
      granting: leader?.granting ?? [],
      voters,
      kraftVersion: this.kraftVersion(),
      localEndpoints,
      isFirst: baseOffset === 0,
    });
    logger.info(`Completed transition to Leader(localId=${nodeId}, epoch=${epoch}, epochStartOffset=${baseOffset})`);
    this.#quorum.epochBegins(baseOffset);
    this.#appendControl(records, control);
  }

  /** Appends a control batch as the leader; what it says of the quorum holds from here on. */
  #appendControl(records: Parameters<typeof controlBatch>[0], control: ControlContent): number {
    const { log, clock } = this.#options;
    const { epoch } = this.#quorum;
    this.#queue.drain();
    const baseOffset = log.endOffset();
    if (this.#history.take(baseOffset, control)) this.#votersChanged();
    this.#appendBatch(controlBatch(records, { baseOffset, epoch, nowMs: clock.nowMs() }));
    this.#queue.beginEpoch(epoch, log.endOffset());
    return baseOffset + records.length - 1;
  }

  #votersChanged(): void {
    const { voters } = this.#history.latest;
    refuseUnknownVersion(this.#history);
    this.#book.updateVoters(voters);
    if (this.#quorum.updateVoters(voters, this.#now())) this.#committed();
    // A leader has somebody else to tell now, and may need followers that it did not need before.
    if (this.#quorum.isLeader) this.#timer.arm(this.#quorum.deadlineMs());
  }

  leaderAndEpoch(): LeaderAndEpoch {
    return { leaderId: this.#quorum.leaderId, epoch: this.#quorum.epoch };
  }

  /** Where the leader listens for controllers and brokers; null while it, or that, is unknown. */
  leaderAddress(): NodeAddress | null {
    const { leaderId } = this.#quorum;
    return leaderId < 0 ? null : this.#book.leader(leaderId);
  }

  voters(): readonly Voter[] {
    return this.#quorum.voters;
  }

  highWatermark(): number {
    return this.#quorum.highWatermark;
  }

  nextOffset(): number {
    return this.#queue.nextOffset;
  }

  kraftVersion(): number {
    return this.#history.latest.kraftVersion;
  }

  resign(epoch: number): void {
    if (!this.#quorum.isLeader || this.#quorum.epoch !== epoch) return;
    this.#event(() => {
      this.#queue.drain();
      this.#take(this.#quorum.resign(this.#now()));
    });
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
    assert(level === 1 && this.kraftVersion() === 0, 'kraft.version goes from 0 to 1');
    const { nodeId, directoryId, localEndpoints } = this.#options;
    const local = { directoryId, endpoints: localEndpoints };
    const voters = this.#quorum.voters.map((voter) =>
      dynamicVoter(voter, voter.id === nodeId ? local : this.#membership.toldOf(voter.id)),
    );
    const records = [kraftVersionRecord(level), kraftVotersRecord(voters)];
    return this.#appendControl(records, { kraftVersion: level, voters });
  }

  #appendBatch(batch: Uint8Array): void {
    this.#guard(() => {
      this.#options.log.append(batch);
      this.#sync.begin();
      this.#fetchServer.wake();
    });
  }

  /** What a follower appends need not be durable before a node without a vote goes on. */
  #appendFetched(bytes: Uint8Array): void {
    const { log } = this.#options;
    log.append(bytes);
    this.#queue.startAt(log.endOffset());
    this.#sync.begin();
  }

  #truncateTo(offset: number): void {
    const { log } = this.#options;
    log.truncateTo(offset);
    this.#sync.truncated(offset);
    this.#queue.startAt(log.endOffset());
  }

  #restartAt(id: SnapshotId): void {
    const { log, logger, staticVoters } = this.#options;
    logger.info(`The metadata log goes on behind snapshot ${id.endOffset}-${id.epoch} of the leader`);
    const { control } = this.#snapshots.read(id);
    log.truncateFully(id);
    this.#sync.truncated(id.endOffset);
    this.#queue.startAt(log.endOffset());
    for (const older of this.#snapshots.ids) if (older.endOffset < id.endOffset) this.#snapshots.delete(older);
    this.#history.restart({
      kraftVersion: control.kraftVersion ?? 0,
      voters: control.voters ?? staticVoters ?? [],
    });
    this.#votersChanged();
  }

  /** The high watermark rose. */
  #committed(): void {
    this.#delivery.deliver();
    this.#fetchServer.wake();
    this.#membership.committed(this.#quorum.highWatermark);
    const isOut = this.#quorum.isLeader && !this.#quorum.isVoter;
    // A leader that was voted out goes once that is committed; not within the step that has committed it.
    if (isOut && this.#quorum.highWatermark > this.#history.latestOffset) {
      const { epoch } = this.#quorum;
      this.#options.timers.soon(() => this.resign(epoch));
    }
  }

  // Listeners.

  register(listener: RaftListener): () => void {
    const { catchUp, remove } = this.#delivery.add(listener);
    if (this.#started) this.#guard(catchUp);
    return remove;
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
    const { kraftVersion, voters } = this.#history.at(id.endOffset);
    const head = {
      lastContainedLogTimestampMs,
      kraftVersion,
      voters,
      nowMs: this.#options.clock.nowMs(),
      epoch: id.epoch,
    };
    await this.#snapshots.write(id, snapshotBatches(head, values));
    return true;
  }

  // Views.

  describeQuorum(): QuorumDescription | null {
    const { clock, nodeId, log } = this.#options;
    return describe(this.#quorum, { nodeId, logEndOffset: log.endOffset(), clock });
  }
}
