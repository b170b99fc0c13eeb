import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FetchWaiter } from '../../src/broker/fetch-waiter.ts';
import type { IsrProposal } from '../../src/broker/isr-proposal.ts';
import { Partition, type PartitionState } from '../../src/broker/partition.ts';
import { RECOVERING } from '../../src/metadata/image.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import {
  batch,
  LineLogger,
  openLog,
  removeDirectory,
  TOPIC_ID,
  temporaryDirectory,
  testContext,
} from '../storage/support.ts';
import { ManualTime } from '../support/manual-time.ts';

const MAX_LAG_MS = 30_000;

const time = new ManualTime();
let directory: string;
let partition: Partition;
let proposals: IsrProposal[];
let minInsyncReplicas: number;
let peers: Map<number, { epoch: number; fenced: boolean; inControlledShutdown: boolean }>;
let state: PartitionState;

beforeEach(() => {
  directory = temporaryDirectory();
  proposals = [];
  minInsyncReplicas = 1;
  peers = new Map([2, 3].map((id) => [id, { epoch: 100 + id, fenced: false, inControlledShutdown: false }]));
  state = { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1, 2, 3], isr: [1, 2, 3], leaderRecoveryState: 0 };
  partition = new Partition({
    topic: 't',
    id: 0,
    log: openLog(testContext(), directory),
    settings: () => ({
      minInsyncReplicas,
      compressionType: 'producer',
      compressionLevel: undefined,
      leaderThrottled: new Set(),
      followerThrottled: new Set(),
    }),
    around: {
      nodeId: 1,
      clock: time,
      logger: new LineLogger(),
      maxLagMs: () => MAX_LAG_MS,
      brokerEpoch: () => 101,
      peer: (id) => peers.get(id),
      propose: (proposal) => void proposals.push(proposal),
    },
  });
});

afterEach(async () => {
  await partition.log.close();
  removeDirectory(directory);
});

/** The metadata goes on: a leader that is named begins an epoch. */
function metadata(change: Partial<PartitionState> = {}): void {
  const leaderEpoch = state.leaderEpoch + (change.leader === undefined ? 0 : 1);
  state = { ...state, leaderEpoch, partitionEpoch: state.partitionEpoch + 1, ...change };
  partition.applyState(state);
}

function append(count = 1): void {
  for (let i = 0; i < count; i++) partition.append(batch(), false);
}

const fetched = (
  replicaId: number,
  fetchOffset: number,
  more: { brokerEpoch?: number; logStartOffset?: number } = {},
) =>
  partition.remoteFetched({
    replicaId,
    fetchOffset,
    brokerEpoch: more.brokerEpoch ?? 100 + replicaId,
    logStartOffset: more.logStartOffset ?? 0,
    nowMs: time.monotonicMs(),
  });

const highWatermark = () => partition.log.highWatermark;

/** The controller accepts the last proposal. */
function accept(proposal = proposals.at(-1) as IsrProposal): boolean {
  return proposal.answered({
    errorCode: 0,
    leaderId: 1,
    leaderEpoch: proposal.leaderEpoch,
    isr: proposal.isr.map(({ brokerId }) => brokerId),
    leaderRecoveryState: proposal.leaderRecoveryState,
    partitionEpoch: proposal.partitionEpoch + 1,
  });
}

function refuse(errorCode: number, proposal = proposals.at(-1) as IsrProposal): boolean {
  return proposal.answered({
    errorCode,
    leaderId: -1,
    leaderEpoch: -1,
    isr: [],
    leaderRecoveryState: 0,
    partitionEpoch: -1,
  });
}

const proposedIsr = () => proposals.at(-1)?.isr.map(({ brokerId }) => brokerId);

