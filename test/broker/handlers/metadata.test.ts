/** Metadata, DescribeCluster and DescribeTopicPartitions: what clients are told of brokers and topics. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOST_DIR, UNASSIGNED_DIR, ZERO_UUID } from '../../../src/base/uuid.ts';
import {
  CLUSTER_OPERATIONS,
  OPERATIONS_NOT_ASKED,
  TOPIC_OPERATIONS,
} from '../../../src/broker/authorized-operations.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import {
  type Asking,
  BrokerHarness,
  brokerRecord,
  partitionChange,
  topicId,
  topicRecords,
  unfence,
} from '../harness.ts';

const METADATA = 3;
const DESCRIBE_CLUSTER = 60;
const DESCRIBE_TOPIC_PARTITIONS = 75;
const versions = (min: number, max: number) => Array.from({ length: max - min + 1 }, (_, i) => min + i);

let broker: BrokerHarness;

beforeEach(async () => {
  broker = await BrokerHarness.start({ properties: { 'max.request.partition.size.limit': '5' } });
  broker.withTopics({
    b: { partitions: 2 },
    a: { partitions: 4 },
    two: { replicas: [1, 2], isr: [1] },
    lost: { replicas: [2], isr: [2], leader: 2 },
    __consumer_offsets: {},
  });
  // Registered and fenced, with a listener of its own besides.
  const listeners = [
    { name: 'PLAINTEXT', host: 'host2', port: 9092, securityProtocol: 0 },
    { name: 'INSIDE', host: 'inside2', port: 9094, securityProtocol: 0 },
  ];
  broker.apply(brokerRecord(2, { endPoints: listeners, rack: 'r2' }));
});

afterEach(() => broker.remove());

type Topics = readonly (string | { readonly id: string })[] | null;

function metadata(version: number, topics: Topics, more: object = {}, asking: Asking = {}) {
  const wanted = topics?.map((topic) =>
    typeof topic === 'string'
      ? { ...(version >= 10 && { topicId: ZERO_UUID }), name: topic }
      : { topicId: topic.id, name: null },
  );
  const request = {
    topics: wanted ?? (version === 0 ? [] : null),
    ...(version >= 4 && { allowAutoTopicCreation: false }),
    ...more,
  };
  return broker.ask(METADATA, version, request, asking).answer;
}

const namesOf = (answer: { topics: readonly { name: string }[] }) => answer.topics.map(({ name }) => name);

describe('Metadata', () => {
  it.each(versions(0, 13))('v%i tells of all topics', async (version) => {
    const answer = await metadata(version, null);
    expect(namesOf(answer)).toEqual(['__consumer_offsets', 'a', 'b', 'lost', 'two']);
    expect(answer.brokers).toMatchObject([{ nodeId: 1, host: 'host1', port: 9092 }]);
    if (version >= 1) expect(answer.controllerId).toBe(1);
    if (version >= 2) expect(answer.clusterId).toBe('c');
    const [offsets, , b, lost, two] = answer.topics;
    if (version >= 1) expect([offsets.isInternal, b.isInternal]).toEqual([true, false]);
    if (version >= 10) expect(b.topicId).toBe(topicId(0));
    expect(b.partitions).toHaveLength(2);
    expect(b.partitions[1]).toMatchObject({
      errorCode: 0,
      partitionIndex: 1,
      leaderId: 1,
      replicaNodes: [1],
      isrNodes: [1],
    });
    expect(lost.partitions[0]).toMatchObject({ errorCode: ErrorCode.LEADER_NOT_AVAILABLE, leaderId: -1 });
    if (version >= 5) expect(two.partitions[0].offlineReplicas).toEqual([2]);
    if (version >= 7) expect(two.partitions[0].leaderEpoch).toBe(0);
  });

  it('v1 and later ask for no topic with an empty list', async () => {
    expect((await metadata(1, [])).topics).toEqual([]);
    expect((await metadata(13, [])).topics).toEqual([]);
  });

  it.each(versions(0, 13))('v%i answers for topics that there are not', async (version) => {
    const answer = await metadata(version, ['b', 'nobody']);
    expect(answer.topics[1]).toMatchObject({
      name: 'nobody',
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      partitions: [],
    });
  });

  it.each([10, 11])('v%i has a field for topic ids, and refuses them', async (version) => {
    const answer = await metadata(version, [{ id: topicId(1) }, 'b']);
    const codes = answer.topics.map(({ errorCode }: { errorCode: number }) => errorCode);
    expect(codes).toEqual([ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_REQUEST]);
    const named = await metadata(version, null, { topics: [{ topicId: topicId(1), name: 'a' }] });
    expect(named.topics[0].errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });

  it.each([12, 13])('v%i finds topics by id', async (version) => {
    const answer = await metadata(version, [{ id: topicId(1) }, { id: topicId(20) }]);
    expect(answer.topics[0]).toMatchObject({ name: 'a', topicId: topicId(1), errorCode: 0 });
    expect(answer.topics[1]).toMatchObject({ name: null, topicId: topicId(20), errorCode: ErrorCode.UNKNOWN_TOPIC_ID });
  });

  it('follows the metadata', async () => {
    broker.apply(unfence(2));
    const answer = await metadata(12, ['lost', 'two']);
    expect(answer.brokers).toMatchObject([{ nodeId: 1 }, { nodeId: 2, rack: 'r2' }]);
    expect(answer.topics[0].partitions[0]).toMatchObject({ errorCode: 0, leaderId: 2 });
    broker.apply(partitionChange(topicId(2), 0, { leader: -1 }));
    const leaderless = (await metadata(12, ['two'])).topics[0].partitions[0];
    expect(leaderless).toMatchObject({ errorCode: ErrorCode.LEADER_NOT_AVAILABLE, leaderId: -1, leaderEpoch: 1 });
  });

  it('gives addresses of the listener that was asked, and no leader that it does not reach', async () => {
    broker.apply(unfence(2));
    const answer = await metadata(12, ['b', 'lost'], {}, { listenerName: 'INSIDE' });
    expect(answer.brokers).toMatchObject([{ nodeId: 2, host: 'inside2', port: 9094 }]);
    expect(answer.controllerId).toBe(2);
    expect(answer.topics[0].partitions[0]).toMatchObject({ errorCode: ErrorCode.LISTENER_NOT_FOUND, leaderId: -1 });
    expect(answer.topics[1].partitions[0]).toMatchObject({ errorCode: 0, leaderId: 2 });
  });

  it.each([0, 5, 6])('v%i says it in the errors that it knows', async (version) => {
    const codeOf = async (topic: string, listenerName?: string) =>
      (await metadata(version, [topic], {}, listenerName ? { listenerName } : {})).topics[0].partitions[0].errorCode;
    expect(await codeOf('two')).toBe(version === 0 ? ErrorCode.REPLICA_NOT_AVAILABLE : 0);
    broker.apply(unfence(2));
    expect(await codeOf('two')).toBe(0);
    expect(await codeOf('b', 'INSIDE')).toBe(
      version >= 6 ? ErrorCode.LISTENER_NOT_FOUND : ErrorCode.LEADER_NOT_AVAILABLE,
    );
  });

  it('counts a replica as offline whose directory is gone, or whose broker has no such listener', async () => {
    broker.apply(unfence(2));
    const offline = async (listenerName?: string) =>
      (await metadata(12, ['two'], {}, listenerName ? { listenerName } : {})).topics[0].partitions[0].offlineReplicas;
    expect(await offline()).toEqual([]);
    expect(await offline('INSIDE')).toEqual([1]);
    broker.apply(partitionChange(topicId(2), 0, { directories: [UNASSIGNED_DIR, LOST_DIR] }));
    expect(await offline()).toEqual([2]);
  });

  it('tells operations to those who ask', async () => {
    const flags = { includeTopicAuthorizedOperations: true, includeClusterAuthorizedOperations: true };
    const answer = await metadata(8, ['b'], flags);
    expect(answer.topics[0].topicAuthorizedOperations).toBe(TOPIC_OPERATIONS);
    expect(answer.clusterAuthorizedOperations).toBe(CLUSTER_OPERATIONS);
    expect((await metadata(8, ['b'])).topics[0].topicAuthorizedOperations).toBe(OPERATIONS_NOT_ASKED);
  });
});

describe('Metadata that creates topics', () => {
  const asked: (readonly string[])[] = [];

  beforeEach(() => {
    asked.length = 0;
    broker.controller.autoCreate = async (names) => {
      asked.push(names);
      const good = names.filter((name) => !name.includes('!'));
      broker.apply(...good.flatMap((name, n) => topicRecords(name, { id: topicId(10 + n) })));
      return new Map(
        names.map((name) => [name, name.includes('!') ? ErrorCode.INVALID_TOPIC_EXCEPTION : ErrorCode.NONE]),
      );
    };
  });

  it.each([0, 3, 4, 12])('v%i answers with the leader of what it has made', async (version) => {
    const answer = await metadata(version, ['b', 'new'], version >= 4 ? { allowAutoTopicCreation: true } : {});
    expect(asked).toEqual([['new']]);
    expect(answer.topics[1]).toMatchObject({ name: 'new', errorCode: 0, partitions: [{ errorCode: 0, leaderId: 1 }] });
    expect(broker.partition('new').isLeader).toBe(true);
  });

  it('tells why a topic could not be made', async () => {
    const answer = await metadata(4, ['not!good'], { allowAutoTopicCreation: true });
    expect(answer.topics[0]).toMatchObject({ errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, partitions: [] });
  });

  it('does so only when the client and the configuration allow it, and only by name', async () => {
    await metadata(4, ['new']);
    await metadata(12, [{ id: topicId(20) }], { allowAutoTopicCreation: true });
    await metadata(4, null, { allowAutoTopicCreation: true });
    broker.remove();
    broker = await BrokerHarness.start({ properties: { 'auto.create.topics.enable': 'false' } });
    broker.controller.autoCreate = () => Promise.reject(new Error('must not be asked'));
    expect((await metadata(4, ['new'], { allowAutoTopicCreation: true })).topics[0].errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    expect(asked).toEqual([]);
  });
});

describe('DescribeCluster', () => {
  const describeCluster = (version: number, request: object = {}) =>
    broker.ask(DESCRIBE_CLUSTER, version, { includeClusterAuthorizedOperations: false, ...request }).answer;

  it.each([0, 1, 2])('v%i names the brokers that serve', async (version) => {
    expect(await describeCluster(version)).toMatchObject({
      errorCode: 0,
      clusterId: 'c',
      controllerId: 1,
      brokers: [{ brokerId: 1, host: 'host1', port: 9092, rack: null }],
      clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
    });
  });

  it('v2 names fenced brokers to those who ask', async () => {
    const answer = await describeCluster(2, { includeFencedBrokers: true, includeClusterAuthorizedOperations: true });
    expect(answer.brokers).toMatchObject([
      { brokerId: 1, isFenced: false },
      { brokerId: 2, isFenced: true, rack: 'r2' },
    ]);
    expect(answer.clusterAuthorizedOperations).toBe(CLUSTER_OPERATIONS);
  });

  it('knows only brokers here', async () => {
    expect((await describeCluster(1, { endpointType: 2 })).errorCode).toBe(ErrorCode.MISMATCHED_ENDPOINT_TYPE);
    expect((await describeCluster(1, { endpointType: 9 })).errorCode).toBe(ErrorCode.UNSUPPORTED_ENDPOINT_TYPE);
  });
});

describe('DescribeTopicPartitions', () => {
  type Page = { topics: { name: string; partitions: { partitionIndex: number }[] }[]; nextCursor: object | null };
  const page = (names: readonly string[], more: object = {}): Promise<Page> =>
    broker.ask(DESCRIBE_TOPIC_PARTITIONS, 0, {
      topics: names.map((name) => ({ name })),
      responsePartitionLimit: 2000,
      cursor: null,
      ...more,
    }).answer;
  const rows = ({ topics }: Page) =>
    topics.map(({ name, partitions }) => `${name} ${partitions.map(({ partitionIndex }) => partitionIndex).join('')}`);

  it('gives topics in the order of their names, each once', async () => {
    const answer = await page(['b', 'a', 'nobody', 'b']);
    expect(rows(answer)).toEqual(['a 0123', 'b 0']);
    expect(answer.nextCursor).toEqual({ topicName: 'b', partitionIndex: 1 });
  });

  it('tells what there is not', async () => {
    const answer = await page(['nobody']);
    expect(answer.topics[0]).toMatchObject({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, partitions: [] });
  });

  it.each([1, 2, 3, 4, 5, 100])('pages of %i partitions name each partition once', async (responsePartitionLimit) => {
    const seen: string[] = [];
    let cursor: object | null = null;
    let pages = 0;
    do {
      const answer: Page = await page([], { responsePartitionLimit, cursor });
      for (const { name, partitions } of answer.topics)
        for (const { partitionIndex } of partitions) seen.push(`${name}-${partitionIndex}`);
      cursor = answer.nextCursor;
      pages++;
    } while (cursor !== null);
    expect(seen).toEqual(['__consumer_offsets-0', 'a-0', 'a-1', 'a-2', 'a-3', 'b-0', 'b-1', 'lost-0', 'two-0']);
    expect(pages).toBe(Math.ceil(9 / Math.min(responsePartitionLimit, 5)));
  });

  it('goes on behind a topic that was deleted between two pages', async () => {
    const answer = await page([], { cursor: { topicName: 'aa', partitionIndex: 3 } });
    expect(rows(answer)).toEqual(['b 01', 'lost 0', 'two 0']);
  });

  it('tells of eligible leaders', async () => {
    const change = { isr: [1], eligibleLeaderReplicas: [2], lastKnownElr: [2] };
    broker.apply(partitionChange(topicId(2), 0, change));
    const answer = await page(['two']);
    expect(answer.topics[0]?.partitions[0]).toMatchObject({ eligibleLeaderReplicas: [2], lastKnownElr: [2] });
    expect(answer.topics[0]).toMatchObject({ topicAuthorizedOperations: TOPIC_OPERATIONS });
  });
});
