/**
 * Three replicas of one partition on real logs, a controller in a few lines, and a network that a seed decides: metadata
 * comes late, fetches and their answers are held back or lost, proposals are applied without their answer coming home.
 * After every step the promises of replication are checked.
 */
import { lookAtPartitions, type PartitionRead } from '../../src/broker/fetch-read.ts';
import type { IsrAnswer, IsrProposal } from '../../src/broker/isr-proposal.ts';
import { Partition, type PartitionState } from '../../src/broker/partition.ts';
import { appendFetched, followOffsets, truncateToDivergence } from '../../src/broker/partition-follower.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import {
  batch,
  FakeClock,
  LineLogger,
  openLog,
  removeDirectory,
  SeededRandom,
  TOPIC_ID,
  temporaryDirectory,
  testContext,
} from '../storage/support.ts';

export interface GroupOptions {
  readonly seed: number;
  readonly minInsyncReplicas: number;
  readonly maxLagMs: number;
}

/** The metadata at one moment, as a broker may see it late. */
interface View {
  readonly state: PartitionState;
  readonly fenced: ReadonlySet<number>;
}

interface Request {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
  readonly logStartOffset: number;
}

interface Replica {
  readonly id: number;
  readonly partition: Partition;
  readonly directory: string;
  view: number;
  request: Request | null;
  answer: { readonly read: PartitionRead; readonly records: Buffer; readonly leaderEpoch: number } | null;
  proposals: IsrProposal[];
  answers: { readonly proposal: IsrProposal; readonly answer: IsrAnswer }[];
  highWatermark: number;
}

interface Written {
  readonly offset: number;
  readonly leaderEpoch: number;
}

const IDS = [1, 2, 3];
const brokerEpochOf = (id: number): number => 100 + id;

export class ReplicaGroup {
  readonly #random: SeededRandom;
  readonly #clock = new FakeClock();
  readonly #logger = new LineLogger();
  readonly #views: View[];
  readonly #replicas: Replica[];
  readonly acked: Written[] = [];
  refused = 0;
  elections = 0;

