/** Every version of the group APIs through the codec, over a coordinator in memory. */
import { describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../../../src/base/logger.ts';
import { groupHandlers } from '../../../../src/broker/handlers/group/group-handlers.ts';
import {
  type BrokerRegistration,
  EMPTY_IMAGE,
  type MetadataImage,
  type TopicImage,
  TopicsImage,
} from '../../../../src/metadata/image.ts';
import { type ApiRow, handlerTable, NO_RESPONSE, type RequestContext } from '../../../../src/network/handler.ts';
import { decodeMessage, encodeMessage } from '../../../../src/protocol/codec.ts';
import { ErrorCode } from '../../../../src/protocol/error-codes.ts';
import { KafkaError } from '../../../../src/protocol/kafka-error.ts';
import type { Message } from '../../../../src/protocol/schema.ts';
import { type Harness, settled, startCoordinator, subscription } from '../../../coordinator/harness.ts';

const T_ID = '70GhYGlKSs-8W0IMJkO5EQ';
const GONE_ID = '1Fu4bu_CQDOXeN4tiCOU7w';

function topic(name: string, id: string, partitionCount: number): TopicImage {
  const partition = { replicas: [1], directories: [], isr: [1], elr: [], lastKnownElr: [], adding: [], removing: [] };
  const partitions = Array.from({ length: partitionCount }, (_, partitionId) => ({
    ...partition,
    partitionId,
    leader: 1,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
  }));
  return { name, id, partitions };
}

const BROKER: BrokerRegistration = {
  id: 1,
  epoch: 1,
  incarnationId: T_ID,
  endpoints: [{ name: 'PLAINTEXT', host: 'host1', port: 9092, securityProtocol: 0 }],
  features: new Map(),
  rack: null,
  fenced: false,
  inControlledShutdown: false,
  logDirs: [],
  cordonedLogDirs: null,
  registrationOffset: 0,
};

function imageWith(...topics: TopicImage[]): MetadataImage {
  return { ...EMPTY_IMAGE, brokers: new Map([[1, BROKER]]), topics: TopicsImage.EMPTY.with([], topics) };
}

class Broker {
  readonly harness: Harness;
  readonly rows: ReadonlyMap<number, ApiRow>;
  image = imageWith(topic('t', T_ID, 2), topic('__consumer_offsets', 'AAAAAAAAAAAAAAAAAAAAAQ', 50));
  topicCreations = 0;
  warnings: string[] = [];
  closeConnection: () => void = () => {};

  constructor(harness: Harness) {
    this.harness = harness;
    this.rows = handlerTable(
      groupHandlers({
        coordinator: harness.coordinator,
        image: () => this.image,
        createOffsetsTopic: () => this.topicCreations++,
        logger: { ...SILENT_LOGGER, warn: (message) => this.warnings.push(message) },
      }),
    );
  }

  context(apiKey: number, apiVersion: number): RequestContext {
    return {
      apiKey,
      apiVersion,
      correlationId: 1,
      clientId: 'cid',
      connectionId: 'c',
      listenerName: 'PLAINTEXT',
      clientAddress: '127.0.0.1',
      principal: { type: 'User', name: 'ANONYMOUS' },
      clientSoftwareName: 'test',
      clientSoftwareVersion: '1',
      frame: Buffer.alloc(0),
      onConnectionClosed: (run) => {
        this.closeConnection = run;
        return () => {};
      },
    };
  }

  /** As the dispatcher does it: decode, handle, encode; and what a client makes of that. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of every API, looked at field by field
  async ask(apiKey: number, apiVersion: number, request: object): Promise<any> {
    const row = this.rows.get(apiKey) as ApiRow<Message<never, never>, Message<never, never>>;
    const decoded = decodeMessage(row.request, apiVersion, encodeMessage(row.request, apiVersion, request as never));
    const context = this.context(apiKey, apiVersion);
    let answer: unknown;
    try {
      answer = await row.handle(decoded, context);
    } catch (error) {
      const code = error instanceof KafkaError ? error.code : -1;
      answer = row.errorResponse(decoded, code, (error as Error).message, context);
    }
    if (answer === NO_RESPONSE) return answer;
    return decodeMessage(row.response, apiVersion, encodeMessage(row.response, apiVersion, answer as never));
  }
}

async function start(overrides: Parameters<typeof startCoordinator>[0] = {}): Promise<Broker> {
  return new Broker(await startCoordinator({ initialRebalanceDelayMs: 0, ...overrides }));
}

const versions = (min: number, max: number) => Array.from({ length: max - min + 1 }, (_, i) => min + i);

const joining = (version: number, memberId = '') => ({
  groupId: 'g',
  sessionTimeoutMs: 10_000,
  ...(version >= 1 && { rebalanceTimeoutMs: 20_000 }),
  memberId,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: subscription('t') }],
});

/** A stable group of one, made by requests of these versions. */
async function member(broker: Broker, joinVersion = 9, syncVersion = 5) {
  let joined = broker.ask(11, joinVersion, joining(joinVersion));
  if (joinVersion >= 4) joined = broker.ask(11, joinVersion, joining(joinVersion, (await joined).memberId));
  await broker.harness.time.advance(1);
  const { memberId, generationId } = await joined;
  const synced = await broker.ask(14, syncVersion, {
    groupId: 'g',
    generationId,
    memberId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId, assignment: Buffer.from('mine') }],
  });
  return { joined: await joined, synced, memberId, generationId };
}