describe('the high watermark of a leader', () => {
  beforeEach(() => metadata());

  it('is where the slowest member of the ISR is', () => {
    append(3);
    expect(highWatermark()).toBe(0);
    fetched(2, 3);
    expect(highWatermark()).toBe(0);
    fetched(3, 2);
    expect(highWatermark()).toBe(2);
    fetched(3, 3);
    expect(highWatermark()).toBe(3);
  });

  it('never goes back, whatever a follower says', () => {
    append(3);
    fetched(2, 3);
    fetched(3, 3);
    fetched(3, 1);
    append();
    fetched(2, 4);
    expect(highWatermark()).toBe(3);
  });

  it('rises when the metadata takes a slow member out', () => {
    append(2);
    fetched(2, 2);
    metadata({ isr: [1, 2] });
    expect(highWatermark()).toBe(2);
  });

  it('stands while the ISR is below min.insync.replicas', () => {
    minInsyncReplicas = 2;
    metadata({ isr: [1] });
    append(2);
    fetched(2, 2, { brokerEpoch: 1 });
    expect(highWatermark()).toBe(0);
    metadata({ isr: [1, 2] });
    fetched(2, 2);
    expect(highWatermark()).toBe(2);
  });

  it('asks for no more members than there are replicas', () => {
    minInsyncReplicas = 5;
    append();
    fetched(2, 1);
    fetched(3, 1);
    expect(highWatermark()).toBe(1);
  });

  it('waits for a replica outside the ISR that keeps up, until it does not', () => {
    metadata({ isr: [1, 2] });
    append();
    peers.set(3, { epoch: 103, fenced: false, inControlledShutdown: false });
    fetched(2, 1);
    expect(highWatermark()).toBe(1);
    // It fetches at the end, so it is about to join: what comes now waits for it.
    fetched(3, 1);
    refuse(ErrorCode.INELIGIBLE_REPLICA);
    append();
    fetched(2, 2);
    expect(highWatermark()).toBe(1);
    time.sleep(MAX_LAG_MS + 1);
    fetched(2, 2);
    expect(highWatermark()).toBe(2);
  });

  it('does not wait for a replica outside the ISR whose broker is fenced', () => {
    metadata({ isr: [1, 2] });
    append();
    fetched(2, 1);
    fetched(3, 1);
    refuse(ErrorCode.INELIGIBLE_REPLICA);
    peers.set(3, { epoch: 103, fenced: true, inControlledShutdown: false });
    append();
    fetched(2, 2);
    expect(highWatermark()).toBe(2);
  });

  it.each([
    ['is fenced', { epoch: 103, fenced: true, inControlledShutdown: false }],
    ['leaves', { epoch: 103, fenced: false, inControlledShutdown: true }],
    ['has restarted', { epoch: 104, fenced: false, inControlledShutdown: false }],
  ])('rises as soon as the broker of a replica outside the ISR that kept up %s', (_what, peer) => {
    metadata({ isr: [1, 2] });
    append();
    fetched(3, 1);
    refuse(ErrorCode.INELIGIBLE_REPLICA);
    append();
    fetched(2, 2);
    const answers: number[] = [];
    partition.onCommitted(1, (code) => answers.push(code));
    partition.lookAgain();
    expect(highWatermark()).toBe(1);
    peers.set(3, peer);
    partition.lookAgain();
    expect([highWatermark(), answers]).toEqual([2, [0]]);
  });

  it('begins at what this replica knew when it became leader, and forgets where followers once were', () => {
    append(2);
    fetched(2, 2);
    fetched(3, 2);
    append();
    metadata({ leader: 2 });
    metadata({ leader: 1 });
    expect(highWatermark()).toBe(2);
    fetched(2, 3);
    expect(highWatermark()).toBe(2);
    fetched(3, 3);
    expect(highWatermark()).toBe(3);
  });

  it('forgets where followers were when there may have been another leader between, of whom nothing came here', () => {
    append(5);
    fetched(2, 3);
    fetched(3, 4);
    expect(highWatermark()).toBe(3);
    // Broker 2 led in the epoch that is passed over, and 3 has cut off what it had of this log above 3.
    metadata({ leader: 1, leaderEpoch: state.leaderEpoch + 2 });
    fetched(2, 5);
    expect(highWatermark()).toBe(3);
    fetched(3, 3);
    fetched(3, 5);
    expect(highWatermark()).toBe(5);
  });

  it('keeps what it knows of followers when the same leader goes on in a new epoch', () => {
    append(2);
    fetched(2, 2);
    metadata({ leader: 1 });
    fetched(3, 2);
    expect(highWatermark()).toBe(2);
  });
});

