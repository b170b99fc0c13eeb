import { describe, expect, it } from 'vitest';
import { allocateProducerIds } from '../../src/controller/cluster/producer-ids.ts';
import { alterPartition } from '../../src/controller/partitions/alter-partition.ts';
import { assignReplicasToDirs } from '../../src/controller/partitions/assign-directories.ts';
import { buildPartitionChange, type PartitionChangeOptions } from '../../src/controller/partitions/change-builder.ts';
import { electLeaders, electPreferredLeaders } from '../../src/controller/partitions/elections.ts';
import {
  alterPartitionReassignments,
  listPartitionReassignments,
} from '../../src/controller/partitions/reassignments.ts';
import { createTopics } from '../../src/controller/topics/create-topics.ts';
import type { PartitionImage } from '../../src/metadata/image.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { codeOf, directoryOf, Harness, recordText } from './harness.ts';

const errorName = (code: number | undefined) => Object.entries(ErrorCode).find(([, value]) => value === code)?.[0];

const PARTITION: PartitionImage = {
  partitionId: 0,
  replicas: [1, 2, 3],
  directories: [directoryOf(1), directoryOf(2), directoryOf(3)],
  isr: [1, 2, 3],
  elr: [],
  lastKnownElr: [],
  adding: [],
  removing: [],
  leader: 1,
  leaderRecoveryState: 0,
  leaderEpoch: 0,
  partitionEpoch: 0,
};

interface Case {
  readonly partition?: Partial<PartitionImage>;
  readonly alive?: readonly number[];
  readonly options?: Partial<PartitionChangeOptions>;
}

function change({ partition, alive = [1, 2, 3], options }: Case): string | null {
  const record = buildPartitionChange({
    topicId: directoryOf(0),
    partition: { ...PARTITION, ...partition },
    isAcceptableLeader: (id) => alive.includes(id),
    metadataVersion: 30,
    elrEnabled: true,
    minIsr: 2,
    ...options,
  });
  return record === null ? null : recordText(record).replace('PartitionChange v2{partitionId:0, ', '{');
}

