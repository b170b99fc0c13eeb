/**
 * Several RaftNodes in memory under one seed: a network that loses, delays and cuts, logs that are durable only after a
 * while, crashes that lose the rest. It watches over what must never happen.
 */
import { expect } from 'vitest';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import { forEachBatch, nextOffsetAt } from '../../src/protocol/batch.ts';
import type { NodeAddress, RaftAnswer, RaftAsk } from '../../src/raft/messages.ts';
import type { CommittedBatch, LeaderAndEpoch, RaftListener, SnapshotReader } from '../../src/raft/raft-client.ts';
import type { RaftTransport, RaftTransportEvents } from '../../src/raft/raft-log.ts';
import { RaftNode } from '../../src/raft/raft-node.ts';
import type { RaftNodeOptions } from '../../src/raft/raft-options.ts';
import { snapshotBytes } from '../../src/raft/snapshot-files.ts';
import { SUPPORTED_KRAFT_VERSION, staticVoter, type Voter } from '../../src/raft/voters.ts';
import { ManualTime } from '../support/manual-time.ts';
import { Seeded } from '../support/sim/seeded.ts';
import { MemoryFiles, MemoryRaftLog, settle } from './support.ts';

const DIRECTORY = '/meta/__cluster_metadata-0';
const MAX_DELAY_MS = 8;
const SLOW_SYNC_MS = 200;

export function directoryIdOf(id: number): string {
  return `${String.fromCharCode(64 + id)}EXY6aqzQY-32P5TStzaFg`;
}

/** Remembers how far it is durable. */
class SlowLog extends MemoryRaftLog {
  durable = 0;
  /** No fsync ever ends. */
  isStuck = false;
  /** Until there is space again, what is appended waits in memory and cannot be read. */
  isFull = false;
  readonly #pause: () => Promise<void>;

  constructor(pause: () => Promise<void>) {
    super();
    this.#pause = pause;
  }

  override async sync(): Promise<void> {
    const end = this.endOffset();
    await this.#pause();
    if (this.isStuck) await new Promise<never>(() => {});
    while (this.isFull) await this.#pause();
    this.durable = Math.max(this.durable, end);
  }

  override read(offset: number): Uint8Array {
    if (!this.isFull) return super.read(offset);
    return Buffer.concat(
      this.batches.filter((batch) => nextOffsetAt(batch, 0) > offset && nextOffsetAt(batch, 0) <= this.durable),
    );
  }

  override truncateTo(offset: number): void {
    super.truncateTo(offset);
    this.durable = Math.min(this.durable, offset);
  }

  override truncateFully(to: { endOffset: number; epoch: number }): void {
    super.truncateFully(to);
    this.durable = to.endOffset;
  }

  /** Power is lost: what was not synced is gone, all of it or its end. */
  crash(keepUpTo: number): void {
    const end = Math.max(this.durable, keepUpTo);
    this.batches = this.batches.filter((batch) => {
      let last = 0;
      forEachBatch(batch, (bytes, at) => {
        last = Number(Buffer.from(bytes).readBigInt64BE(at)) + Buffer.from(bytes).readInt32BE(at + 23) + 1;
      });
      return last <= end;
    });
  }
}

/** What one incarnation of a node has been told. */
class Watcher implements RaftListener {
  readonly #world: QuorumWorld;
  readonly #id: number;
  #next = 0;
  state: string[] = [];

  constructor(world: QuorumWorld, id: number) {
    this.#world = world;
    this.#id = id;
  }

