import { describe, expect, it } from 'vitest';
import { createPartitions, deleteTopics } from '../../src/controller/topics/change-topics.ts';
import { createTopics } from '../../src/controller/topics/create-topics.ts';
import { checkTopicName } from '../../src/controller/topics/topic-name.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import type { CreateTopicsRequest } from '../../src/protocol/messages/create-topics.ts';
import { directoryOf, Harness } from './harness.ts';

type Topic = CreateTopicsRequest['topics'][number];

const topic = (name: string, more: Partial<Topic> = {}): Topic => ({
  name,
  numPartitions: -1,
  replicationFactor: -1,
  assignments: [],
  configs: [],
  ...more,
});

const create = (harness: Harness, topics: Topic[], validateOnly = false) =>
  harness.controller.submit('create', (context) => createTopics(context, { topics, timeoutMs: 1, validateOnly }));

const errorName = (code: number) => Object.entries(ErrorCode).find(([, value]) => value === code)?.[0];

async function errorOf(harness: Harness, one: Topic): Promise<string> {
  const [created] = await create(harness, [one]);
  return `${errorName(created?.errorCode ?? 0)}: ${created?.errorMessage}`;
}

const assigned = (...replicas: number[][]): Partial<Topic> => ({
  assignments: replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
});

describe('creating a topic', () => {
  it('writes topic, configs and partitions in the order of Kafka, in one batch', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    const configs = [
      { name: 'min.insync.replicas', value: '1' },
      { name: 'retention.ms', value: '5000' },
    ];
    const [created] = await create(harness, [topic('a', { numPartitions: 2, replicationFactor: 1, configs })]);
    expect(harness.raft.log.length).toBe(1);
    expect(harness.take()).toEqual([
      'Topic{name:"a"}',
      'Config{resourceType:2, resourceName:"a", name:"min.insync.replicas", value:"1"}',
      'Config{resourceType:2, resourceName:"a", name:"retention.ms", value:"5000"}',
      'ClearElr{topicName:"a"}',
      ...[0, 1].map(
        (id) =>
          `Partition v2{partitionId:${id}, replicas:[1], isr:[1], removingReplicas:[], addingReplicas:[], leader:1, leaderRecoveryState:0, leaderEpoch:0, partitionEpoch:0, eligibleLeaderReplicas:null, lastKnownElr:null}`,
      ),
    ]);
    expect(created).toMatchObject({ errorCode: 0, numPartitions: 2, replicationFactor: 1 });
    expect(created?.configs.map(({ name, value, configSource }) => [name, value, configSource])).toEqual([
      ['cleanup.policy', 'delete', 5],
      ['retention.ms', '5000', 1],
    ]);
    expect(harness.controller.image.topics.partition('a', 0)?.directories).toEqual([directoryOf(1)]);
  });

  it('leaves the directory to a broker that has several', async () => {
    const harness = await Harness.started();
    await harness.register(1, { logDirs: [directoryOf(1, 0), directoryOf(1, 1)] });
    await harness.heartbeat(1);
    await create(harness, [topic('a')]);
    expect(harness.controller.image.topics.partition('a', 0)?.directories).toEqual(['AAAAAAAAAAAAAAAAAAAAAQ']);
  });

  it('only validates when asked to', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    const [created] = await create(harness, [topic('a')], true);
    expect(created?.errorCode).toBe(0);
    expect(harness.take()).toEqual([]);
  });

  it('answers each topic of a request on its own', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    const created = await create(harness, [topic('a'), topic('a b'), topic('c')]);
    expect(created.map((one) => errorName(one.errorCode))).toEqual(['NONE', 'INVALID_TOPIC_EXCEPTION', 'NONE']);
    expect([...harness.controller.image.topics.names()].sort()).toEqual(['a', 'c']);
  });

  const refusals: [string, Topic, string][] = [
    ['that exists', topic('there'), "TOPIC_ALREADY_EXISTS: Topic 'there' already exists."],
    ['whose name collides', topic('x.y'), "INVALID_TOPIC_EXCEPTION: Topic 'x.y' collides with existing topic: x_y"],
    [
      'with too few brokers',
      topic('n', { replicationFactor: 3 }),
      'INVALID_REPLICATION_FACTOR: Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 2 broker(s) are registered or some brokers have all their log directories cordoned.',
    ],
    [
      'with no replica',
      topic('n', { replicationFactor: 0 }),
      'INVALID_REPLICATION_FACTOR: Replication factor must be larger than 0, or -1 to use the default value.',
    ],
    [
      'with no partition',
      topic('n', { numPartitions: 0 }),
      'INVALID_PARTITIONS: Number of partitions was set to an invalid non-positive value.',
    ],
    [
      'on an unknown broker',
      topic('n', assigned([7])),
      'INVALID_REPLICA_ASSIGNMENT: The manual partition assignment includes broker 7, but no such broker is registered.',
    ],
    [
      'on a broker twice',
      topic('n', assigned([1, 1])),
      'INVALID_REPLICA_ASSIGNMENT: The manual partition assignment includes the broker 1 more than once.',
    ],
    [
      'with uneven replicas',
      topic('n', assigned([1], [1, 2])),
      'INVALID_REPLICA_ASSIGNMENT: The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with previous partitions, which have 1 replica(s).',
    ],
    [
      'with empty replicas',
      topic('n', assigned([])),
      'INVALID_REPLICA_ASSIGNMENT: The manual partition assignment includes an empty replica list.',
    ],
    [
      'with a gap',
      topic('n', { assignments: [{ partitionIndex: 1, brokerIds: [1] }] }),
      'INVALID_REPLICA_ASSIGNMENT: partitions should be a consecutive 0-based integer sequence',
    ],
    [
      'with a partition twice',
      topic('n', { assignments: [0, 0].map((partitionIndex) => ({ partitionIndex, brokerIds: [1] })) }),
      'INVALID_REPLICA_ASSIGNMENT: Found multiple manual partition assignments for partition 0',
    ],
    [
      'with both forms',
      topic('n', { ...assigned([1]), numPartitions: 1 }),
      'INVALID_REQUEST: A manual partition assignment was specified, but numPartitions was not set to -1.',
    ],
    [
      'with an unknown config',
      topic('n', { configs: [{ name: 'no.such', value: '1' }] }),
      'INVALID_CONFIG: Unknown topic config name: no.such',
    ],
    [
      'with a null config',
      topic('n', { configs: [{ name: 'retention.ms', value: null }] }),
      'INVALID_CONFIG: Null value not supported for topic configs: retention.ms',
    ],
    [
      'on fenced brokers alone',
      topic('n', assigned([2])),
      'INVALID_REPLICA_ASSIGNMENT: All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled shutdown.',
    ],
  ];

  it.each(refusals)('is refused %s', async (_what, one, error) => {
    const harness = await Harness.started();
    await harness.join(1);
    await harness.register(2);
    await create(harness, [topic('there'), topic('x_y')]);
    harness.take();
    expect(await errorOf(harness, one)).toBe(error);
    expect(harness.take()).toEqual([]);
  });

  it('is refused for all when they would have too many partitions together, whatever else is wrong', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    harness.take();
    const many = [topic('a b', { numPartitions: 5000 }), topic('n', { numPartitions: 5001 })];
    await expect(create(harness, many)).rejects.toThrow('Excessively large number of partitions per request.');
    const records = topic('n', { numPartitions: 10_000 });
    await expect(create(harness, [records])).rejects.toThrow('Unable to perform excessively large batch operation.');
    expect(harness.take()).toEqual([]);
  });

  it('is refused while all brokers are fenced', async () => {
    const harness = await Harness.started();
    await harness.register(1);
    expect(await errorOf(harness, topic('n'))).toBe(
      'INVALID_REPLICATION_FACTOR: Unable to replicate the partition 1 time(s): All brokers are currently fenced, or have all their log directories cordoned.',
    );
  });

  it('finds a collision within one request', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    const created = await create(harness, [topic('a.b'), topic('a_b')]);
    expect(created.map((one) => one.errorMessage)).toEqual([null, "Topic 'a_b' collides with existing topic: a.b"]);
  });
});