describe('a partition change', () => {
  const cases: [string, Case, string | null][] = [
    ['is none when nothing changes', {}, null],
    ['shrinks the ISR above the minimum', { options: { targetIsr: [1, 2] } }, '{isr:[1,2]}'],
    [
      'keeps as eligible who leaves an ISR below the minimum',
      { partition: { isr: [1, 2] }, options: { targetIsr: [2] }, alive: [2, 3] },
      '{isr:[2], leader:2, eligibleLeaderReplicas:[1]}',
    ],
    [
      'clears the eligible ones at the minimum',
      { partition: { isr: [2], leader: 2, elr: [1] }, options: { targetIsr: [2, 3] } },
      '{isr:[2,3], eligibleLeaderReplicas:[]}',
    ],
    [
      'leaves an empty ISR and remembers the last leader',
      { partition: { isr: [2], leader: 2, elr: [1] }, options: { targetIsr: [] }, alive: [] },
      '{isr:[], leader:-1, eligibleLeaderReplicas:[1,2], lastKnownElr:[2]}',
    ],
    [
      'elects an eligible replica cleanly when the ISR is empty',
      { partition: { isr: [], leader: -1, elr: [1, 2], lastKnownElr: [2] }, alive: [1] },
      '{isr:[1], leader:1, eligibleLeaderReplicas:[2], lastKnownElr:[]}',
    ],
    [
      'prefers a member of the ISR to eligible ones',
      { partition: { isr: [3], leader: -1, elr: [1] }, alive: [1, 3], options: { targetIsr: [3] } },
      '{leader:3}',
    ],
    [
      'takes the last known leader back, and knows that it is recovering',
      { partition: { isr: [], leader: -1, elr: [], lastKnownElr: [2] }, alive: [1, 2] },
      '{isr:[2], leader:2, leaderRecoveryState:1, lastKnownElr:[]}',
    ],
    [
      'waits for the last known leader when that one is away',
      { partition: { isr: [], leader: -1, elr: [], lastKnownElr: [2] }, alive: [1, 3] },
      null,
    ],
    [
      'takes any live replica when unclean elections are allowed',
      {
        partition: { isr: [], leader: -1, elr: [], lastKnownElr: [2] },
        alive: [3],
        options: { election: 'unclean' },
      },
      '{isr:[3], leader:3, leaderRecoveryState:1, lastKnownElr:[]}',
    ],
    [
      'forgets who shut down unclean',
      {
        partition: { isr: [1], elr: [2], leader: 1 },
        options: { targetIsr: [], uncleanShutdownReplicas: [1] },
        alive: [],
      },
      '{isr:[], leader:-1, lastKnownElr:[1]}',
    ],
    [
      'keeps the last member in the ISR where there is no ELR',
      {
        partition: { isr: [1], leader: 1 },
        options: { targetIsr: [], elrEnabled: false },
        alive: [],
      },
      '{leader:-1}',
    ],
    [
      'elects the preferred leader on request',
      { partition: { leader: 2 }, options: { election: 'preferred' } },
      '{leader:1}',
    ],
    [
      'begins a reassignment',
      {
        options: {
          targetReplicas: [4, 2, 1, 3],
          targetAdding: [4],
          targetRemoving: [1, 3],
          defaultDirectory: directoryOf,
        },
      },
      '{replicas:[4,2,1,3], removingReplicas:[1,3], addingReplicas:[4]}',
    ],
    [
      'completes a reassignment once those that came are in sync',
      {
        partition: {
          replicas: [4, 2, 1, 3],
          directories: [4, 2, 1, 3].map((id) => directoryOf(id)),
          adding: [4],
          removing: [1, 3],
        },
        alive: [1, 2, 3, 4],
        options: { targetIsr: [1, 2, 3, 4] },
      },
      '{isr:[2,4], leader:4, replicas:[4,2], removingReplicas:[], addingReplicas:[]}',
    ],
    [
      'bumps the leader epoch when replicas leave, also under the same leader',
      { options: { targetReplicas: [1, 2, 3], targetRemoving: [3], targetAdding: [] } },
      '{isr:[1,2], leader:1, replicas:[1,2]}',
    ],
    ['moves a directory', { options: { directories: new Map([[1, directoryOf(9)]]) } }, '{}'],
  ];

  it.each(cases)('%s', (_what, one, expected) => {
    const text = change(one);
    const fields = (from: string | null) =>
      from
        ?.slice(1, -1)
        .split(/, (?=\w+:)/)
        .sort();
    if (expected === '{}') expect(text).toBe('PartitionChange v2{partitionId:0}');
    else expect(fields(text)).toEqual(fields(expected));
  });

  it('carries in older versions what they can', () => {
    const options = { metadataVersion: 20, elrEnabled: false, directories: new Map([[1, directoryOf(9)]]) };
    const record = buildPartitionChange({
      topicId: directoryOf(0),
      partition: PARTITION,
      isAcceptableLeader: () => true,
      minIsr: 1,
      ...options,
    });
    expect(record).toMatchObject({
      version: 1,
      value: { directories: [directoryOf(9), directoryOf(2), directoryOf(3)] },
    });
  });
});

async function withTopic(assignments: number[][], brokers: number[], name = 't', configs: object[] = []) {
  const harness = await Harness.started();
  await harness.join(...brokers);
  const topics = [
    {
      name,
      numPartitions: -1,
      replicationFactor: -1,
      assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
      configs: configs as { name: string; value: string }[],
    },
  ];
  await harness.controller.submit('create', (context) =>
    createTopics(context, { topics, timeoutMs: 1, validateOnly: false }),
  );
  harness.take();
  const topicId = harness.controller.image.topics.byName(name)?.id as string;
  return { harness, topicId, partition: () => harness.controller.image.topics.partition(name, 0) as PartitionImage };
}

