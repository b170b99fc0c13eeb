/** The rows of the controller listener, through the codec as a client meets them. */
import { describe, expect, it } from 'vitest';
import { controllerHandlers } from '../../src/controller/handlers/controller-handlers.ts';
import type { ApiRow, RequestContext } from '../../src/network/handler.ts';
import { decodeMessage, encodeMessage } from '../../src/protocol/codec.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { decodeResponseFrame, encodeRequestFrame } from '../../src/protocol/frames.ts';
import { createTopicsRequest, createTopicsResponse } from '../../src/protocol/messages/create-topics.ts';
import { deleteTopicsRequest } from '../../src/protocol/messages/delete-topics.ts';
import { describeClusterRequest } from '../../src/protocol/messages/describe-cluster.ts';
import { describeQuorumRequest } from '../../src/protocol/messages/describe-quorum.ts';
import { envelopeRequest, type envelopeResponse } from '../../src/protocol/messages/envelope.ts';
import { defaultPrincipalData } from '../../src/protocol/messages/principal.ts';
import { updateFeaturesRequest } from '../../src/protocol/messages/update-features.ts';
import type { Decoded, Encodable, Message } from '../../src/protocol/schema.ts';
import { Harness } from './harness.ts';

async function started(): Promise<{ readonly harness: Harness; readonly rows: Map<number, ApiRow> }> {
  const harness = await Harness.started();
  await harness.join(1);
  const rows = controllerHandlers({ controller: harness.controller, raft: harness.raft, describeConfigs: null });
  return { harness, rows: new Map(rows.map((row) => [row.apiKey, row])) };
}

function context(apiKey: number, apiVersion: number): RequestContext {
  return {
    apiKey,
    apiVersion,
    correlationId: 7,
    clientId: 'c',
    connectionId: 'x',
    listenerName: 'CONTROLLER',
    clientAddress: '127.0.0.1',
    principal: { type: 'User', name: 'ANONYMOUS' },
    clientSoftwareName: 'unknown',
    clientSoftwareVersion: 'unknown',
    frame: Buffer.alloc(0),
    onConnectionClosed: () => () => {},
  };
}

async function ask<M extends Message>(
  rows: Map<number, ApiRow>,
  message: M,
  version: number,
  value: Encodable<M>,
): Promise<Record<string, unknown>> {
  const row = rows.get(message.apiKey) as ApiRow;
  const request = decodeMessage(message, version, encodeMessage(message, version, value as never));
  const ctx = context(message.apiKey, version);
  let result: unknown;
  try {
    result = await row.handle(request as never, ctx);
  } catch (error) {
    const { code, message: text } = error as { code: number; message: string };
    result = row.errorResponse(request as never, code, text, ctx);
  }
  return decodeMessage(row.response, version, encodeMessage(row.response, version, result as never)) as never;
}

const topic = (name: string) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] });

describe('every row', () => {
  it('can say an error in every version it has', async () => {
    const { rows } = await started();
    for (const row of rows.values()) {
      for (let version = row.minVersion; version <= row.maxVersion; version++) {
        const minimal = minimalValue(row.request);
        const request = decodeMessage(row.request, version, encodeMessage(row.request, version, minimal as never));
        const answer = row.errorResponse(
          request as never,
          ErrorCode.NOT_CONTROLLER,
          'why',
          context(row.apiKey, version),
        );
        const bytes = encodeMessage(row.response, version, answer as never);
        expect(decodeMessage(row.response, version, bytes), `${row.name} v${version}`).toBeDefined();
      }
    }
  });

  it('advertises versions that its schema has', async () => {
    const { rows } = await started();
    for (const row of rows.values()) {
      expect(row.request.apiKey).toBe(row.apiKey);
      expect(row.request.validVersions?.min, row.name).toBe(row.minVersion);
      expect(row.request.validVersions?.max, row.name).toBe(row.maxVersion);
    }
  });
});

/** A request with empty lists and zeros. */
function minimalValue(message: Message): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, { spec }] of Object.entries(message.fields)) {
    if (spec.hasDefault) continue;
    if (spec.array) value[name] = [];
    else if (spec.type === 'bool') value[name] = false;
    else if (spec.type === 'string') value[name] = '';
    else if (spec.type === 'uuid') value[name] = 'AAAAAAAAAAAAAAAAAAAAAA';
    else if (spec.type === 'bytes') value[name] = Buffer.alloc(0);
    else value[name] = 0;
  }
  return value;
}

describe('CreateTopics', () => {
  it('creates, and refuses duplicates and the metadata topic by themselves', async () => {
    const { rows } = await started();
    const topics = [topic('a'), topic('b'), topic('b'), topic('__cluster_metadata')];
    const answer = await ask(rows, createTopicsRequest, 7, { topics });
    const texts = (answer['topics'] as { name: string; errorCode: number; errorMessage: string | null }[]).map(
      (one) => `${one.name} ${one.errorCode} ${one.errorMessage}`,
    );
    expect(texts.sort()).toEqual([
      '__cluster_metadata 42 Creation of internal topic __cluster_metadata is prohibited.',
      'a 0 null',
      'b 42 Duplicate topic name.',
    ]);
  });
});