describe('a fetch of a follower', () => {
  beforeEach(() => metadata());

  it('counts only from a replica, of the broker as it is registered now', () => {
    append();
    expect(fetched(4, 1)).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect(fetched(2, 1, { brokerEpoch: 101 })).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(fetched(2, 1, { brokerEpoch: -1 })).toBe(ErrorCode.NONE);
    expect(fetched(2, 2)).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    metadata({ leader: 2 });
    expect(fetched(3, 1)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });
});

describe('acks=all', () => {
  beforeEach(() => metadata());

  const acknowledge = () => {
    const codes: number[] = [];
    const { lastOffset } = partition.append(batch(), true);
    partition.onCommitted(lastOffset, (code) => codes.push(code));
    return codes;
  };

  it('is refused before anything is written when the ISR is too small', () => {
    minInsyncReplicas = 2;
    metadata({ isr: [1] });
    expect(() => partition.append(batch(), true)).toThrow(
      expect.objectContaining({ code: ErrorCode.NOT_ENOUGH_REPLICAS }),
    );
    expect(partition.log.logEndOffset).toBe(0);
  });

  it('is answered when the last member of the ISR has it', () => {
    const codes = acknowledge();
    fetched(2, 1);
    expect(codes).toEqual([]);
    fetched(3, 1);
    expect(codes).toEqual([ErrorCode.NONE]);
  });

  it('is answered in the order of the offsets', () => {
    const order: number[] = [];
    for (const offset of [0, 1, 2]) {
      partition.append(batch(), true);
      partition.onCommitted(offset, () => order.push(offset));
    }
    partition.onCommitted(1, () => order.push(1.5));
    fetched(2, 3);
    fetched(3, 2);
    expect(order).toEqual([0, 1, 1.5]);
    fetched(3, 3);
    expect(order).toEqual([0, 1, 1.5, 2]);
  });

  it('is refused at once to who comes when the leadership is gone', () => {
    append();
    metadata({ leader: 2 });
    const codes: number[] = [];
    partition.onCommitted(0, (code) => codes.push(code));
    partition.close(ErrorCode.KAFKA_STORAGE_ERROR);
    partition.onCommitted(0, (code) => codes.push(code));
    expect(codes).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.KAFKA_STORAGE_ERROR]);
  });

  it('is forgotten by who gives up', () => {
    const codes: number[] = [];
    partition.append(batch(), true);
    partition.onCommitted(0, (code) => codes.push(code))();
    fetched(2, 1);
    fetched(3, 1);
    expect(codes).toEqual([]);
  });

  it.each([
    ['another leads', () => metadata({ leader: 2 }), ErrorCode.NOT_LEADER_OR_FOLLOWER],
    [
      'the topic goes',
      () => partition.close(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ],
  ] as const)('is refused when %s', (_what, happens, code) => {
    const codes = acknowledge();
    happens();
    expect(codes).toEqual([code]);
  });

  it('goes on waiting when the same leader gets a new epoch', () => {
    const codes = acknowledge();
    metadata({ leader: 1 });
    fetched(2, 1);
    fetched(3, 1);
    expect(codes).toEqual([ErrorCode.NONE]);
  });
});

describe('shrinking the ISR', () => {
  beforeEach(() => metadata());

  it('proposes those out that were not caught up for too long, with epochs, and waits for them until it is granted', () => {
    append(2);
    fetched(2, 2);
    time.sleep(MAX_LAG_MS);
    partition.maybeShrinkIsr();
    expect(proposals).toEqual([]);
    time.sleep(1);
    fetched(2, 2);
    partition.maybeShrinkIsr();
    expect(proposals).toMatchObject([
      { topicId: TOPIC_ID, partition: 0, leaderEpoch: 0, partitionEpoch: 1, leaderRecoveryState: 0 },
    ]);
    expect(proposals[0]?.isr).toEqual([
      { brokerId: 1, brokerEpoch: 101 },
      { brokerId: 2, brokerEpoch: 102 },
    ]);
    expect(highWatermark()).toBe(0);
    expect(partition.isr).toEqual([1, 2, 3]);
    expect(accept()).toBe(false);
    expect(partition.isr).toEqual([1, 2]);
    expect(highWatermark()).toBe(2);
  });

  it('lets a follower be that asks for what was the end one fetch before', () => {
    for (let end = 1; end < 6; end++) {
      append();
      fetched(2, end - 1);
      fetched(3, end - 1);
      time.sleep(MAX_LAG_MS / 2);
      partition.maybeShrinkIsr();
    }
    expect(proposals).toEqual([]);
  });

  it('has one proposal under way', () => {
    time.sleep(MAX_LAG_MS + 1);
    append();
    partition.maybeShrinkIsr();
    partition.maybeShrinkIsr();
    fetched(2, 1);
    expect(proposals).toHaveLength(1);
  });
});