it('rows advertise exactly what Kafka 4.3.1 does', async () => {
  const { rows } = await start();
  const advertised = Array.from(
    rows.values(),
    ({ apiKey, name, minVersion, maxVersion }) => `${name}(${apiKey}): ${minVersion} to ${maxVersion}`,
  );
  expect(advertised.sort()).toEqual([
    'DeleteGroups(42): 0 to 2',
    'DescribeGroups(15): 0 to 6',
    'FindCoordinator(10): 0 to 6',
    'Heartbeat(12): 0 to 4',
    'JoinGroup(11): 0 to 9',
    'LeaveGroup(13): 0 to 5',
    'ListGroups(16): 0 to 5',
    'OffsetCommit(8): 2 to 10',
    'OffsetDelete(47): 0 to 0',
    'OffsetFetch(9): 1 to 10',
    'SyncGroup(14): 0 to 5',
  ]);
});

describe('FindCoordinator', () => {
  it.each(versions(0, 6))('v%i names the leader of the group’s partition', async (version) => {
    const broker = await start();
    const asked = version >= 4 ? { coordinatorKeys: ['g', 'h'] } : { key: 'g' };
    const answer = await broker.ask(10, version, asked);
    const found = version >= 4 ? answer.coordinators : [answer];
    expect(found).toHaveLength(version >= 4 ? 2 : 1);
    for (const each of found) expect(each).toMatchObject({ errorCode: 0, nodeId: 1, host: 'host1', port: 9092 });
  });

  it('asks for the topic to be created, and lets the client come again', async () => {
    const broker = await start();
    broker.image = imageWith();
    const answer = await broker.ask(10, 6, { coordinatorKeys: ['g'] });
    expect(answer.coordinators).toMatchObject([{ key: 'g', errorCode: 15, nodeId: -1, port: -1 }]);
    expect(broker.topicCreations).toBe(1);
    broker.image = { ...imageWith(topic('__consumer_offsets', T_ID, 50)), brokers: new Map() };
    expect((await broker.ask(10, 2, { key: 'g' })).errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  });

  it('refuses transactions and share groups for good, and says so once', async () => {
    const broker = await start();
    for (const version of [1, 4, 6]) {
      const asked = version >= 4 ? { coordinatorKeys: ['x'], keyType: 1 } : { key: 'x', keyType: 1 };
      const answer = await broker.ask(10, version, asked);
      const found = version >= 4 ? answer.coordinators[0] : answer;
      expect(found.errorCode).toBe(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    }
    expect(broker.warnings).toHaveLength(1);
    const share = await broker.ask(10, 6, { coordinatorKeys: ['g:t:0'], keyType: 2 });
    expect(share.coordinators[0].errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });
});

describe('the life of a member', () => {
  it.each(versions(0, 9))('JoinGroup v%i', async (version) => {
    const broker = await start();
    const { joined } = await member(broker, version, Math.min(version, 5));
    expect(joined).toMatchObject({ errorCode: 0, generationId: 1, protocolName: 'range', leader: joined.memberId });
    expect(joined.protocolType).toBe(version >= 7 ? 'consumer' : null);
    expect(joined.members).toHaveLength(1);
    expect(joined.members[0].metadata).toEqual(subscription('t'));
    const refused = await broker.ask(11, version, { ...joining(version), sessionTimeoutMs: 1 });
    expect(refused).toMatchObject({
      errorCode: ErrorCode.INVALID_SESSION_TIMEOUT,
      generationId: -1,
      protocolName: version >= 7 ? null : '',
    });
  });

  it.each(versions(0, 5))('SyncGroup v%i', async (version) => {
    const broker = await start();
    const { synced } = await member(broker, 9, version);
    expect(synced.assignment.toString()).toBe('mine');
    expect(synced.protocolName).toBe(version >= 5 ? 'range' : null);
    if (version < 5) return;
    const request = { groupId: 'g', generationId: 1, memberId: 'm', assignments: [] };
    expect((await broker.ask(14, 5, request)).errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });

  it.each(versions(0, 4))('Heartbeat v%i', async (version) => {
    const broker = await start();
    const { memberId, generationId } = await member(broker);
    expect((await broker.ask(12, version, { groupId: 'g', generationId, memberId })).errorCode).toBe(0);
    expect((await broker.ask(12, version, { groupId: 'g', generationId: 9, memberId })).errorCode).toBe(22);
    expect((await broker.ask(12, version, { groupId: '', generationId, memberId })).errorCode).toBe(24);
  });

  it.each(versions(0, 5))('LeaveGroup v%i', async (version) => {
    const broker = await start();
    const { memberId } = await member(broker);
    const of = (id: string) => (version >= 3 ? { members: [{ memberId: id }] } : { memberId: id });
    const unknown = await broker.ask(13, version, { groupId: 'g', ...of('x') });
    expect(version >= 3 ? unknown.members[0].errorCode : unknown.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const left = await broker.ask(13, version, { groupId: 'g', ...of(memberId) });
    expect(left.errorCode).toBe(0);
    expect(left.members).toHaveLength(version >= 3 ? 1 : 0);
    expect((await broker.ask(13, version, { groupId: '', ...of('x') })).errorCode).toBe(ErrorCode.INVALID_GROUP_ID);
  });

  it('a request that waits is dropped with its connection; the member may come back on another', async () => {
    const broker = await start({ initialRebalanceDelayMs: 3_000 });
    const told = await broker.ask(11, 9, joining(9));
    const waiting = broker.ask(11, 9, joining(9, told.memberId));
    await settled();
    broker.closeConnection();
    expect(await waiting).toBe(NO_RESPONSE);
    const again = broker.ask(11, 9, joining(9, told.memberId));
    await broker.harness.time.advance(10_000);
    expect(await again).toMatchObject({ errorCode: 0, generationId: 1 });
  });

  it('keeps nothing of a request’s frame', async () => {
    const broker = await start();
    const row = broker.rows.get(11) as ApiRow;
    const frame = encodeMessage(row.request, 3, joining(3));
    const answering = row.handle(decodeMessage(row.request, 3, frame), broker.context(11, 3)) as Promise<{
      members: { metadata: Buffer }[];
    }>;
    frame.fill(0xff);
    await broker.harness.time.advance(1);
    expect(Buffer.from((await answering).members[0]?.metadata ?? [])).toEqual(Buffer.from(subscription('t')));
  });
});

const committing = (version: number, extra: object = {}) => ({
  groupId: 'g',
  memberId: '',
  topics: [
    {
      ...(version >= 10 ? { topicId: T_ID } : { name: 't' }),
      partitions: [
        {
          partitionIndex: 1,
          committedOffset: 7,
          committedMetadata: 'm',
          ...(version >= 6 && { committedLeaderEpoch: 2 }),
        },
        { partitionIndex: 5, committedOffset: 7, committedMetadata: null },
      ],
    },
    {
      ...(version >= 10 ? { topicId: GONE_ID } : { name: 'gone' }),
      partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }],
    },
  ],
  ...extra,
});

describe('offsets', () => {
  it.each(versions(2, 10))('OffsetCommit v%i', async (version) => {
    const broker = await start();
    const { topics } = await broker.ask(8, version, committing(version));
    const known = topics.find((each: { name: string; topicId: string }) => each.name === 't' || each.topicId === T_ID);
    const unknown = topics.find((each: object) => each !== known);
    expect(known.partitions).toEqual([
      { partitionIndex: 5, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
      { partitionIndex: 1, errorCode: 0 },
    ]);
    expect(unknown.partitions).toEqual([
      { partitionIndex: 0, errorCode: version >= 10 ? ErrorCode.UNKNOWN_TOPIC_ID : 3 },
    ]);
    expect(broker.harness.logs.records('g')).toMatchObject([
      { topic: 't', partition: 1, value: { offset: 7, leaderEpoch: version >= 6 ? 2 : -1, topicId: T_ID } },
    ]);
    const refused = await broker.ask(8, version, committing(version, { generationIdOrMemberEpoch: 3, memberId: 'm' }));
    const codes = refused.topics.flatMap((each: { partitions: { errorCode: number }[] }) =>
      each.partitions.map(({ errorCode }) => errorCode),
    );
    expect(new Set(codes)).toEqual(new Set([ErrorCode.UNKNOWN_MEMBER_ID]));
  });

  it.each(versions(1, 10))('OffsetFetch v%i', async (version) => {
    const broker = await start();
    await broker.ask(8, 8, committing(8));
    const name = (topicName: string, topicId: string) => (version >= 10 ? { topicId } : { name: topicName });
    const topics = [
      { ...name('t', T_ID), partitionIndexes: [0, 1] },
      { ...name('gone', GONE_ID), partitionIndexes: [0] },
    ];
    const ask = (of: object[] | null) =>
      broker.ask(9, version, version >= 8 ? { groups: [{ groupId: 'g', topics: of }] } : { groupId: 'g', topics: of });
    const group = (answer: { groups: { topics: unknown[] }[]; topics: unknown[] }) =>
      (version >= 8 ? answer.groups[0] : answer) as { topics: { partitions: object[] }[]; errorCode: number };
    const fetched = group(await ask(topics));
    expect(fetched.errorCode).toBe(0);
    expect(fetched.topics[0]?.partitions).toMatchObject([
      { partitionIndex: 0, committedOffset: -1, metadata: '', errorCode: 0 },
      { partitionIndex: 1, committedOffset: 7, metadata: 'm', committedLeaderEpoch: version >= 5 ? 2 : -1 },
    ]);
    expect(fetched.topics[1]?.partitions).toMatchObject([
      { committedOffset: -1, errorCode: version >= 10 ? ErrorCode.UNKNOWN_TOPIC_ID : 0 },
    ]);
    if (version < 2) return;
    const all = group(await ask(null));
    expect(all.topics).toHaveLength(1);
    expect(all.topics[0]).toMatchObject({
      ...name('t', T_ID),
      partitions: [{ partitionIndex: 1, committedOffset: 7 }],
    });
  });

  it.each([1, 2, 7, 8, 10])('OffsetFetch v%i tells an error where the version has it', async (version) => {
    const broker = await start();
    broker.harness.coordinator.shutdown();
    const topics = [{ ...(version >= 10 ? { topicId: T_ID } : { name: 't' }), partitionIndexes: [0] }];
    const answer = await broker.ask(
      9,
      version,
      version >= 8 ? { groups: [{ groupId: 'g', topics }] } : { groupId: 'g', topics },
    );
    if (version >= 8) expect(answer.groups).toMatchObject([{ groupId: 'g', errorCode: 15, topics: [] }]);
    else if (version >= 2) expect(answer).toMatchObject({ errorCode: 15, topics: [] });
    else expect(answer.topics).toMatchObject([{ partitions: [{ partitionIndex: 0, errorCode: 15 }] }]);
  });

  it('OffsetFetch of several groups answers each', async () => {
    const broker = await start();
    await broker.ask(8, 8, committing(8));
    const { groups } = await broker.ask(9, 9, {
      groups: [
        { groupId: 'g', topics: null, memberId: null, memberEpoch: -1 },
        { groupId: 'h', topics: [{ name: 't', partitionIndexes: [1] }] },
      ],
      requireStable: true,
    });
    expect(groups[0].topics[0].partitions[0].committedOffset).toBe(7);
    expect(groups[1].topics[0].partitions[0].committedOffset).toBe(-1);
  });

  it('of a topic that is gone are not told by id', async () => {
    const broker = await start();
    await broker.ask(8, 8, committing(8));
    broker.image = imageWith();
    const { groups } = await broker.ask(9, 10, { groups: [{ groupId: 'g', topics: null }] });
    expect(groups[0].topics).toEqual([]);
    expect((await broker.ask(9, 9, { groups: [{ groupId: 'g', topics: null }] })).groups[0].topics).toHaveLength(1);
  });

  it('OffsetDelete v0', async () => {
    const broker = await start();
    await broker.ask(8, 8, committing(8));
    const topics = [
      { name: 't', partitions: [{ partitionIndex: 1 }, { partitionIndex: 9 }] },
      { name: 'gone', partitions: [{ partitionIndex: 0 }] },
    ];
    const answer = await broker.ask(47, 0, { groupId: 'g', topics });
    expect(answer).toMatchObject({
      errorCode: 0,
      topics: [
        {
          name: 't',
          partitions: [
            { partitionIndex: 9, errorCode: 3 },
            { partitionIndex: 1, errorCode: 0 },
          ],
        },
        { name: 'gone', partitions: [{ partitionIndex: 0, errorCode: 3 }] },
      ],
    });
    expect(await broker.ask(47, 0, { groupId: 'none', topics })).toMatchObject({ errorCode: 69, topics: [] });
  });
});

describe('groups', () => {
  it.each(versions(0, 5))('ListGroups v%i', async (version) => {
    const broker = await start();
    await member(broker);
    const { errorCode, groups } = await broker.ask(16, version, {});
    expect(errorCode).toBe(0);
    expect(groups).toEqual([
      {
        groupId: 'g',
        protocolType: 'consumer',
        groupState: version >= 4 ? 'Stable' : '',
        groupType: version >= 5 ? 'Classic' : '',
      },
    ]);
    if (version >= 4) expect((await broker.ask(16, version, { statesFilter: [' EMPTY '] })).groups).toEqual([]);
    if (version >= 5) expect((await broker.ask(16, version, { typesFilter: ['CLASSIC'] })).groups).toHaveLength(1);
  });

  it.each(versions(0, 6))('DescribeGroups v%i', async (version) => {
    const broker = await start();
    const { memberId } = await member(broker);
    const includes = version >= 3 ? { includeAuthorizedOperations: true } : {};
    const { groups } = await broker.ask(15, version, { groups: ['g', 'none'], ...includes });
    expect(groups[0]).toMatchObject({
      errorCode: 0,
      groupState: 'Stable',
      protocolData: 'range',
      members: [{ memberId, clientId: 'cid', clientHost: '/127.0.0.1' }],
      authorizedOperations: version >= 3 ? 3400 : -2147483648,
    });
    expect(groups[1]).toMatchObject({
      errorCode: version >= 6 ? ErrorCode.GROUP_ID_NOT_FOUND : 0,
      errorMessage: version >= 6 ? 'Group none not found.' : null,
      groupState: 'Dead',
    });
  });

  it.each(versions(0, 2))('DeleteGroups v%i', async (version) => {
    const broker = await start();
    await member(broker);
    await broker.ask(8, 8, committing(8, { groupId: 'h' }));
    const { results } = await broker.ask(42, version, { groupsNames: ['h', 'g', 'none', 'h'] });
    expect(results).toEqual([
      { groupId: 'h', errorCode: 0 },
      { groupId: 'g', errorCode: ErrorCode.NON_EMPTY_GROUP },
      { groupId: 'none', errorCode: ErrorCode.GROUP_ID_NOT_FOUND },
    ]);
  });

  it('answer an error of each API in its own form', async () => {
    const broker = await start();
    for (const row of broker.rows.values()) {
      for (let version = row.minVersion; version <= row.maxVersion; version++) {
        const request = emptyRequest(row.apiKey, version);
        const decoded = decodeMessage(row.request, version, encodeMessage(row.request, version, request as never));
        const answer = row.errorResponse(decoded as never, 31, null, broker.context(row.apiKey, version));
        expect(() => encodeMessage(row.response, version, answer as never)).not.toThrow();
      }
    }
  });
});

function emptyRequest(apiKey: number, version: number): object {
  switch (apiKey) {
    case 8:
      return committing(version);
    case 9:
      return version >= 8 ? { groups: [{ groupId: 'g', topics: null }] } : { groupId: 'g', topics: [] };
    case 10:
      return version >= 4 ? { coordinatorKeys: ['g'] } : { key: 'g' };
    case 11:
      return joining(version);
    case 12:
      return { groupId: 'g', generationId: 1, memberId: 'm' };
    case 13:
      return version >= 3 ? { groupId: 'g', members: [] } : { groupId: 'g', memberId: 'm' };
    case 14:
      return { groupId: 'g', generationId: 1, memberId: 'm', assignments: [] };
    case 15:
      return { groups: ['g'] };
    case 42:
      return { groupsNames: ['g'] };
    case 47:
      return { groupId: 'g', topics: [] };
    default:
      return {};
  }
}