  onSnapshot(snapshot: SnapshotReader): void {
    expect(snapshot.id.endOffset).toBeGreaterThanOrEqual(this.#next);
    this.#next = snapshot.id.endOffset;
    this.state = [...snapshot.batches()].flat().map((value) => Buffer.from(value).toString());
    // Every snapshot of the same place holds the same.
    this.#world.agree(`state before ${this.#next}`, this.state.join(' '), this.#id);
  }

  onCommit(batch: CommittedBatch): void {
    expect(batch.baseOffset).toBe(this.#next);
    this.#next = batch.lastOffset + 1;
    const values = batch.values.map((value) => Buffer.from(value).toString());
    this.state.push(...values);
    const text = `e${batch.epoch} to ${batch.lastOffset} [${values.join(' ')}]`;
    this.#world.agree(`batch at ${batch.baseOffset}`, text, this.#id);
    this.#world.agree(`state before ${this.#next}`, this.state.join(' '), this.#id);
  }

  onLeaderChange(_leader: LeaderAndEpoch): void {}

  get next(): number {
    return this.#next;
  }
}

export interface Member {
  readonly id: number;
  readonly files: MemoryFiles;
  readonly log: SlowLog;
  node: RaftNode;
  watcher: Watcher;
  isUp: boolean;
  /** Changes with each start: answers for an earlier life are lost. */
  life: number;
  highWatermark: number;
  fatal: unknown;
  /** Of this life. */
  whenGone: PromiseWithResolvers<null>;
}

export interface WorldOptions {
  readonly seed: number;
  readonly voters: number;
  readonly dynamic?: boolean;
  readonly prompt?: boolean;
  readonly retentionBytes?: number;
}

export class QuorumWorld {
  readonly time = new ManualTime(1_000_000);
  readonly random: Seeded;
  readonly members = new Map<number, Member>();
  readonly #options: WorldOptions;
  readonly #leaders = new Map<number, number>();
  readonly #agreed = new Map<string, { text: string; by: number }>();
  /** `from>to` pairs that carry nothing. */
  readonly cut = new Set<string>();
  lossPercent = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = new Seeded(`quorum ${options.seed}`);
    for (let id = 1; id <= options.voters; id++) this.add(id);
  }

  get isDynamic(): boolean {
    return this.#options.dynamic === true;
  }

  #voters(): Voter[] {
    const ids = Array.from({ length: this.#options.voters }, (_, index) => index + 1);
    if (this.#options.dynamic !== true) return ids.map((id) => staticVoter(id, endpointOf(id)));
    return ids.map((id) => ({
      id,
      directoryId: directoryIdOf(id),
      endpoints: [endpointOf(id)],
      kraftVersion: SUPPORTED_KRAFT_VERSION,
    }));
  }

  /** A node that is not started yet; of a dynamic quorum those beyond the first know no voters. */
  add(id: number): Member {
    const files = new MemoryFiles();
    const log = new SlowLog(() => this.pause(this.random.int(this.random.int(3) === 0 ? SLOW_SYNC_MS : MAX_DELAY_MS)));
    if (this.#options.dynamic === true && id <= this.#options.voters) {
      const head = { lastContainedLogTimestampMs: 5, kraftVersion: 1, voters: this.#voters(), nowMs: 5, epoch: 0 };
      files.content.set(`${DIRECTORY}/00000000000000000000-0000000000.checkpoint`, snapshotBytes(head, []));
    }
    const member = { id, files, log, isUp: false, life: 0, highWatermark: -1, fatal: null } as unknown as Member;
    this.members.set(id, member);
    return member;
  }

  start(id: number, options: Partial<RaftNodeOptions> = {}): void {
    const member = this.member(id);
    member.isUp = true;
    member.life++;
    member.whenGone = Promise.withResolvers();
    member.highWatermark = -1;
    const { life } = member;
    member.node = new RaftNode({
      nodeId: id,
      directoryId: directoryIdOf(id),
      clusterId: 'c',
      log: member.log,
      directory: DIRECTORY,
      staticVoters: this.#options.dynamic === true ? null : this.#voters(),
      localEndpoints: [endpointOf(id)],
      listenerNames: ['CONTROLLER'],
      bootstrapServers: this.#voters().map((voter) => ({ host: 'n', port: voter.id })),
      retentionBytes: this.#options.retentionBytes ?? -1,
      retentionMs: -1,
      transport: this.#transport(id, life),
      prompt: this.#options.prompt ?? false,
      random: this.random,
      snapshotMaxBytes: 100,
      files: member.files.asFiles(),
      clock: this.time,
      timers: {
        after: (delayMs, run) => this.time.after(delayMs, () => member.life === life && member.isUp && run()),
        soon: (run) => this.time.soon(() => member.life === life && member.isUp && run()),
      },
      logger: SILENT_LOGGER,
      onFatal: (cause) => {
        member.fatal = cause;
      },
      ...options,
    });
    member.watcher = new Watcher(this, id);
    member.node.register(member.watcher);
    member.node.start();
  }

  startAll(): void {
    for (const id of this.members.keys()) this.start(id);
  }

  crash(id: number): void {
    const member = this.member(id);
    member.isUp = false;
    member.life++;
    member.whenGone.resolve(null);
    const { log } = member;
    const span = log.endOffset() - log.startOffset() + 1;
    log.crash(this.random.int(2) === 0 ? 0 : log.startOffset() + this.random.int(span));
  }

  member(id: number): Member {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`there is no node ${id}`);
    return member;
  }

  get up(): Member[] {
    return [...this.members.values()].filter(({ isUp }) => isUp);
  }

  leader(): Member | null {
    const leading = this.up.filter(({ id, node }) => node.leaderAndEpoch().leaderId === id);
    return leading.sort((a, b) => b.node.leaderAndEpoch().epoch - a.node.leaderAndEpoch().epoch)[0] ?? null;
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.time.after(ms, resolve));
  }

  #transport(from: number, life: number): RaftTransport {
    let events: RaftTransportEvents = { refused: () => {} };
    const isAlive = (): boolean => this.member(from).isUp && this.member(from).life === life;
    return {
      start: (to) => {
        events = to;
      },
      send: async (to, ask, timeoutMs) => {
        const answer = await this.#carry(from, to, ask, timeoutMs).catch((error: Error) => error);
        // A node that is gone hears nothing any more.
        if (!isAlive()) return new Promise<RaftAnswer>(() => {});
        if (!(answer instanceof Error)) return answer;
        if (answer.message === 'refused') events.refused(to);
        throw answer;
      },
      kraftVersionsOf: async (address) => {
        if (this.members.get(address.port)?.isUp !== true) throw new Error('refused');
        return SUPPORTED_KRAFT_VERSION;
      },
      close: () => {},
    };
  }

  async #carry(from: number, to: NodeAddress, ask: RaftAsk, timeoutMs: number): Promise<RaftAnswer> {
    const target = this.members.get(to.port);
    await this.pause(1 + this.random.int(MAX_DELAY_MS));
    if (target === undefined) throw new Error('refused');
    if (this.#isLost(from, target.id)) return this.#silence(timeoutMs);
    if (!target.isUp) throw new Error('refused');
    const { life } = target;
    const answer = await Promise.race([target.node.handle(structuredClone(ask)), target.whenGone.promise]);
    // The process has ended and with it the connection; the next one is refused.
    if (answer === null) throw new Error('refused');
    await this.pause(1 + this.random.int(MAX_DELAY_MS));
    if (target.life !== life || this.#isLost(target.id, from)) return this.#silence(timeoutMs);
    return structuredClone(answer);
  }

  async #silence(timeoutMs: number): Promise<never> {
    await this.pause(timeoutMs);
    throw new Error('no answer');
  }

  #isLost(from: number, to: number): boolean {
    return this.cut.has(`${from}>${to}`) || this.random.int(100) < this.lossPercent;
  }