describe('expanding the ISR', () => {
  beforeEach(() => {
    metadata({ isr: [1, 2], leader: 1 });
    append(3);
    fetched(2, 3);
    expect(highWatermark()).toBe(3);
  });

  it('proposes a follower that has all that is committed, and waits for it from then on', () => {
    append();
    fetched(3, 2);
    expect(proposals).toEqual([]);
    fetched(3, 3);
    expect(proposedIsr()).toEqual([1, 2, 3]);
    fetched(2, 4);
    expect(highWatermark()).toBe(3);
    accept();
    expect(partition.isr).toEqual([1, 2, 3]);
    fetched(3, 4);
    expect(highWatermark()).toBe(4);
    expect(proposals).toHaveLength(1);
  });

  it('takes nobody who has not come to where the leader began', () => {
    metadata({ leader: 2 });
    partition.log.truncateTo(3);
    partition.log.appendAsFollower(numbered(3));
    partition.log.appendAsFollower(numbered(4));
    metadata({ leader: 1 });
    expect(highWatermark()).toBe(3);
    fetched(3, 4);
    expect(proposals).toEqual([]);
    fetched(3, 5);
    expect(proposedIsr()).toEqual([1, 2, 3]);
  });

  it.each([
    ['is fenced', { epoch: 103, fenced: true, inControlledShutdown: false }],
    ['is on its way out', { epoch: 103, fenced: false, inControlledShutdown: true }],
    ['is not known', undefined],
  ])('takes nobody whose broker %s', (_what, broker) => {
    if (broker) peers.set(3, broker);
    else peers.delete(3);
    fetched(3, 3);
    expect(proposals).toEqual([]);
  });

  it('takes nobody whose fetch came from a later broker than the metadata knows', () => {
    fetched(3, 3, { brokerEpoch: 200 });
    expect(proposals).toEqual([]);
    fetched(3, 3, { brokerEpoch: -1 });
    expect(proposals.at(-1)?.isr.at(-1)).toEqual({ brokerId: 3, brokerEpoch: -1 });
  });
});

describe('the answer to a proposal', () => {
  beforeEach(() => {
    metadata({ isr: [1, 2] });
    fetched(3, 0);
    expect(proposals).toHaveLength(1);
  });

  const countsFor3 = () => {
    append();
    fetched(2, 1);
    return highWatermark() === 0;
  };

  it.each([ErrorCode.INELIGIBLE_REPLICA, ErrorCode.OPERATION_NOT_ATTEMPTED])(
    'with %i: nothing was applied, and the follower may be proposed again',
    (code) => {
      expect(refuse(code)).toBe(false);
      expect(proposals[0]?.isCurrent()).toBe(false);
      fetched(3, 0);
      expect(proposals).toHaveLength(2);
    },
  );

  it.each([
    ErrorCode.FENCED_LEADER_EPOCH,
    ErrorCode.INVALID_UPDATE_VERSION,
    ErrorCode.UNKNOWN_TOPIC_ID,
    ErrorCode.NEW_LEADER_ELECTED,
  ])('with %i: it may have been applied, so it counts until the metadata comes', (code) => {
    expect(refuse(code)).toBe(false);
    expect(countsFor3()).toBe(true);
    metadata({ isr: [1, 2] });
    time.sleep(MAX_LAG_MS + 1);
    fetched(2, 1);
    expect(highWatermark()).toBe(1);
  });

  it.each([ErrorCode.NOT_CONTROLLER, ErrorCode.REQUEST_TIMED_OUT, ErrorCode.UNKNOWN_SERVER_ERROR])(
    'with %i: it is to be sent again',
    (code) => {
      expect(refuse(code)).toBe(true);
      expect(proposals[0]?.isCurrent()).toBe(true);
    },
  );

  it('is of no interest once the metadata has overtaken it', () => {
    const [proposal] = proposals as [IsrProposal];
    metadata({ isr: [1] });
    expect(proposal.isCurrent()).toBe(false);
    expect(accept(proposal)).toBe(false);
    expect(partition.isr).toEqual([1]);
  });

  it('is newer than metadata that comes late', () => {
    const late = { ...state };
    accept();
    partition.applyState(late);
    expect(partition.isr).toEqual([1, 2, 3]);
    partition.applyState({ ...late, isr: [1], partitionEpoch: late.partitionEpoch + 2 });
    expect(partition.isr).toEqual([1]);
  });

  it('stands against metadata of the epoch that it was made in', () => {
    partition.applyState({ ...state });
    expect(proposals[0]?.isCurrent()).toBe(true);
    expect(countsFor3()).toBe(true);
  });
});

