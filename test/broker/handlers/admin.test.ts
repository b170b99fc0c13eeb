/** DescribeLogDirs, the config APIs and what is passed on to the controller. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RequestContext } from '../../../src/network/handler.ts';
import { decodeMessage } from '../../../src/protocol/codec.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { decodeRequestHeader } from '../../../src/protocol/frames.ts';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';
import { incrementalAlterConfigsRequest } from '../../../src/protocol/messages/incremental-alter-configs.ts';
import { BrokerHarness, brokerRecord, configRecord, DIRECTORY_IDS, topicId, topicRecords } from '../harness.ts';

const [TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP] = [2, 4, 8, 16, 32];

let broker: BrokerHarness;

beforeEach(async () => {
  broker = await BrokerHarness.start({ directories: 2 });
  broker.withTopics({ t: { partitions: 2 } });
  broker.apply(...topicRecords('u', { id: topicId(5), directories: [DIRECTORY_IDS[1]] }));
});

afterEach(() => broker.remove());

describe('DescribeLogDirs', () => {
  const describeDirs = (version: number, topics: object[] | null = null) => broker.ask(35, version, { topics }).answer;

  it.each([1, 2, 3, 4, 5])('v%i tells what lies where', async (version) => {
    broker.append('t', 'a');
    const { results } = await describeDirs(version);
    expect(results.map(({ logDir }: { logDir: string }) => logDir)).toEqual(broker.directories);
    expect(results[0].topics).toMatchObject([
      { name: 't', partitions: [{ partitionIndex: 0, partitionSize: 69, offsetLag: 0, isFutureKey: false }, {}] },
    ]);
    expect(results[1].topics).toMatchObject([{ name: 'u', partitions: [{ partitionSize: 0 }] }]);
    if (version >= 4) expect(results[0].usableBytes).toBeLessThanOrEqual(results[0].totalBytes);
  });

  it('tells of the partitions that were asked for', async () => {
    const { results } = await describeDirs(4, [
      { topic: 't', partitions: [1, 9] },
      { topic: 'nobody', partitions: [0] },
    ]);
    expect(results[0].topics).toMatchObject([{ name: 't', partitions: [{ partitionIndex: 1 }] }]);
    expect(results[1].topics).toEqual([]);
  });

  it('names a directory that has failed', async () => {
    broker.logs.failDirectory(broker.directories[1] as string, 'gone', new Error('EIO'));
    const { results } = await describeDirs(4);
    expect(results.map(({ errorCode }: { errorCode: number }) => errorCode)).toEqual([
      0,
      ErrorCode.KAFKA_STORAGE_ERROR,
    ]);
  });
});

describe('ListConfigResources', () => {
  const list = (version: number, resourceTypes: readonly number[] = []) =>
    broker.ask(74, version, version === 0 ? {} : { resourceTypes }).answer;
  const rows = (answer: { configResources: { resourceName: string; resourceType: number }[] }) =>
    answer.configResources.map(({ resourceName, resourceType }) => `${resourceType} ${resourceName}`);

  beforeEach(() => {
    broker.apply(
      configRecord(CLIENT_METRICS, 'm', 'interval.ms', '1000'),
      configRecord(GROUP, 'g', 'consumer.session.timeout.ms', '50000'),
    );
  });

  it('v0 knows client metrics only', async () => {
    expect((await list(0)).configResources.map(({ resourceName }: { resourceName: string }) => resourceName)).toEqual([
      'm',
    ]);
  });

  it('v1 lists all, or the types that were asked for, each once', async () => {
    expect(rows(await list(1)).sort()).toEqual(['16 m', '2 t', '2 u', '32 g', '4 1', '8 1']);
    expect(rows(await list(1, [GROUP, TOPIC, GROUP]))).toEqual(['32 g', '2 t', '2 u']);
    expect((await list(1, [TOPIC, 3])).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
  });
});

describe('DescribeConfigs', () => {
  const describeConfigs = async (resourceType: number, resourceName: string, keys: readonly string[] | null = null) => {
    const request = { resources: [{ resourceType, resourceName, configurationKeys: keys }], includeSynonyms: true };
    return (await broker.ask(32, 4, { ...request, includeDocumentation: false }).answer).results[0];
  };
  const configOf = (
    result: { configs: { name: string; value: string | null; configSource: number }[] },
    key: string,
  ) => {
    const found = result.configs.find(({ name }) => name === key);
    return found && [found.value, found.configSource];
  };

  it.each([1, 2, 3, 4])('v%i gives a topic its own values, the brokers and the defaults', async (version) => {
    broker.apply(
      configRecord(TOPIC, 't', 'retention.ms', '1000'),
      configRecord(BROKER, '', 'log.retention.bytes', '77'),
    );
    const request = {
      resources: [{ resourceType: TOPIC, resourceName: 't', configurationKeys: null }],
      includeSynonyms: false,
    };
    const asked = version >= 3 ? { ...request, includeDocumentation: false } : request;
    const result = (await broker.ask(32, version, asked).answer).results[0];
    expect(configOf(result, 'retention.ms')).toEqual(['1000', 1]);
    expect(configOf(result, 'retention.bytes')).toEqual(['77', 3]);
    expect(configOf(result, 'segment.bytes')).toEqual(['1073741824', 5]);
  });

  it('gives the keys that were asked for', async () => {
    const result = await describeConfigs(TOPIC, 't', ['retention.ms', 'no.such.key']);
    expect(result.configs.map(({ name }: { name: string }) => name)).toEqual(['retention.ms']);
    expect((await describeConfigs(TOPIC, 't', [])).configs.length).toBeGreaterThan(20);
  });

  it('speaks for this broker, for the default of all, and for no other', async () => {
    broker.apply(
      configRecord(BROKER, '1', 'log.cleaner.threads', '2'),
      configRecord(BROKER, '', 'log.retention.ms', '5'),
    );
    expect(configOf(await describeConfigs(BROKER, '1'), 'log.cleaner.threads')).toEqual(['2', 2]);
    expect(configOf(await describeConfigs(BROKER, ''), 'log.retention.ms')).toEqual(['5', 3]);
    expect((await describeConfigs(BROKER, '2')).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await describeConfigs(BROKER, 'x')).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await describeConfigs(BROKER_LOGGER, '2')).errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });

  it('knows groups and client metrics, and nothing else', async () => {
    broker.apply(configRecord(GROUP, 'g', 'consumer.session.timeout.ms', '50000'));
    expect(configOf(await describeConfigs(GROUP, 'g'), 'consumer.session.timeout.ms')?.[0]).toBe('50000');
    expect((await describeConfigs(CLIENT_METRICS, 'm')).errorCode).toBe(0);
    expect((await describeConfigs(GROUP, '')).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await describeConfigs(CLIENT_METRICS, '')).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await describeConfigs(99, 'x')).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await describeConfigs(TOPIC, 'nobody')).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});

describe('what changes configs', () => {
  type Resource = readonly [type: number, name: string, key: string, value: string | null];
  const passedOn: (readonly string[])[] = [];

  beforeEach(() => {
    passedOn.length = 0;
    broker.controller.forward = (context: RequestContext) => {
      expect(context.principal).toEqual({ type: 'User', name: 'ANONYMOUS' });
      expect(context.clientAddress).toBe('127.0.0.1');
      const { bodyStart, apiVersion } = decodeRequestHeader(context.frame);
      const request = decodeMessage(incrementalAlterConfigsRequest, apiVersion, context.frame, bodyStart);
      passedOn.push(request.resources.map(({ resourceName }) => resourceName));
      const answer = ({ resourceType, resourceName }: { resourceType: number; resourceName: string }) => ({
        errorCode: 0,
        errorMessage: null,
        resourceType,
        resourceName,
      });
      return { throttleTimeMs: 0, responses: request.resources.map(answer) };
    };
  });

  async function alter(...resources: readonly Resource[]) {
    const answer = await broker.ask(44, 1, {
      resources: resources.map(([resourceType, resourceName, name, value]) => ({
        resourceType,
        resourceName,
        configs: [{ name, configOperation: 0, value }],
      })),
      validateOnly: false,
    }).answer;
    return Object.fromEntries(
      answer.responses.map(({ resourceName, errorCode }: { resourceName: string; errorCode: number }) => [
        resourceName,
        errorCode,
      ]),
    );
  }

  it('is passed on as it came', async () => {
    expect(await alter([TOPIC, 't', 'retention.ms', '5'], [BROKER, '1', 'log.cleaner.threads', '2'])).toEqual({
      t: 0,
      1: 0,
    });
    expect(passedOn).toEqual([['t', '1']]);
  });

  it('goes on without the resources that this broker refuses', async () => {
    const refused = await alter(
      [TOPIC, 't', 'retention.ms', '5'],
      [BROKER, '2', 'log.cleaner.threads', '2'],
      [BROKER_LOGGER, '1', 'kafka', 'DEBUG'],
    );
    expect(refused).toEqual({ t: 0, 2: ErrorCode.INVALID_REQUEST, 1: ErrorCode.INVALID_REQUEST });
    expect(passedOn).toEqual([['t']]);
  });

  it('asks no controller when nothing is left', async () => {
    expect(await alter([BROKER, '1', 'listeners', 'x'])).toEqual({ 1: ErrorCode.INVALID_REQUEST });
    expect(await alter([BROKER, '1', 'log.cleaner.threads', 'many'])).toEqual({ 1: ErrorCode.INVALID_REQUEST });
    expect(passedOn).toEqual([]);
  });

  it('fails as a whole when there is no controller', async () => {
    broker.controller.forward = () => {
      throw new KafkaError(ErrorCode.NOT_CONTROLLER, 'nobody there');
    };
    expect(await alter([TOPIC, 't', 'retention.ms', '5'])).toEqual({ t: ErrorCode.NOT_CONTROLLER });
  });
});

describe('a request for the controller', () => {
  const cases: readonly (readonly [string, number, number, object, (answer: never) => number])[] = [
    [
      'CreateTopics',
      19,
      7,
      {
        topics: [{ name: 'n', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 1,
        validateOnly: false,
      },
      (a: { topics: { errorCode: number }[] }) => a.topics[0]?.errorCode ?? 0,
    ],
    [
      'DeleteTopics',
      20,
      6,
      { topics: [{ name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], timeoutMs: 1 },
      (a: { responses: { errorCode: number }[] }) => a.responses[0]?.errorCode ?? 0,
    ],
    [
      'DeleteTopics by names',
      20,
      5,
      { topicNames: ['t'], timeoutMs: 1 },
      (a: { responses: { errorCode: number }[] }) => a.responses[0]?.errorCode ?? 0,
    ],
    [
      'CreatePartitions',
      37,
      3,
      { topics: [{ name: 't', count: 3, assignments: null }], timeoutMs: 1, validateOnly: false },
      (a: { results: { errorCode: number }[] }) => a.results[0]?.errorCode ?? 0,
    ],
    [
      'ElectLeaders',
      43,
      2,
      { electionType: 0, topicPartitions: [{ topic: 't', partitions: [0] }], timeoutMs: 1 },
      (a: { replicaElectionResults: { partitionResult: { errorCode: number }[] }[] }) =>
        a.replicaElectionResults[0]?.partitionResult[0]?.errorCode ?? 0,
    ],
    [
      'AlterPartitionReassignments',
      45,
      1,
      { timeoutMs: 1, topics: [{ name: 't', partitions: [{ partitionIndex: 0, replicas: [1] }] }] },
      (a: { errorCode: number }) => a.errorCode,
    ],
    ['ListPartitionReassignments', 46, 0, { timeoutMs: 1, topics: null }, (a: { errorCode: number }) => a.errorCode],
    ['UnregisterBroker', 64, 0, { brokerId: 1 }, (a: { errorCode: number }) => a.errorCode],
    [
      'DescribeQuorum',
      55,
      2,
      { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] },
      (a: { errorCode: number }) => a.errorCode,
    ],
    [
      'UpdateFeatures',
      57,
      2,
      { timeoutMs: 1, featureUpdates: [], validateOnly: false },
      (a: { errorCode: number }) => a.errorCode,
    ],
  ];

  it.each(cases)(
    '(%s) is refused in its own shape when there is none',
    async (_name, apiKey, version, request, codeOf) => {
      broker.controller.forward = () => {
        throw new KafkaError(ErrorCode.NOT_CONTROLLER, 'nobody there');
      };
      expect(codeOf((await broker.ask(apiKey, version, request).answer) as never)).toBe(ErrorCode.NOT_CONTROLLER);
    },
  );

  it('is passed on with its frame, and answered with the controller\u2019s words', async () => {
    let seen: RequestContext | undefined;
    broker.controller.forward = (context) => {
      seen = context;
      return { errorCode: 0, topics: [], nodes: [] };
    };
    await broker.ask(55, 2, { topics: [] }).answer;
    expect(seen && decodeRequestHeader(seen.frame)).toMatchObject({ apiKey: 55, apiVersion: 2, clientId: 'cid' });
  });
});

it('a fenced broker has configs too', async () => {
  broker.apply(brokerRecord(2));
  const answer = await broker.ask(74, 1, { resourceTypes: [BROKER] }).answer;
  expect(answer.configResources).toHaveLength(2);
});