  constructor(options: GroupOptions) {
    this.#random = new SeededRandom(options.seed);
    const state = { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: IDS, isr: IDS, leaderRecoveryState: 0 };
    this.#views = [{ state, fenced: new Set() }];
    this.#replicas = IDS.map((id) => this.#replica(id, options));
    for (const { partition } of this.#replicas) partition.applyState(state);
  }

  /** One thing happens. */
  step(): void {
    const replica = this.#replicas[this.#random.int(IDS.length)] as Replica;
    const dice = this.#random.int(100);
    if (dice < 16) this.#append(replica);
    else if (dice < 35) this.#send(replica);
    else if (dice < 54) this.#arrive(replica);
    else if (dice < 73) this.#receive(replica);
    else if (dice < 81) this.#seeLater(replica);
    else if (dice < 86) for (const one of this.#replicas) this.#decide(one);
    else if (dice < 91) for (const one of this.#replicas) this.#hear(one);
    else if (dice < 95) this.#changeFencing(replica);
    else if (dice < 98) this.#passTime();
    else this.#lose(replica);
    this.#check();
  }

  /** No more faults: everything that is under way arrives until nothing is left to do. */
  heal(): void {
    for (const { id } of this.#replicas) if (this.#now.fenced.has(id)) this.#unfence(id);
    for (let round = 0; round < 60; round++) {
      for (const replica of this.#replicas) {
        while (replica.view < this.#views.length - 1) this.#seeMetadata(replica);
        this.#send(replica);
        this.#arrive(replica);
        this.#receive(replica);
        this.#decide(replica);
        this.#hear(replica);
        this.#check();
      }
    }
  }

  get isr(): readonly number[] {
    return this.#now.state.isr;
  }

  ends(): number[] {
    return this.#replicas.map(({ partition }) => partition.log.logEndOffset);
  }

  highWatermarks(): number[] {
    return this.#replicas.map(({ partition }) => partition.log.highWatermark);
  }

  async close(): Promise<void> {
    for (const { partition, directory } of this.#replicas) {
      await partition.log.close();
      removeDirectory(directory);
    }
  }

  get #now(): View {
    return this.#views.at(-1) as View;
  }

  #replica(id: number, options: GroupOptions): Replica {
    const directory = temporaryDirectory();
    const replica: Replica = {
      id,
      directory,
      view: 0,
      request: null,
      answer: null,
      proposals: [],
      answers: [],
      highWatermark: 0,
      partition: new Partition({
        topic: 't',
        id: 0,
        log: openLog(testContext(), directory),
        settings: () => ({
          minInsyncReplicas: options.minInsyncReplicas,
          compressionType: 'producer',
          compressionLevel: undefined,
          leaderThrottled: new Set(),
          followerThrottled: new Set(),
        }),
        around: {
          nodeId: id,
          clock: this.#clock,
          logger: this.#logger,
          maxLagMs: () => options.maxLagMs,
          brokerEpoch: () => brokerEpochOf(id),
          peer: (other) => ({
            epoch: brokerEpochOf(other),
            fenced: (this.#views[replica.view] as View).fenced.has(other),
            inControlledShutdown: false,
          }),
          propose: (proposal) => void replica.proposals.push(proposal),
        },
      }),
    };
    return replica;
  }

  /** Whoever believes that it leads takes writes. */
  #append({ partition }: Replica): void {
    try {
      const { lastOffset } = partition.append(batch(), true);
      const written = { offset: lastOffset, leaderEpoch: partition.leaderEpoch };
      partition.onCommitted(lastOffset, (code) => {
        if (code === ErrorCode.NONE) this.acked.push(written);
        else this.refused++;
      });
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
    }
  }

  #send(replica: Replica): void {
    const { partition } = replica;
    if (replica.request || replica.answer || partition.isLeader || partition.leader < 0) return;
    replica.request = {
      leader: partition.leader,
      leaderEpoch: partition.leaderEpoch,
      fetchOffset: partition.log.logEndOffset,
      lastFetchedEpoch: partition.log.latestEpoch,
      logStartOffset: partition.log.logStartOffset,
    };
  }

  #arrive(replica: Replica): void {
    const { request } = replica;
    if (!request) return;
    replica.request = null;
    const leader = this.#replicas.find(({ id }) => id === request.leader) as Replica;
    const wanted = {
      ...request,
      topic: 't',
      topicId: TOPIC_ID,
      partition: 0,
      currentLeaderEpoch: request.leaderEpoch,
      maxBytes: 1 + this.#random.int(400),
    };
    const member = { key: '', request: wanted, partition: null, highWatermark: -1, logStartOffset: -1 };
    const reader = { replicaId: replica.id, brokerEpoch: brokerEpochOf(replica.id), leaderOnly: true };
    const look = lookAtPartitions(
      {
        find: () => leader.partition,
        logger: this.#logger,
        reader: { ...reader, preferredReplica: null, isThrottled: null },
      },
      { members: [member], incremental: false },
      { maxBytes: 1 << 20, arrivedMs: this.#clock.monotonicMs() },
    );
    const read = look.reads[0] as PartitionRead;
    const slice = read.records as { toBuffer(): Buffer } | null;
    const records = slice === null ? Buffer.alloc(0) : Buffer.from(slice.toBuffer());
    replica.answer = { read, records, leaderEpoch: request.leaderEpoch };
  }

  #receive(replica: Replica): void {
    const { answer, partition } = replica;
    replica.answer = null;
    if (!answer || partition.isLeader || partition.leaderEpoch !== answer.leaderEpoch) return;
    const { read, records } = answer;
    if (read.errorCode !== ErrorCode.NONE) return;
    if (read.diverging) truncateToDivergence(partition.log, read.diverging, this.#logger);
    else {
      appendFetched(partition.log, records, answer.leaderEpoch);
      followOffsets(partition, read);
    }
  }

  /** Some steps, one by one or all at once. */
  #seeLater(replica: Replica): void {
    const steps = 1 + this.#random.int(4);
    if (this.#random.int(2) === 0) this.#seeMetadata(replica, steps);
    else for (let i = 0; i < steps; i++) this.#seeMetadata(replica);
  }

  #seeMetadata(replica: Replica, steps = 1): void {
    if (replica.view === this.#views.length - 1) return;
    replica.view = Math.min(replica.view + steps, this.#views.length - 1);
    const { partition } = replica;
    const before = partition.leaderEpoch;
    partition.applyState((this.#views[replica.view] as View).state);
    if (partition.leaderEpoch !== before) {
      replica.request = null;
      replica.answer = null;
    }
  }

  /** The controller takes a proposal; now and then its answer is lost and the proposal comes again. */
  #decide(replica: Replica): void {
    replica.proposals = replica.proposals.filter((proposal) => proposal.isCurrent());
    const proposal = replica.proposals[0];
    if (!proposal) return;
    const answer = this.#alter(proposal);
    if (this.#random.int(4) === 0) return;
    replica.proposals.shift();
    replica.answers.push({ proposal, answer });
  }

  #alter(proposal: IsrProposal): IsrAnswer {
    const { state, fenced } = this.#now;
    const refusal = { ...state, leaderId: state.leader, isr: [...state.isr] };
    if (proposal.leaderEpoch !== state.leaderEpoch) {
      return { ...refusal, errorCode: ErrorCode.FENCED_LEADER_EPOCH };
    }
    if (proposal.partitionEpoch !== state.partitionEpoch) {
      return { ...refusal, errorCode: ErrorCode.INVALID_UPDATE_VERSION };
    }
    const isr = proposal.isr.map(({ brokerId }) => brokerId);
    if (isr.some((id) => fenced.has(id))) return { ...refusal, errorCode: ErrorCode.INELIGIBLE_REPLICA };
    this.#change({ isr });
    const now = this.#now.state;
    return { ...now, leaderId: now.leader, errorCode: ErrorCode.NONE };
  }

  #hear(replica: Replica): void {
    const heard = replica.answers.shift();
    if (heard?.proposal.answered(heard.answer)) replica.proposals.push(heard.proposal);
  }

  /** A session runs out, or a broker comes back. Its process goes on either way. */
  #changeFencing({ id }: Replica): void {
    const leader = this.#now.state.leader;
    if (this.#now.fenced.has(id)) this.#unfence(id);
    else if (this.#random.int(4) === 0) this.#fence(this.#random.int(2) === 0 && leader > 0 ? leader : id);
  }

  #fence(id: number): void {
    const { state, fenced } = this.#now;
    this.#views.push({ state, fenced: new Set([...fenced, id]) });
    const others = state.isr.filter((other) => other !== id);
    const isr = others.length === 0 ? state.isr : others;
    if (state.leader !== id) {
      if (isr.length !== state.isr.length) this.#change({ isr });
      return;
    }
    const leader = isr.find((other) => !this.#now.fenced.has(other)) ?? -1;
    this.#change({ isr, leader });
  }

  #unfence(id: number): void {
    const { state, fenced } = this.#now;
    this.#views.push({ state, fenced: new Set([...fenced].filter((other) => other !== id)) });
    if (state.leader < 0 && state.isr.includes(id)) this.#change({ leader: id });
  }

  #change(change: Partial<PartitionState>): void {
    const { state, fenced } = this.#now;
    const leaderEpoch = state.leaderEpoch + (change.leader === undefined ? 0 : 1);
    if (change.leader !== undefined) this.elections++;
    this.#views.push({ state: { ...state, ...change, leaderEpoch, partitionEpoch: state.partitionEpoch + 1 }, fenced });
  }

  #passTime(): void {
    this.#clock.ms += this.#random.int(12_000);
    for (const { partition } of this.#replicas) partition.maybeShrinkIsr();
  }

  #lose(replica: Replica): void {
    if (this.#random.int(2) === 0) replica.request = null;
    else replica.answer = null;
  }

  #check(): void {
    const members = this.#replicas.filter(({ id }) => this.isr.includes(id));
    for (const replica of this.#replicas) {
      const { highWatermark } = replica.partition.log;
      if (highWatermark < replica.highWatermark) {
        throw new Error(`the high watermark of ${replica.id} went from ${replica.highWatermark} to ${highWatermark}`);
      }
      replica.highWatermark = highWatermark;
      for (const member of members) {
        if (member.partition.log.logEndOffset >= highWatermark) continue;
        throw new Error(`${replica.id} has committed up to ${highWatermark}, which ${member.id} of the ISR has not`);
      }
    }
    for (const { offset, leaderEpoch } of this.acked) {
      for (const { id, partition } of members) {
        const { log } = partition;
        if (log.logEndOffset > offset && log.leaderEpochAt(offset) === leaderEpoch) continue;
        throw new Error(`${id} of the ISR lacks the acknowledged record ${offset} of epoch ${leaderEpoch}`);
      }
    }
  }
}