describe('AlterPartition', () => {
  async function propose(isr: number[], more: object = {}, request: object = {}) {
    const { harness, topicId, partition } = await withTopic([[1, 2, 3]], [1, 2, 3]);
    const proposal = {
      partitionIndex: 0,
      leaderEpoch: 0,
      newIsr: [],
      newIsrWithEpochs: isr.map((brokerId) => ({ brokerId, brokerEpoch: harness.epochs.get(brokerId) ?? -1 })),
      leaderRecoveryState: 0,
      partitionEpoch: 0,
      ...more,
    };
    const answers = await harness.controller.submit('alterPartition', (context) =>
      alterPartition(
        context,
        {
          brokerId: 1,
          brokerEpoch: harness.epochs.get((request as { brokerId?: number }).brokerId ?? 1) as number,
          topics: [{ topicId, partitions: [proposal] }],
          ...request,
        },
        3,
      ),
    );
    return { harness, partition, answer: answers[0]?.partitions[0] };
  }

  it('shrinks and answers with the new epoch', async () => {
    const { harness, answer } = await propose([1, 2]);
    expect(answer).toMatchObject({ errorCode: 0, isr: [1, 2], partitionEpoch: 1, leaderEpoch: 0, leaderId: 1 });
    expect(harness.take()).toEqual(['PartitionChange v2{partitionId:0, isr:[1,2]}']);
  });

  it('says what is when nothing changes', async () => {
    const { harness, answer } = await propose([1, 2, 3]);
    expect(answer).toMatchObject({ errorCode: 0, partitionEpoch: 0 });
    expect(harness.take()).toEqual([]);
  });

  it.each([
    ['a stale partition epoch', [1], { partitionEpoch: -1 }, {}, 'INVALID_UPDATE_VERSION'],
    ['a newer partition epoch', [1], { partitionEpoch: 5 }, {}, 'NOT_CONTROLLER'],
    ['an old leader epoch', [1], { leaderEpoch: -1 }, {}, 'FENCED_LEADER_EPOCH'],
    ['an ISR without its leader', [2, 3], {}, {}, 'INVALID_REQUEST'],
    ['a broker that is no replica', [1, 9], {}, {}, 'INVALID_REQUEST'],
    ['a broker twice', [1, 1], {}, {}, 'INVALID_REQUEST'],
    ['somebody who does not lead', [1, 2], {}, { brokerId: 2 }, 'INVALID_REQUEST'],
    ['an unknown partition', [1], { partitionIndex: 4 }, {}, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['recovering although it had recovered', [1], { leaderRecoveryState: 1 }, {}, 'INVALID_REQUEST'],
    [
      'a member in an older incarnation',
      [],
      {
        newIsrWithEpochs: [
          { brokerId: 1, brokerEpoch: -1 },
          { brokerId: 2, brokerEpoch: 1 },
        ],
      },
      {},
      'INELIGIBLE_REPLICA',
    ],
  ])('refuses %s', async (_what, isr, more, request, error) => {
    const { harness, answer } = await propose(isr, more, request);
    expect(errorName(answer?.errorCode)).toBe(error);
    expect(harness.take()).toEqual([]);
  });
});

describe('elections', () => {
  const elect = (
    harness: Harness,
    electionType: number,
    topicPartitions: { topic: string; partitions: number[] }[] | null,
  ) =>
    harness.controller.submit('elect', (context) =>
      electLeaders(context, { electionType, topicPartitions, timeoutMs: 1 }),
    );

  it('give the leadership back to the preferred replica', async () => {
    const { harness, partition } = await withTopic([[1, 2]], [1, 2]);
    const epoch = harness.epochs.get(1) as number;
    await harness.heartbeat(2);
    await harness.heartbeat(1, { wantShutDown: true });
    await harness.heartbeat(2);
    await harness.heartbeat(1, { wantShutDown: true });
    expect(partition().leader).toBe(2);
    await harness.register(1, { previousBrokerEpoch: epoch });
    await harness.heartbeat(1);
    const before = await elect(harness, 0, [{ topic: 't', partitions: [0] }]);
    expect(errorName(before[0]?.partitionResult[0]?.errorCode)).toBe('PREFERRED_LEADER_NOT_AVAILABLE');
    const { topics } = harness.controller.image;
    const topicId = topics.byName('t')?.id as string;
    await harness.controller.submit('alterPartition', (context) =>
      alterPartition(
        context,
        {
          brokerId: 2,
          brokerEpoch: harness.epochs.get(2) as number,
          topics: [
            {
              topicId,
              partitions: [
                {
                  partitionIndex: 0,
                  leaderEpoch: partition().leaderEpoch,
                  newIsr: [],
                  newIsrWithEpochs: [1, 2].map((brokerId) => ({ brokerId, brokerEpoch: -1 })),
                  leaderRecoveryState: 0,
                  partitionEpoch: partition().partitionEpoch,
                },
              ],
            },
          ],
        },
        3,
      ),
    );
    harness.take();
    await harness.controller.submit('balance', electPreferredLeaders);
    expect(harness.take()).toEqual(['PartitionChange v2{partitionId:0, leader:1}']);
    const after = await elect(harness, 0, [{ topic: 't', partitions: [0] }]);
    expect(errorName(after[0]?.partitionResult[0]?.errorCode)).toBe('ELECTION_NOT_NEEDED');
    expect(await elect(harness, 0, null)).toEqual([{ topic: 't', partitionResult: [] }]);
  });

  it.each([
    ['nope', 0, 'UNKNOWN_TOPIC_OR_PARTITION', 'No such topic as nope'],
    ['t', 9, 'UNKNOWN_TOPIC_OR_PARTITION', 'No such partition as t-9'],
  ])('know no %s-%i', async (topic, id, error, message) => {
    const { harness } = await withTopic([[1]], [1]);
    const [result] = await elect(harness, 1, [{ topic, partitions: [id] }]);
    expect(errorName(result?.partitionResult[0]?.errorCode)).toBe(error);
    expect(result?.partitionResult[0]?.errorMessage).toBe(message);
  });

  it('of an unknown kind are refused', async () => {
    const { harness } = await withTopic([[1]], [1]);
    expect(await codeOf(elect(harness, 7, null))).toMatch(/^INVALID_REQUEST/);
  });
});

describe('reassignments', () => {
  const reassign = (harness: Harness, replicas: number[] | null, id = 0) =>
    harness.controller.submit('reassign', (context) =>
      alterPartitionReassignments(context, {
        timeoutMs: 1,
        allowReplicationFactorChange: true,
        topics: [{ name: 't', partitions: [{ partitionIndex: id, replicas }] }],
      }),
    );

  it('are listed while they go on and can be taken back', async () => {
    const { harness, partition } = await withTopic([[1, 2]], [1, 2, 3]);
    await reassign(harness, [2, 3]);
    expect(partition()).toMatchObject({ replicas: [2, 3, 1], adding: [3], removing: [1], leader: 1 });
    expect(partition().directories).toEqual([directoryOf(2), directoryOf(3), directoryOf(1)]);
    expect(listPartitionReassignments(harness.controller.image, { timeoutMs: 1, topics: null })).toEqual([
      {
        name: 't',
        partitions: [{ partitionIndex: 0, replicas: [2, 3, 1], addingReplicas: [3], removingReplicas: [1] }],
      },
    ]);
    await reassign(harness, null);
    expect(partition()).toMatchObject({ replicas: [2, 1], adding: [], removing: [], isr: [1, 2] });
    const [again] = await reassign(harness, null);
    expect(errorName(again?.partitions[0]?.errorCode)).toBe('NO_REASSIGNMENT_IN_PROGRESS');
  });

  it('that only shrink are done in one record', async () => {
    const { harness } = await withTopic([[1, 2, 3]], [1, 2, 3]);
    await reassign(harness, [1, 2]);
    expect(harness.take()).toEqual(['PartitionChange v2{partitionId:0, isr:[1,2], leader:1, replicas:[1,2]}']);
  });

  it('to unknown brokers or partitions are refused', async () => {
    const { harness } = await withTopic([[1]], [1]);
    const [unknownBroker] = await reassign(harness, [9]);
    expect(errorName(unknownBroker?.partitions[0]?.errorCode)).toBe('INVALID_REPLICA_ASSIGNMENT');
    const [unknownPartition] = await reassign(harness, [1], 5);
    expect(errorName(unknownPartition?.partitions[0]?.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });
});

describe('AssignReplicasToDirs', () => {
  it('records where a replica is, and answers each on its own', async () => {
    const { harness, topicId, partition } = await withTopic([[1]], [1]);
    const answers = await harness.controller.submit('assign', (context) =>
      assignReplicasToDirs(context, {
        brokerId: 1,
        brokerEpoch: harness.epochs.get(1) as number,
        directories: [
          {
            id: directoryOf(1),
            topics: [
              { topicId, partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] },
              { topicId: directoryOf(5), partitions: [{ partitionIndex: 0 }] },
            ],
          },
        ],
      }),
    );
    expect(answers[0]?.topics.flatMap(({ partitions }) => partitions.map((p) => errorName(p.errorCode)))).toEqual([
      'NONE',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_ID',
    ]);
    expect(partition().directories).toEqual([directoryOf(1)]);
  });
});

describe('producer ids', () => {
  it('come in blocks of 1000, each once', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    const epoch = harness.epochs.get(1) as number;
    const next = () => harness.controller.submit('ids', (context) => allocateProducerIds(context, 1, epoch));
    expect(await next()).toEqual({ start: 0, size: 1000 });
    expect(await next()).toEqual({ start: 1000, size: 1000 });
    expect(harness.take()).toEqual([
      `ProducerIds{brokerId:1, brokerEpoch:${epoch}, nextProducerId:1000}`,
      `ProducerIds{brokerId:1, brokerEpoch:${epoch}, nextProducerId:2000}`,
    ]);
    expect(await codeOf(harness.controller.submit('ids', (context) => allocateProducerIds(context, 1, 0)))).toMatch(
      /^STALE_BROKER_EPOCH/,
    );
  });
});