describe('an unclean election', () => {
  it('is reported as recovered, with the ISR as it is', () => {
    metadata({ leader: 1, isr: [1], leaderRecoveryState: RECOVERING });
    expect(proposedIsr()).toEqual([1]);
    expect(proposals[0]?.leaderRecoveryState).toBe(0);
    accept();
    metadata({});
    expect(proposals).toHaveLength(1);
  });
});

describe('the low watermark', () => {
  beforeEach(() => {
    metadata();
    append(4);
    fetched(2, 4);
    fetched(3, 4);
  });

  it('is the least log start of the replicas that are alive', () => {
    const codes: number[] = [];
    expect(partition.deleteRecordsBefore(-1)).toBe(4);
    partition.onLowWatermark(4, (code) => codes.push(code));
    expect(partition.lowWatermark).toBe(0);
    fetched(2, 4, { logStartOffset: 4 });
    expect(codes).toEqual([]);
    fetched(3, 4, { logStartOffset: 4 });
    expect(codes).toEqual([ErrorCode.NONE]);
    partition.onLowWatermark(4, (code) => codes.push(code));
    expect(codes).toEqual([ErrorCode.NONE, ErrorCode.NONE]);
  });

  it('does not wait for a broker that is gone', () => {
    const codes: number[] = [];
    partition.onLowWatermark(partition.deleteRecordsBefore(2), (code) => codes.push(code));
    fetched(2, 4, { logStartOffset: 2 });
    peers.set(3, { epoch: 103, fenced: true, inControlledShutdown: false });
    partition.maybeShrinkIsr();
    expect(codes).toEqual([ErrorCode.NONE]);
  });

  it('is given up with the leadership', () => {
    const codes: number[] = [];
    partition.onLowWatermark(partition.deleteRecordsBefore(2), (code) => codes.push(code));
    metadata({ leader: 3 });
    expect(codes).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER]);
  });
});

describe('who waits', () => {
  it('followers for what is appended, consumers for what is committed', async () => {
    metadata();
    const woken: string[] = [];
    const wait = (name: string, source: Partition | Partition['appended']) =>
      new FetchWaiter({
        timers: time,
        maxWaitMs: 500,
        sources: [source],
        attempt: () => {
          woken.push(name);
          return false;
        },
      });
    const waiters = [wait('follower', partition.appended), wait('consumer', partition)];
    append();
    await Promise.resolve();
    expect(woken).toEqual(['follower']);
    fetched(2, 1);
    fetched(3, 1);
    await Promise.resolve();
    expect(woken).toEqual(['follower', 'consumer']);
    metadata({ leader: 2 });
    await Promise.resolve();
    expect(woken.slice(2).sort()).toEqual(['consumer', 'follower']);
    for (const waiter of waiters) waiter.drop();
  });
});

/** One record as another leader numbered it. */
function numbered(offset: number): Buffer {
  const bytes = batch();
  bytes.writeBigInt64BE(BigInt(offset), 0);
  bytes.writeInt32BE(2, 12);
  return bytes;
}