describe('DeleteTopics', () => {
  it('takes names and ids, and says what is wrong with each', async () => {
    const { harness, rows } = await started();
    await ask(rows, createTopicsRequest, 7, { topics: [topic('a'), topic('b')] });
    const topicId = harness.controller.image.topics.byName('a')?.id as string;
    const zero = 'AAAAAAAAAAAAAAAAAAAAAA';
    const unknown = 'JEXY6aqzQY-32P5TStzaFg';
    const answer = await ask(rows, deleteTopicsRequest, 6, {
      topics: [
        { name: null, topicId },
        { name: 'b', topicId: zero },
        { name: 'nope', topicId: zero },
        { name: null, topicId: unknown },
        { name: 'b', topicId: 'KEXY6aqzQY-32P5TStzaFg' },
        { name: null, topicId: zero },
      ],
      timeoutMs: 1,
    });
    expect(
      (answer['responses'] as { name: string; errorCode: number }[]).map((one) => [one.name, one.errorCode]),
    ).toEqual([
      ['a', 0],
      ['b', 42],
      ['nope', 3],
      [null, 100],
      ['b', 42],
      [null, 42],
    ]);
  });

  it('can be forbidden', async () => {
    const harness = await Harness.started({ config: { deleteTopicEnable: false } });
    const rows = new Map(
      controllerHandlers({ controller: harness.controller, raft: harness.raft, describeConfigs: null }).map((row) => [
        row.apiKey,
        row,
      ]),
    );
    const answer = await ask(rows, deleteTopicsRequest, 5, { topicNames: ['a'], timeoutMs: 1 });
    expect(answer['responses']).toMatchObject([{ errorCode: 73, errorMessage: 'Topic deletion is disabled.' }]);
  });
});

describe('UpdateFeatures', () => {
  it('says one error for all, at the top or at each feature as the version has it', async () => {
    const { rows } = await started();
    const featureUpdates = [{ feature: 'no.such', maxVersionLevel: 1, upgradeType: 1 }];
    const text =
      'The update failed for all features since the following feature had an error: Invalid update version 1 for ' +
      'feature no.such. Local controller 1 does not support this feature.';
    const newer = await ask(rows, updateFeaturesRequest, 2, { featureUpdates });
    expect(newer).toMatchObject({ errorCode: 95, errorMessage: text, results: [] });
    const older = await ask(rows, updateFeaturesRequest, 1, { featureUpdates });
    expect(older).toMatchObject({ results: [{ feature: 'no.such', errorCode: 95, errorMessage: text }] });
  });
});

describe('DescribeQuorum', () => {
  it.each([
    ['another topic', [{ topicName: 't', partitions: [{ partitionIndex: 0 }] }], 3],
    [
      'the metadata topic of a node that does not lead',
      [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
      6,
    ],
  ])('of %s', async (_what, topics, code) => {
    const { rows } = await started();
    const answer = await ask(rows, describeQuorumRequest, 2, { topics });
    expect(answer['topics']).toMatchObject([{ partitions: [{ errorCode: code }] }]);
  });
});

describe('DescribeCluster', () => {
  it('knows controllers only', async () => {
    const { rows } = await started();
    const ofBrokers = await ask(rows, describeClusterRequest, 1, { includeClusterAuthorizedOperations: false });
    expect(ofBrokers['errorCode']).toBe(ErrorCode.MISMATCHED_ENDPOINT_TYPE);
    const ofControllers = await ask(rows, describeClusterRequest, 1, {
      includeClusterAuthorizedOperations: false,
      endpointType: 2,
    });
    expect(ofControllers).toMatchObject({ errorCode: 0, controllerId: 1, brokers: [] });
  });
});

describe('Envelope', () => {
  const principal = Buffer.concat([
    Buffer.alloc(2),
    encodeMessage(defaultPrincipalData, 0, { type: 'User', name: 'alice', tokenAuthenticated: false }),
  ]);

  async function forward(inner: Buffer, requestPrincipal: Buffer | null = principal) {
    const { harness, rows } = await started();
    const answer = (await ask(rows, envelopeRequest, 0, {
      requestData: inner,
      requestPrincipal,
      clientHostAddress: Buffer.from([127, 0, 0, 1]),
    })) as unknown as Decoded<typeof envelopeResponse>;
    return { harness, answer };
  }

  const frame = <M extends Message>(message: M, version: number, value: Encodable<M>) =>
    encodeRequestFrame(message, version, { correlationId: 99, clientId: 'inner' }, value as never).subarray(4);

  it('carries a request in and its whole response out', async () => {
    const { harness, answer } = await forward(frame(createTopicsRequest, 7, { topics: [topic('a')] }));
    expect(answer.errorCode).toBe(0);
    const response = decodeResponseFrame(createTopicsResponse, 7, answer.responseData as Buffer);
    expect(response.correlationId).toBe(99);
    expect(response.body.topics[0]).toMatchObject({ name: 'a', errorCode: 0 });
    expect(harness.controller.image.topics.byName('a')).toBeDefined();
  });

  it('refuses what may not be forwarded, what has no principal, and what is no request', async () => {
    const envelope = frame(envelopeRequest, 0, {
      requestData: Buffer.alloc(0),
      requestPrincipal: null,
      clientHostAddress: Buffer.alloc(4),
    });
    expect((await forward(envelope)).answer.errorCode).toBe(ErrorCode.INVALID_REQUEST);
    const create = frame(createTopicsRequest, 7, { topics: [] });
    expect((await forward(create, null)).answer.errorCode).toBe(ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE);
    expect((await forward(create, Buffer.from([0, 9, 1]))).answer.errorCode).toBe(
      ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE,
    );
    expect((await forward(create.subarray(0, create.length - 1))).answer.errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await forward(Buffer.from([0, 19]))).answer.errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });

  it('says NOT_CONTROLLER outside, so that the broker looks for the new one', async () => {
    const { harness, rows } = await started();
    harness.raft.follow(2, 2);
    const answer = await ask(rows, envelopeRequest, 0, {
      requestData: frame(createTopicsRequest, 7, { topics: [topic('a')] }),
      requestPrincipal: principal,
      clientHostAddress: Buffer.from([127, 0, 0, 1]),
    });
    expect(answer).toMatchObject({ errorCode: ErrorCode.NOT_CONTROLLER, responseData: null });
  });
});