  /** Lets time pass, and looks at everything after each step. */
  async run(ms: number): Promise<void> {
    const end = this.time.nowMs() + ms;
    while (this.time.nowMs() < end) {
      this.time.advance(Math.min(2, end - this.time.nowMs()));
      await settle();
      this.check();
    }
  }

  check(): void {
    for (const member of this.up) {
      if (member.fatal !== null) throw member.fatal;
      const { leaderId, epoch } = member.node.leaderAndEpoch();
      if (leaderId === member.id) {
        const known = this.#leaders.get(epoch) ?? member.id;
        expect(known, `two leaders of epoch ${epoch}`).toBe(member.id);
        this.#leaders.set(epoch, member.id);
      }
      const highWatermark = member.node.highWatermark();
      expect(highWatermark, `the high watermark of node ${member.id}`).toBeGreaterThanOrEqual(member.highWatermark);
      member.highWatermark = highWatermark;
    }
  }

  /** Whoever is told of the same thing is told the same. */
  agree(what: string, text: string, by: number): void {
    const known = this.#agreed.get(what);
    if (known === undefined) this.#agreed.set(what, { text, by });
    else expect(text, `${what}: node ${by} against node ${known.by}`).toBe(known.text);
  }

  /** After the last fault: everybody is up, agrees on a leader, and has all that was committed. */
  async heal(boundMs: number): Promise<void> {
    this.cut.clear();
    this.lossPercent = 0;
    for (const member of this.members.values()) if (!member.isUp) this.start(member.id);
    for (let waited = 0; waited < boundMs; waited += 50) {
      await this.run(50);
      if (await this.isWhole()) return;
    }
    const where = this.up.map(
      ({ id, node, log }) =>
        `${id}: ${JSON.stringify(node.leaderAndEpoch())} hw ${node.highWatermark()} end ${log.endOffset()}`,
    );
    throw new Error(`not healed after ${boundMs} ms\n${where.join('\n')}`);
  }

  async isWhole(): Promise<boolean> {
    const leader = this.leader();
    if (leader === null) return false;
    const { epoch } = leader.node.leaderAndEpoch();
    const end = leader.log.endOffset();
    return this.up.every(
      ({ node, log, watcher }) =>
        node.leaderAndEpoch().leaderId === leader.id &&
        node.leaderAndEpoch().epoch === epoch &&
        log.endOffset() === end &&
        node.highWatermark() === end &&
        watcher.next === end,
    );
  }
}

export function endpointOf(id: number) {
  return { name: 'CONTROLLER', host: 'n', port: id };
}
