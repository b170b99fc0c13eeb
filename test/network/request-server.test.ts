import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { AssertionFailure } from '../../src/base/assert.ts';
import type { Logger } from '../../src/base/logger.ts';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import {
  type ApiRow,
  apiRow,
  CLOSE_CONNECTION,
  type HandlerResult,
  handlerTable,
  NO_RESPONSE,
  type RequestContext,
} from '../../src/network/handler.ts';
import { RequestServer, type RequestServerOptions } from '../../src/network/request-server.ts';
import { decodeResponseFrame, encodeRequestFrame } from '../../src/protocol/frames.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../../src/protocol/messages/api-versions.ts';
import { listGroupsRequest, listGroupsResponse } from '../../src/protocol/messages/list-groups.ts';
import { produceRequest, produceResponse } from '../../src/protocol/messages/produce.ts';
import type { Encodable } from '../../src/protocol/schema.ts';
import { ManualTime } from '../support/manual-time.ts';
import { type MemoryClient, MemorySockets } from '../support/memory-sockets.ts';

type ListAnswer = Encodable<typeof listGroupsResponse>;
type ProduceAnswer = Encodable<typeof produceResponse>;

/** What the two APIs of the test server do; each test sets its own. */
interface Behaviour {
  list(context: RequestContext): HandlerResult<ListAnswer> | Promise<HandlerResult<ListAnswer>>;
  produce(context: RequestContext): HandlerResult<ProduceAnswer> | Promise<HandlerResult<ProduceAnswer>>;
}

const EMPTY_LIST: ListAnswer = { errorCode: 0, groups: [] };

function rows(behaviour: Behaviour): readonly ApiRow[] {
  return [
    apiRow({
      apiKey: 16,
      name: 'ListGroups',
      request: listGroupsRequest,
      response: listGroupsResponse,
      minVersion: 0,
      maxVersion: 4,
      ordering: 'serial',
      handle: (_request, context) => behaviour.list(context),
      errorResponse: (_request, errorCode) => ({ errorCode, groups: [] }),
    }),
    apiRow({
      apiKey: 0,
      name: 'Produce',
      request: produceRequest,
      response: produceResponse,
      minVersion: 3,
      maxVersion: 12,
      ordering: 'pipelined',
      handle: (_request, context) => behaviour.produce(context),
      errorResponse: () => ({ responses: [] }),
    }),
  ];
}

function listFrame(correlationId: number, version = 0): Buffer {
  return encodeRequestFrame(listGroupsRequest, version, { correlationId, clientId: 'test' }, {});
}

function produceFrame(correlationId: number, bytes = 0): Buffer {
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: Buffer.alloc(bytes) }] }];
  return encodeRequestFrame(
    produceRequest,
    7,
    { correlationId, clientId: 'test' },
    { acks: 1, timeoutMs: 1000, topicData },
  );
}

function apiVersionsFrame(correlationId: number, version: number, name = 'kts', softwareVersion = '1.0'): Buffer {
  const header = { correlationId, clientId: 'test' };
  return encodeRequestFrame(apiVersionsRequest, version, header, {
    clientSoftwareName: version >= 3 ? name : '',
    clientSoftwareVersion: version >= 3 ? softwareVersion : '',
  });
}

