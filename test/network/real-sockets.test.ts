/** The request server over real TCP: buffers are shared and used again, and no request may see another's bytes. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import { FrameReader } from '../../src/network/frame-reader.ts';
import { apiRow, handlerTable } from '../../src/network/handler.ts';
import { RequestServer } from '../../src/network/request-server.ts';
import { decodeResponseFrame, encodeRequestFrame } from '../../src/protocol/frames.ts';
import { produceRequest, produceResponse } from '../../src/protocol/messages/produce.ts';
import { nodeSockets } from '../../src/runtime/node-sockets.ts';
import { nodeClock, nodeTimers } from '../../src/runtime/node-time.ts';

/** What came, told as an error message: a digest of the records as the handler saw them when it answered. */
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function startServer(queuedMaxRequestBytes: number): RequestServer {
  return new RequestServer({
    runtime: { clock: nodeClock, timers: nodeTimers, sockets: nodeSockets },
    logger: SILENT_LOGGER,
    socketRequestMaxBytes: 100_000_000,
    queuedMaxRequestBytes,
    features: () => ({ supported: [], finalizedEpoch: -1, finalized: [] }),
    onBug: (failure) => {
      throw failure;
    },
  });
}

const row = apiRow({
  apiKey: 0,
  name: 'Produce',
  request: produceRequest,
  response: produceResponse,
  minVersion: 3,
  maxVersion: 12,
  ordering: 'pipelined',
  handle: async (request) => {
    const records = request.topicData[0]?.partitionData[0]?.records ?? Buffer.alloc(0);
    // Every other one is answered later, with others' bytes coming in between.
    if (records.length % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    const partition = { index: 0, errorCode: 0, baseOffset: 0, errorMessage: digest(records) };
    return { responses: [{ name: 't', partitionResponses: [partition] }] };
  },
  errorResponse: () => ({ responses: [] }),
});

function bytesOf(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed + 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

/** Sends requests of the given sizes on one connection; the digests that came back. */
async function exchange(port: number, payloads: readonly Buffer[]): Promise<(string | null | undefined)[]> {
  const connection = await nodeSockets.connect({ host: '127.0.0.1', port, timeoutMs: 5000 });
  const answers: (string | null | undefined)[] = [];
  const reader = new FrameReader({ maxBytes: 1e6, reserve: () => true, allocate: Buffer.allocUnsafeSlow });
  const all = new Promise<void>((resolve, reject) => {
    connection.onClose(() => reject(new Error('closed')));
    connection.onData((bytes) => {
      reader.push(bytes);
      for (let frame = reader.next(); frame !== null; frame = reader.next()) {
        const { correlationId, body } = decodeResponseFrame(produceResponse, 9, frame);
        expect(correlationId).toBe(answers.length);
        answers.push(body.responses[0]?.partitionResponses[0]?.errorMessage);
      }
      reader.keep();
      if (answers.length === payloads.length) resolve();
    });
  });
  payloads.forEach((records, correlationId) => {
    const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }];
    const value = { acks: 1, timeoutMs: 1000, topicData };
    connection.write(encodeRequestFrame(produceRequest, 9, { correlationId, clientId: null }, value));
  });
  await all;
  connection.destroy();
  return answers;
}

describe('RequestServer over TCP', () => {
  it.each([
    ['plenty of memory', 100_000_000],
    ['memory for a few requests', 1_500_000],
  ])('hands every handler its own bytes, with %s', async (_what, queuedMaxRequestBytes) => {
    const server = startServer(queuedMaxRequestBytes);
    const { port } = await server.listen({
      name: 'PLAINTEXT',
      host: '127.0.0.1',
      port: 0,
      table: handlerTable([row]),
    });
    const sizes = [10, 65_536, 1, 70_001, 300_000, 999_999, 20, 16_384, 1_500_001, 4_097, 30, 131_072];
    const clients = Array.from({ length: 6 }, (_, client) =>
      sizes.map((_size, i) => bytesOf(sizes[(i + client * 5) % sizes.length] as number, client * 100 + i)),
    );
    const answers = await Promise.all(clients.map((payloads) => exchange(port, payloads)));
    expect(answers).toEqual(clients.map((payloads) => payloads.map(digest)));
    await server.close(1000);
    expect([server.memory.requestBytes, server.memory.arrivingBytes, server.answerBytes]).toEqual([0, 0, 0]);
  });
});