describe('names', () => {
  it.each([
    ['', 'the empty string is not allowed'],
    ['.', "'.' is not allowed"],
    ['..', "'..' is not allowed"],
    ['a b', "'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"],
    ['café', "'café' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"],
    ['x'.repeat(250), `the length of '${'x'.repeat(250)}' is longer than the max allowed length 249`],
  ])('%j is refused', (name, problem) => {
    expect(() => checkTopicName(name)).toThrow(`Topic name is invalid: ${problem}`);
  });

  it.each(['a', 'A.b_c-9', '...', 'x'.repeat(249)])('%s is allowed', (name) => {
    expect(() => checkTopicName(name)).not.toThrow();
  });
});

describe('adding partitions', () => {
  const add = (harness: Harness, count: number, assignments: { brokerIds: number[] }[] | null = null, name = 't') =>
    harness.controller.submit('partitions', (context) =>
      createPartitions(context, { topics: [{ name, count, assignments }], timeoutMs: 1, validateOnly: false }),
    );

  it('writes the new ones alone', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    await create(harness, [topic('t')]);
    harness.take();
    expect(await add(harness, 3)).toEqual([{ name: 't', errorCode: 0, errorMessage: null }]);
    expect(harness.take().map((text) => text.slice(0, 28))).toEqual([
      'Partition v2{partitionId:1, ',
      'Partition v2{partitionId:2, ',
    ]);
  });

  it.each([
    [2, null, 't', 'INVALID_PARTITIONS: Topic already has 2 partition(s).'],
    [1, null, 't', 'INVALID_PARTITIONS: The topic t currently has 2 partition(s); 1 would not be an increase.'],
    [3, null, 'nope', 'UNKNOWN_TOPIC_OR_PARTITION: null'],
    [
      4,
      [{ brokerIds: [1] }],
      't',
      'INVALID_REPLICA_ASSIGNMENT: Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.',
    ],
    [
      3,
      [{ brokerIds: [9] }],
      't',
      'INVALID_REPLICA_ASSIGNMENT: The manual partition assignment includes broker 9, but no such broker is registered.',
    ],
  ] as const)('to %i with %j of %s is refused', async (count, assignments, name, error) => {
    const harness = await Harness.started();
    await harness.join(1);
    await create(harness, [topic('t', { numPartitions: 2 })]);
    harness.take();
    const mutable = assignments === null ? null : assignments.map(({ brokerIds }) => ({ brokerIds: [...brokerIds] }));
    const [result] = await add(harness, count, mutable, name);
    expect(`${errorName(result?.errorCode ?? 0)}: ${result?.errorMessage}`).toBe(error);
    expect(harness.take()).toEqual([]);
  });
});

describe('deleting topics', () => {
  it('writes one record and forgets the configs', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    await create(harness, [topic('t', { configs: [{ name: 'retention.ms', value: '1' }] })]);
    harness.take();
    const id = harness.controller.image.topics.byName('t')?.id as string;
    const answers = await harness.controller.submit('delete', (context) => deleteTopics(context, [id, directoryOf(9)]));
    expect([...answers.values()].map(errorName)).toEqual(['NONE', 'UNKNOWN_TOPIC_ID']);
    expect(harness.take()).toEqual(['RemoveTopic{}']);
    expect(harness.controller.image.configs.has('2:t')).toBe(false);
  });
});