const idsOf = (frames: readonly Buffer[]): number[] => frames.map((frame) => frame.readInt32BE(0));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Recorder implements Logger {
  readonly lines: string[] = [];
  debug(): void {}
  info(message: string): void {
    this.lines.push(`INFO ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`WARN ${message}`);
  }
  error(message: string): void {
    this.lines.push(`ERROR ${message}`);
  }
  named(): Logger {
    return this;
  }
}

describe('RequestServer', () => {
  let sockets: MemorySockets;
  let time: ManualTime;
  let behaviour: Behaviour;
  let server: RequestServer;
  let logger: Recorder;
  let bugs: AssertionFailure[];
  const PORT = 9092;

  async function serve(options: Partial<RequestServerOptions> = {}): Promise<void> {
    server = new RequestServer({
      runtime: { clock: time, timers: time, sockets },
      logger,
      socketRequestMaxBytes: 100 * 1024 * 1024,
      features: () => ({
        supported: [
          { name: 'metadata.version', minVersion: 7, maxVersion: 30 },
          { name: 'group.version', minVersion: 0, maxVersion: 1 },
        ],
        finalizedEpoch: 5,
        finalized: [{ name: 'metadata.version', level: 30 }],
      }),
      onBug: (failure) => bugs.push(failure),
      ...options,
    });
    await server.listen({ name: 'PLAINTEXT', host: '127.0.0.1', port: PORT, table: handlerTable(rows(behaviour)) });
  }

  const dial = (address?: string): MemoryClient => sockets.dial(PORT, address);

  beforeEach(() => {
    sockets = new MemorySockets();
    time = new ManualTime();
    logger = new Recorder();
    bugs = [];
    behaviour = { list: () => EMPTY_LIST, produce: () => ({ responses: [] }) };
  });

  describe('frames', () => {
    it('answers requests that come byte by byte and several in one chunk', async () => {
      await serve();
      const client = dial();
      for (const byte of listFrame(1)) client.send(Buffer.from([byte]));
      client.send(Buffer.concat([listFrame(2), listFrame(3), produceFrame(4, 100)]));
      expect(idsOf(client.frames())).toEqual([1, 2, 3, 4]);
      expect(server.memory.requestBytes).toBe(0);
    });

    it('joins the small answers of one turn into one write', async () => {
      await serve();
      const client = dial();
      client.send(Buffer.concat([1, 2, 3, 4, 5].map((id) => listFrame(id))));
      expect(client.server.writes).toBe(1);
      expect(idsOf(client.frames())).toEqual([1, 2, 3, 4, 5]);
    });

    it('assembles large frames as their bytes come and gives their memory back', async () => {
      await serve();
      const client = dial();
      const frame = produceFrame(7, 5 * 1024 * 1024);
      for (let at = 0; at < frame.length; at += 65_536) client.send(frame.subarray(at, at + 65_536));
      expect(idsOf(client.frames())).toEqual([7]);
      expect([server.memory.requestBytes, server.memory.arrivingBytes]).toEqual([0, 0]);
    });

    it.each([
      ['a negative size', Buffer.from([0xff, 0xff, 0xff, 0xff])],
      ['a size beyond the limit', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
      ['an empty frame', Buffer.from([0, 0, 0, 0])],
      ['an unknown API', Buffer.from([0, 0, 0, 10, 0x03, 0xe7, 0, 0, 0, 0, 0, 1, 0xff, 0xff])],
      ['a body that is too short', produceFrame(1, 10).fill(0, 0, 4).fill(20, 3, 4).subarray(0, 24)],
    ])('closes the connection over %s, in one line', async (_what, bytes) => {
      await serve();
      const client = dial();
      client.send(bytes);
      expect(client.isClosed).toBe(true);
      expect(client.received.length).toBe(0);
      expect(logger.lines).toHaveLength(1);
      expect(logger.lines[0]).toMatch(
        /^WARN Closing connection 127\.0\.0\.1:9092-127\.0\.0\.1:\d+-0 on listener PLAINTEXT: /,
      );
      expect(server.metrics.connectionsOpen).toBe(0);
    });

    it('closes the connection over a version that the table lacks, after earlier answers', async () => {
      await serve();
      const client = dial();
      client.send(Buffer.concat([listFrame(1), listFrame(2, 5)]));
      expect(idsOf(client.frames())).toEqual([1]);
      expect(client.isClosed).toBe(true);
    });

    it('never throws, leaks or answers anything but frames, whatever bytes come', async () => {
      await serve({ socketRequestMaxBytes: 100_000 });
      const hostile = fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.constant(listFrame(1)),
          fc.constant(produceFrame(2, 50)),
          fc
            .tuple(fc.constantFrom(listFrame(3), produceFrame(4, 50), apiVersionsFrame(5, 3)), fc.nat())
            .map(([frame, at]) => {
              const bytes = Buffer.from(frame);
              bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << (at % 8));
              return bytes;
            }),
        ),
        { maxLength: 12 },
      );
      fc.assert(
        fc.property(hostile, fc.integer({ min: 1, max: 64 }), (pieces, step) => {
          const client = dial();
          const all = Buffer.concat(pieces);
          for (let at = 0; at < all.length; at += step) client.send(all.subarray(at, at + step));
          client.frames();
          const left = client.received.length;
          client.own.destroy();
          expect(left).toBe(0);
          expect([server.memory.requestBytes, server.memory.arrivingBytes, server.metrics.connectionsOpen]).toEqual([
            0, 0, 0,
          ]);
        }),
        { numRuns: 300 },
      );
    });
  });

  describe('ApiVersions', () => {
    it('is answered from the table, in every version', async () => {
      await serve();
      const client = dial();
      for (let version = 0; version <= 4; version++) client.send(apiVersionsFrame(version, version));
      const answers = client.frames().map((frame, version) => decodeResponseFrame(apiVersionsResponse, version, frame));
      expect(answers.map(({ correlationId }) => correlationId)).toEqual([0, 1, 2, 3, 4]);
      for (const { body } of answers) {
        expect(body.errorCode).toBe(0);
        expect(body.apiKeys).toEqual([
          { apiKey: 0, minVersion: 3, maxVersion: 12 },
          { apiKey: 16, minVersion: 0, maxVersion: 4 },
          { apiKey: 18, minVersion: 0, maxVersion: 4 },
        ]);
      }
      expect(answers[2]?.body.supportedFeatures).toEqual([]);
      expect(answers[3]?.body.supportedFeatures.map(({ name }) => name)).toEqual(['metadata.version']);
      expect(answers[4]?.body.supportedFeatures.map(({ name }) => name)).toEqual(['metadata.version', 'group.version']);
      expect(answers[4]?.body.finalizedFeaturesEpoch).toBe(5);
    });

    it('of an unknown version is answered as version 0 with UNSUPPORTED_VERSION and its own range', async () => {
      await serve();
      const client = dial();
      const frame = apiVersionsFrame(9, 3);
      frame.writeInt16BE(99, 6);
      client.send(frame);
      const [answer] = client.frames();
      const { correlationId, body } = decodeResponseFrame(apiVersionsResponse, 0, answer as Buffer);
      expect([correlationId, body.errorCode, body.apiKeys]).toEqual([
        9,
        35,
        [{ apiKey: 18, minVersion: 0, maxVersion: 4 }],
      ]);
      expect(client.isClosed).toBe(false);
    });

    it('names the client software to handlers, and refuses names that are none', async () => {
      const seen: string[] = [];
      behaviour.list = (context) => {
        seen.push(`${context.clientSoftwareName}/${context.clientSoftwareVersion}`);
        return EMPTY_LIST;
      };
      await serve();
      const client = dial();
      client.send(Buffer.concat([listFrame(1), apiVersionsFrame(2, 3, 'kcat', '1.7'), listFrame(3)]));
      client.send(apiVersionsFrame(4, 3, '-bad', ''));
      expect(seen).toEqual(['unknown/unknown', 'kcat/1.7']);
      const refusal = client.frames()[3] as Buffer;
      expect(decodeResponseFrame(apiVersionsResponse, 3, refusal).body.errorCode).toBe(42);
    });
  });

  describe('order', () => {
    /** Handlers that wait until the test answers them. */
    function waiting(): { started: number[]; answer: (correlationId: number) => Promise<void> } {
      const started: number[] = [];
      const answers = new Map<number, () => void>();
      const wait = <T>(context: RequestContext, value: T): Promise<T> => {
        started.push(context.correlationId);
        return new Promise((resolve) => answers.set(context.correlationId, () => resolve(value)));
      };
      behaviour.list = (context) => wait(context, EMPTY_LIST);
      behaviour.produce = (context) => wait<ProduceAnswer>(context, { responses: [] });
      return {
        started,
        answer: async (correlationId) => {
          answers.get(correlationId)?.();
          await settled();
        },
      };
    }

    it('pipelined requests start at once, and their answers wait for earlier ones', async () => {
      const { started, answer } = waiting();
      await serve();
      const client = dial();
      client.send(Buffer.concat([produceFrame(1), produceFrame(2), produceFrame(3)]));
      expect(started).toEqual([1, 2, 3]);
      await answer(3);
      await answer(2);
      expect(client.frames()).toEqual([]);
      await answer(1);
      expect(idsOf(client.frames())).toEqual([1, 2, 3]);
    });

    it('any other request waits for all before it, and holds up all behind it', async () => {
      const { started, answer } = waiting();
      await serve();
      const client = dial();
      client.send(Buffer.concat([produceFrame(1), listFrame(2), produceFrame(3), produceFrame(4), listFrame(5)]));
      expect(started).toEqual([1]);
      await answer(1);
      expect(started).toEqual([1, 2]);
      await answer(2);
      expect(started).toEqual([1, 2, 3, 4]);
      await answer(4);
      expect(started).toEqual([1, 2, 3, 4]);
      await answer(3);
      expect(started).toEqual([1, 2, 3, 4, 5]);
      await answer(5);
      expect(idsOf(client.frames())).toEqual([1, 2, 3, 4, 5]);
    });

    it('holds for any mixture of requests and of the order in which handlers finish', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom('list', 'produce', 'sync', 'silent'), { minLength: 1, maxLength: 15 }),
          fc.infiniteStream(fc.nat()),
          async (kinds, picks) => {
            sockets = new MemorySockets();
            const open = new Map<number, () => void>();
            const run = (context: RequestContext): Promise<ProduceAnswer> | ProduceAnswer | typeof NO_RESPONSE => {
              const kind = kinds[context.correlationId];
              if (kind === 'sync') return { responses: [] };
              if (kind === 'silent') return NO_RESPONSE;
              return new Promise((resolve) => open.set(context.correlationId, () => resolve({ responses: [] })));
            };
            behaviour.produce = run;
            behaviour.list = async (context) => {
              await run(context);
              return EMPTY_LIST;
            };
            await serve();
            const client = dial();
            client.send(Buffer.concat(kinds.map((kind, id) => (kind === 'list' ? listFrame(id) : produceFrame(id)))));
            for (let round = 0; round < 50; round++) {
              await settled();
              const ids = [...open.keys()];
              if (ids.length === 0) break;
              const id = ids[(picks.next().value as number) % ids.length] as number;
              open.get(id)?.();
              open.delete(id);
            }
            const expected = kinds.flatMap((kind, id) => (kind === 'silent' ? [] : [id]));
            expect(idsOf(client.frames())).toEqual(expected);
            expect(server.memory.requestBytes).toBe(0);
          },
        ),
        { numRuns: 60 },
      );
    });

    it('NO_RESPONSE leaves no slot in the queue', async () => {
      behaviour.produce = () => NO_RESPONSE;
      await serve();
      const client = dial();
      client.send(Buffer.concat([produceFrame(1), listFrame(2)]));
      expect(idsOf(client.frames())).toEqual([2]);
    });

    it('CLOSE_CONNECTION ends the connection when its turn comes', async () => {
      behaviour.produce = ({ correlationId }) => (correlationId === 2 ? CLOSE_CONNECTION : { responses: [] });
      await serve();
      const client = dial();
      client.send(Buffer.concat([produceFrame(1), produceFrame(2), produceFrame(3)]));
      expect(idsOf(client.frames())).toEqual([1]);
      expect(client.isClosed).toBe(true);
    });
  });

  describe('errors of handlers', () => {
    const codeOf = (client: MemoryClient): number =>
      decodeResponseFrame(listGroupsResponse, 0, client.frames()[0] as Buffer).body.errorCode;

    it('a KafkaError is answered with its code, thrown or rejected', async () => {
      for (const list of [
        () => {
          throw new KafkaError(15, 'not yet');
        },
        () => Promise.reject(new KafkaError(15, 'not yet')),
      ]) {
        sockets = new MemorySockets();
        behaviour.list = list;
        await serve();
        const client = dial();
        client.send(listFrame(1));
        await settled();
        expect(codeOf(client)).toBe(15);
        expect(logger.lines).toEqual([]);
      }
    });

    it('anything else is logged and answered UNKNOWN_SERVER_ERROR', async () => {
      behaviour.list = () => {
        throw new TypeError('oops');
      };
      await serve();
      const client = dial();
      client.send(listFrame(1));
      expect(codeOf(client)).toBe(-1);
      expect(logger.lines[0]).toMatch(/^ERROR Unexpected error while handling ListGroups v0 from test/);
    });

    it('a failed assert is reported as a bug', async () => {
      behaviour.list = () => Promise.reject(new AssertionFailure('impossible'));
      await serve();
      const client = dial();
      client.send(listFrame(1));
      await settled();
      expect(bugs).toHaveLength(1);
      expect(codeOf(client)).toBe(-1);
    });

    it('an answer that its schema refuses ends the connection', async () => {
      behaviour.list = () => ({ errorCode: 1.5, groups: null }) as unknown as ListAnswer;
      await serve();
      const client = dial();
      client.send(listFrame(1));
      expect(client.isClosed).toBe(true);
    });
  });

  describe('bounds', () => {
    it('a connection with many unanswered requests is paused, and goes on when they are answered', async () => {
      const answers: (() => void)[] = [];
      behaviour.list = () => new Promise((resolve) => answers.push(() => resolve(EMPTY_LIST)));
      await serve();
      const client = dial();
      for (let id = 0; id < 600; id++) client.send(listFrame(id));
      expect(client.server.isPaused).toBe(true);
      let ids: number[] = [];
      for (let round = 0; round < 600; round++) {
        answers.shift()?.();
        await settled();
        ids = ids.concat(idsOf(client.frames()));
      }
      expect(ids).toEqual(Array.from({ length: 600 }, (_, id) => id));
      expect(client.server.isPaused).toBe(false);
    });

    it('the memory of all connections is bounded, without starving anyone', async () => {
      const answers: (() => void)[] = [];
      behaviour.produce = () => new Promise((resolve) => answers.push(() => resolve({ responses: [] })));
      await serve({ queuedMaxRequestBytes: 2_000_000 });
      const clients = Array.from({ length: 10 }, () => dial());
      for (const client of clients) for (let id = 0; id < 3; id++) client.send(produceFrame(id, 500_000));
      expect(server.memory.requestBytes).toBeLessThanOrEqual(2_000_000);
      expect(clients.filter((client) => client.server.isPaused).length).toBeGreaterThan(5);
      // Small requests of a connection with nothing in flight pass all the same.
      const other = dial();
      other.send(listFrame(1));
      expect(idsOf(other.frames())).toEqual([1]);
      while (answers.length > 0) {
        answers.shift()?.();
        await settled();
        expect(server.memory.requestBytes).toBeLessThanOrEqual(2_000_000);
      }
      expect(clients.map((client) => idsOf(client.frames()))).toEqual(clients.map(() => [0, 1, 2]));
      expect(server.memory.requestBytes).toBe(0);
    });

    it('claims of large frames that never come do not hold up small ones', async () => {
      await serve({ queuedMaxRequestBytes: 100 * 1024 * 1024 });
      const liars = Array.from({ length: 5 }, () => dial());
      for (const liar of liars) liar.send(Buffer.from([0x06, 0x3f, 0xff, 0xff, 0, 0]));
      const client = dial();
      client.send(produceFrame(1, 500_000));
      expect(idsOf(client.frames())).toEqual([1]);
      const late = dial();
      const large = produceFrame(2, 3_000_000);
      late.send(large);
      expect(idsOf(late.frames())).toEqual([2]);
      late.send(large.subarray(0, 100));
      late.send(large.subarray(100));
      expect(late.frames()).toEqual([]);
      for (const liar of liars) liar.own.destroy();
      expect(idsOf(late.frames())).toEqual([2]);
      expect(server.memory.arrivingBytes).toBe(0);
    });

    it('a client that does not read its answers is not read', async () => {
      const groups = Array.from({ length: 2000 }, (_, i) => ({ groupId: `group-${i}`.padEnd(100), protocolType: '' }));
      behaviour.list = () => ({ errorCode: 0, groups });
      await serve();
      const client = dial();
      client.server.stalled = true;
      for (let id = 0; id < 50; id++) client.send(listFrame(id));
      expect(client.server.isPaused).toBe(true);
      expect(client.server.bufferedBytes).toBeLessThan(1_500_000);
      expect(server.answerBytes).toBeGreaterThan(0);
      client.server.release();
      expect(idsOf(client.frames())).toEqual(Array.from({ length: 50 }, (_, id) => id));
      expect(server.answerBytes).toBe(0);
    });

    it('many requests in one chunk whose answers are large do not pile up either', async () => {
      const groups = Array.from({ length: 2000 }, (_, i) => ({ groupId: `group-${i}`.padEnd(100), protocolType: '' }));
      behaviour.list = () => ({ errorCode: 0, groups });
      await serve();
      const client = dial();
      client.server.stalled = true;
      client.send(Buffer.concat(Array.from({ length: 100 }, (_, id) => listFrame(id))));
      expect(client.server.bufferedBytes).toBeLessThan(1_500_000);
      client.server.release();
      expect(client.frames()).toHaveLength(100);
    });
  });

  describe('connections', () => {
    it('are refused beyond the limits, by address with exceptions', async () => {
      await serve({
        maxConnections: 4,
        maxConnectionsPerIp: 2,
        maxConnectionsPerIpOverrides: new Map([['10.0.0.9', 1]]),
      });
      const first = dial('10.0.0.1');
      const open = [first, dial('10.0.0.1'), dial('10.0.0.9')];
      expect(dial('10.0.0.1').isClosed).toBe(true);
      expect(dial('10.0.0.9').isClosed).toBe(true);
      expect(logger.lines).toEqual([
        'INFO Rejected connection from /10.0.0.1, address already has the configured maximum of 2 connections.',
        'INFO Rejected connection from /10.0.0.9, address already has the configured maximum of 1 connections.',
      ]);
      first.own.destroy();
      expect(dial('10.0.0.1').isClosed).toBe(false);
      expect(dial('10.0.0.2').isClosed).toBe(false);
      expect(dial('10.0.0.3').isClosed).toBe(true);
      expect(open.slice(1).every((client) => !client.isClosed)).toBe(true);
      expect(server.metrics.connectionsOpen).toBe(4);
    });

    it('are closed when idle, but not while a request waits', async () => {
      behaviour.list = () => new Promise(() => {});
      await serve({ connectionsMaxIdleMs: 10_000 });
      const [idle, active, busy] = [dial(), dial(), dial()];
      busy.send(listFrame(1));
      time.advance(6_000);
      active.send(produceFrame(1));
      time.advance(6_000);
      expect([idle.isClosed, active.isClosed, busy.isClosed]).toEqual([true, false, false]);
      time.advance(6_000);
      expect([active.isClosed, busy.isClosed]).toEqual([true, false]);
      expect(server.metrics.connectionsIdleClosed).toBe(2);
      expect(time.timerCount).toBe(1);
    });

    it('tell waiting handlers that their client has gone', async () => {
      const gone: number[] = [];
      behaviour.produce = (context) =>
        new Promise((resolve) => {
          context.onConnectionClosed(() => {
            gone.push(context.correlationId);
            resolve({ responses: [] });
          });
        });
      await serve();
      const client = dial();
      client.send(Buffer.concat([produceFrame(1), produceFrame(2)]));
      client.own.destroy();
      await settled();
      expect(gone).toEqual([1, 2]);
      expect(server.memory.requestBytes).toBe(0);
    });

    it('tell their listener, address and id', async () => {
      let seen = '';
      behaviour.list = (context) => {
        seen = `${context.listenerName} ${context.clientAddress} ${context.connectionId} ${context.clientId} ${context.frame.length}`;
        return EMPTY_LIST;
      };
      await serve();
      const client = dial('10.1.2.3');
      client.send(listFrame(1));
      expect(seen).toBe(`PLAINTEXT 10.1.2.3 127.0.0.1:9092-10.1.2.3:${client.server.remotePort}-0 test 14`);
    });
  });

  describe('close', () => {
    it('answers what has started, drops what has not, and takes no new connections', async () => {
      const answers: (() => void)[] = [];
      const started: number[] = [];
      behaviour.produce = ({ correlationId }) => {
        started.push(correlationId);
        return new Promise((resolve) => answers.push(() => resolve({ responses: [] })));
      };
      behaviour.list = ({ correlationId }) => {
        started.push(correlationId);
        return EMPTY_LIST;
      };
      await serve();
      const idle = dial();
      const client = dial();
      client.send(Buffer.concat([produceFrame(1), produceFrame(2), listFrame(3)]));
      const closed = server.close(10_000);
      await settled();
      expect(idle.isClosed).toBe(true);
      expect(client.isClosed).toBe(false);
      for (const answer of answers) answer();
      await closed;
      expect(idsOf(client.frames())).toEqual([1, 2]);
      expect(started).toEqual([1, 2]);
      expect(client.isClosed).toBe(true);
      await expect(sockets.connect({ host: '127.0.0.1', port: PORT })).rejects.toThrow('refused');
    });

    it('cuts what is not through in time', async () => {
      behaviour.list = () => new Promise(() => {});
      await serve();
      const client = dial();
      client.send(listFrame(1));
      const closed = server.close(1_000);
      await settled();
      time.advance(1_001);
      await closed;
      expect(client.isClosed).toBe(true);
      expect(server.memory.requestBytes).toBe(0);
    });
  });

  it('keeps quiet with the silent logger', async () => {
    await serve({ logger: SILENT_LOGGER });
    dial().send(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect(server.metrics.protocolErrors).toBe(1);
  });
});
