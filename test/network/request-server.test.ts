import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { AssertionFailure } from '../../src/base/assert.ts';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import { CLOSE_CONNECTION, NO_RESPONSE, type RequestContext } from '../../src/network/handler.ts';
import { decodeResponseFrame } from '../../src/protocol/frames.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { apiVersionsResponse } from '../../src/protocol/messages/api-versions.ts';
import { listGroupsResponse } from '../../src/protocol/messages/list-groups.ts';
import type { MemoryClient } from '../support/memory-sockets.ts';
import {
  apiVersionsFrame,
  EMPTY_LIST,
  idsOf,
  type ListAnswer,
  listFrame,
  type ProduceAnswer,
  produceFrame,
  ServerHarness,
  settled,
} from './server-harness.ts';

let h: ServerHarness;

beforeEach(() => {
  h = new ServerHarness();
});

describe('RequestServer', () => {
  describe('frames', () => {
    it('answers requests that come byte by byte and several in one chunk', async () => {
      await h.serve();
      const client = h.dial();
      for (const byte of listFrame(1)) client.send(Buffer.from([byte]));
      client.send(Buffer.concat([listFrame(2), listFrame(3), produceFrame(4, 100)]));
      expect(idsOf(client.frames())).toEqual([1, 2, 3, 4]);
      expect(h.server.memory.requestBytes).toBe(0);
    });

    it('joins the small answers of one turn into one write', async () => {
      await h.serve();
      const client = h.dial();
      client.send(Buffer.concat([1, 2, 3, 4, 5].map((id) => listFrame(id))));
      expect(client.server.writes).toBe(1);
      expect(idsOf(client.frames())).toEqual([1, 2, 3, 4, 5]);
    });

    it('assembles large frames as their bytes come and gives their memory back', async () => {
      await h.serve();
      const client = h.dial();
      const frame = produceFrame(7, 5 * 1024 * 1024);
      for (let at = 0; at < frame.length; at += 65_536) client.send(frame.subarray(at, at + 65_536));
      expect(idsOf(client.frames())).toEqual([7]);
      expect([h.server.memory.requestBytes, h.server.memory.arrivingBytes]).toEqual([0, 0]);
    });

    it.each([
      ['a negative size', Buffer.from([0xff, 0xff, 0xff, 0xff])],
      ['a size beyond the limit', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
      ['an empty frame', Buffer.from([0, 0, 0, 0])],
      ['an unknown API', Buffer.from([0, 0, 0, 10, 0x03, 0xe7, 0, 0, 0, 0, 0, 1, 0xff, 0xff])],
      ['a body that is too short', produceFrame(1, 10).fill(0, 0, 4).fill(20, 3, 4).subarray(0, 24)],
    ])('closes the connection over %s, in one line', async (_what, bytes) => {
      await h.serve();
      const client = h.dial();
      client.send(bytes);
      expect(client.isClosed).toBe(true);
      expect(client.received.length).toBe(0);
      expect(h.logger.lines).toHaveLength(1);
      expect(h.logger.lines[0]).toMatch(
        /^WARN Closing connection 127\.0\.0\.1:9092-127\.0\.0\.1:\d+-0 on listener PLAINTEXT: /,
      );
      expect(h.server.metrics.connectionsOpen).toBe(0);
    });

    it('closes the connection over a version that the table lacks, after earlier answers', async () => {
      await h.serve();
      const client = h.dial();
      client.send(Buffer.concat([listFrame(1), listFrame(2, 5)]));
      expect(idsOf(client.frames())).toEqual([1]);
      expect(client.isClosed).toBe(true);
    });

    it('never throws, leaks or answers anything but frames, whatever bytes come', async () => {
      await h.serve({ socketRequestMaxBytes: 100_000 });
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
          const client = h.dial();
          const all = Buffer.concat(pieces);
          for (let at = 0; at < all.length; at += step) client.send(all.subarray(at, at + step));
          client.frames();
          const left = client.received.length;
          client.own.destroy();
          expect(left).toBe(0);
          expect([
            h.server.memory.requestBytes,
            h.server.memory.arrivingBytes,
            h.server.metrics.connectionsOpen,
          ]).toEqual([0, 0, 0]);
        }),
        { numRuns: 300 },
      );
    });
  });

  describe('ApiVersions', () => {
    it('is answered from the table, in every version', async () => {
      await h.serve();
      const client = h.dial();
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

    it('of an unknown version is answered as version 0 with UNSUPh.portED_VERSION and its own range', async () => {
      await h.serve();
      const client = h.dial();
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
      h.behaviour.list = (context) => {
        seen.push(`${context.clientSoftwareName}/${context.clientSoftwareVersion}`);
        return EMPTY_LIST;
      };
      await h.serve();
      const client = h.dial();
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
      h.behaviour.list = (context) => wait(context, EMPTY_LIST);
      h.behaviour.produce = (context) => wait<ProduceAnswer>(context, { responses: [] });
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
      await h.serve();
      const client = h.dial();
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
      await h.serve();
      const client = h.dial();
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
            h = new ServerHarness();
            const open = new Map<number, () => void>();
            const run = (context: RequestContext): Promise<ProduceAnswer> | ProduceAnswer | typeof NO_RESPONSE => {
              const kind = kinds[context.correlationId];
              if (kind === 'sync') return { responses: [] };
              if (kind === 'silent') return NO_RESPONSE;
              return new Promise((resolve) => open.set(context.correlationId, () => resolve({ responses: [] })));
            };
            h.behaviour.produce = run;
            h.behaviour.list = async (context) => {
              await run(context);
              return EMPTY_LIST;
            };
            await h.serve();
            const client = h.dial();
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
            expect(h.server.memory.requestBytes).toBe(0);
          },
        ),
        { numRuns: 60 },
      );
    });

    it('NO_RESPONSE leaves no slot in the queue', async () => {
      h.behaviour.produce = () => NO_RESPONSE;
      await h.serve();
      const client = h.dial();
      client.send(Buffer.concat([produceFrame(1), listFrame(2)]));
      expect(idsOf(client.frames())).toEqual([2]);
    });

    it('CLOSE_CONNECTION ends the connection when its turn comes', async () => {
      h.behaviour.produce = ({ correlationId }) => (correlationId === 2 ? CLOSE_CONNECTION : { responses: [] });
      await h.serve();
      const client = h.dial();
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
        h = new ServerHarness();
        h.behaviour.list = list;
        await h.serve();
        const client = h.dial();
        client.send(listFrame(1));
        await settled();
        expect(codeOf(client)).toBe(15);
        expect(h.logger.lines).toEqual([]);
      }
    });

    it('anything else is logged and answered UNKNOWN_SERVER_ERROR', async () => {
      h.behaviour.list = () => {
        throw new TypeError('oops');
      };
      await h.serve();
      const client = h.dial();
      client.send(listFrame(1));
      expect(codeOf(client)).toBe(-1);
      expect(h.logger.lines[0]).toMatch(/^ERROR Unexpected error while handling ListGroups v0 from test/);
    });

    it('a failed assert is reported as a bug', async () => {
      h.behaviour.list = () => Promise.reject(new AssertionFailure('impossible'));
      await h.serve();
      const client = h.dial();
      client.send(listFrame(1));
      await settled();
      expect(h.bugs).toHaveLength(1);
      expect(codeOf(client)).toBe(-1);
    });

    it('an answer that its schema refuses ends the connection', async () => {
      h.behaviour.list = () => ({ errorCode: 1.5, groups: null }) as unknown as ListAnswer;
      await h.serve();
      const client = h.dial();
      client.send(listFrame(1));
      expect(client.isClosed).toBe(true);
    });
  });

  it('keeps quiet with the silent logger', async () => {
    await h.serve({ logger: SILENT_LOGGER });
    h.dial().send(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect(h.server.metrics.protocolErrors).toBe(1);
  });
});
