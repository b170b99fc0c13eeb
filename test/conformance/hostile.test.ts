/**
 * Bad input against a running node: every attack ends in an answer or in a closed connection, the memory of the node
 * stays where it was, and a client that does nothing wrong notices nothing.
 *   KTS_TEST_SEED, KTS_TEST_RUNS (12)
 */
import net from 'node:net';
import process from 'node:process';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_TIMESTAMP_AT, RECORD_COUNT_AT, sealCrc, setInt32At } from '../../src/protocol/batch.ts';
import { buildBatch } from '../../src/protocol/batch-builder.ts';
import { CODEC } from '../../src/protocol/compression.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { encodeRequestFrame } from '../../src/protocol/frames.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../../src/protocol/messages/api-versions.ts';
import { fetchRequest } from '../../src/protocol/messages/fetch.ts';
import { metadataRequest, metadataResponse } from '../../src/protocol/messages/metadata.ts';
import { produceRequest, produceResponse } from '../../src/protocol/messages/produce.ts';
import { messageArbitrary } from '../protocol/arbitrary.ts';
import { FACTS } from '../protocol/facts.ts';
import { schemaOf } from '../protocol/schemas.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { attack, framed, MemoryWatch } from './support/hostile-client.ts';
import { type Home, makeHome, type RunningNode, startNode, TARGET } from './support/node.ts';
import { RawProducer } from './support/raw-producer.ts';
import { createTopic, readNumbers, upTo } from './support/raw-reader.ts';

const SEED = Number(process.env['KTS_TEST_SEED'] ?? Date.now() % 100_000);
/** What the attacks of one test may add to the node's memory, in MB. */
const MAX_GROWTH_MB = 220;
const MAX_REQUEST_BYTES = 100 * 1024 * 1024;
const AT_ONCE = 8;
/** Requests of each API and version. */
const RUNS = Number(process.env['KTS_TEST_RUNS'] ?? 12);

let home: Home;
let node: RunningNode;
let memory: MemoryWatch;
let witness: RawProducer;
let witnessing: Promise<void>;
let seen = 0;
const peaks: number[] = [];

const random = (() => {
  let state = SEED || 1;
  return (limit: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
})();
const randomBytes = (size: number) => Buffer.from(Uint8Array.from({ length: size }, () => random(256)));

beforeAll(async () => {
  home = await makeHome();
  node = await startNode(home);
  for (const topic of ['witness', 'target']) await createTopic(home.bootstrap, topic);
  memory = new MemoryWatch(node.child);
  const value = (record: number) => Buffer.from(`${record}`);
  witness = new RawProducer({ bootstrap: home.bootstrap, topic: 'witness', batchSize: () => 5, value, pauseMs: 5 });
  witnessing = witness.run();
  witnessing.catch(() => {});
});

afterAll(async () => {
  witness?.abandon();
  memory?.stop();
  node?.child.kill('SIGKILL');
  home?.remove();
});

/** Runs an attack many times, some at once, and then looks at the node. */
async function survives(times: number, strike: (n: number) => Promise<unknown>): Promise<void> {
  memory.takePeakMb();
  const before = memory.look();
  let next = 0;
  const striker = async () => {
    while (next < times) await strike(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, striker));
  const peak = memory.takePeakMb();
  expect(node.child.exitCode, node.output().slice(-2000)).toBeNull();
  peaks.push(Math.round(peak));
  expect(peak - before, `seed ${SEED}: memory went from ${before} MB to ${peak} MB`).toBeLessThan(MAX_GROWTH_MB);
  const acknowledged = witness.acknowledged;
  await expect.poll(() => witness.acknowledged, { timeout: 10_000 }).toBeGreaterThan(acknowledged);
  expect(witness.refusals.size).toBe(0);
  const alarms = node
    .output()
    .slice(seen)
    .split('\n')
    .filter((line) => / (ERROR|FATAL) |^\s+at /.test(line));
  if (TARGET === 'kts') expect(alarms.slice(0, 10), `seed ${SEED}`).toEqual([]);
  seen = node.output().length;
}

const versionsFrame = (version = 3) =>
  encodeRequestFrame(
    apiVersionsRequest,
    version,
    { correlationId: 9, clientId: 'x' },
    { clientSoftwareName: 'x', clientSoftwareVersion: '1' },
  );

describe.each(['broker', 'controller'])('the listener of the %s', (role) => {
  const address = () => (role === 'broker' ? home.bootstrap : home.controller);

  it('ends connections that send noise', async () => {
    await survives(300, async () => {
      const outcome = await attack({
        address: address(),
        bytes: framed(randomBytes(1 + random(3000))),
        patienceMs: 5000,
      });
      expect(outcome.closed || outcome.answer.length > 0).toBe(true);
    });
  });

  it('outlives noise without frames', async () => {
    await survives(200, () => attack({ address: address(), bytes: randomBytes(1 + random(3000)), end: true }));
  });

  it.each([-1, -2_147_483_648, MAX_REQUEST_BYTES + 1, 2_147_483_647, 0x16030100])(
    'ends a connection that announces %i bytes',
    async (size) => {
      const bytes = Buffer.alloc(100);
      bytes.writeInt32BE(size);
      expect((await attack({ address: address(), bytes, patienceMs: 5000 })).closed).toBe(true);
    },
  );

  it('ends connections that ask for what there is not', async () => {
    await survives(400, async (n) => {
      const header = Buffer.alloc(10);
      header.writeInt16BE(n < 200 ? n - 20 : random(65536) - 32768, 0);
      header.writeInt16BE([-1, 99, 0x7fff, -0x8000][n % 4] as number, 2);
      if (header.readInt16BE(0) === 18) return;
      expect((await attack({ address: address(), bytes: framed(header), patienceMs: 5000 })).closed).toBe(true);
    });
  });

  it('answers an unknown version of ApiVersions in version 0', async () => {
    const bytes = versionsFrame();
    bytes.writeInt16BE(99, 6);
    const { answer } = await attack({ address: address(), bytes, patienceMs: 5000 });
    expect(answer.readInt32BE(4)).toBe(9);
    expect(answer.readInt16BE(8)).toBe(ErrorCode.UNSUPPORTED_VERSION);
  });

  it('outlives a request that is cut at every byte', async () => {
    const whole = versionsFrame();
    await survives(whole.length, (n) => attack({ address: address(), bytes: whole.subarray(0, n), end: true }));
    await survives(whole.length - 4, async (n) => {
      await attack({ address: address(), bytes: framed(whole.subarray(4, 4 + n)), patienceMs: 5000 });
    });
  });
});

describe('memory', () => {
  it('is not given to those who only announce large requests', async () => {
    const sockets: net.Socket[] = [];
    await survives(300, async () => {
      const [host, port] = home.bootstrap.split(':') as [string, string];
      const socket = net.connect(Number(port), host);
      socket.on('error', () => {});
      sockets.push(socket);
      const bytes = Buffer.alloc(64 * 1024);
      bytes.writeInt32BE(MAX_REQUEST_BYTES);
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    });
    for (const socket of sockets) socket.destroy();
  });

  it('is not filled by answers that nobody takes', async () => {
    const value = Buffer.alloc(900_000, 0x78);
    const filler = await RawConnection.open(home.bootstrap);
    for (let i = 0; i < 20; i++) {
      const records = buildBatch([{ value, timestamp: Date.now() }]);
      const partitionData = [{ index: 0, records }];
      await filler.send(produceRequest, produceResponse, 9, {
        acks: 1,
        timeoutMs: 5000,
        topicData: [{ name: 'target', partitionData }],
      });
    }
    filler.close();
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 50_000_000 }];
    const fetch = encodeRequestFrame(
      fetchRequest,
      12,
      { correlationId: 1, clientId: 'x' },
      { maxWaitMs: 0, minBytes: 1, maxBytes: 50_000_000, sessionEpoch: -1, topics: [{ topic: 'target', partitions }] },
    );
    const sockets: net.Socket[] = [];
    await survives(60, async () => {
      const [host, port] = home.bootstrap.split(':') as [string, string];
      const socket = net.connect(Number(port), host).pause();
      socket.on('error', () => {});
      sockets.push(socket);
      await new Promise<void>((resolve) =>
        socket.write(Buffer.concat(Array.from({ length: 50 }, () => fetch)), () => resolve()),
      );
    });
    for (const socket of sockets) socket.destroy();
  });

  it('is not taken by counts that lie', async () => {
    // An array of 2^31-1 topics, in the old encoding and in the compact one.
    const header = { correlationId: 1, clientId: 'x' };
    const old = encodeRequestFrame(metadataRequest, 4, header, { topics: [], allowAutoTopicCreation: false });
    old.writeInt32BE(0x7fffffff, old.length - 5);
    const compact = encodeRequestFrame(metadataRequest, 9, header, { topics: [], allowAutoTopicCreation: false });
    const lying = framed(
      Buffer.concat([compact.subarray(4, -5), Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0, 0, 0, 0])]),
    );
    await survives(200, async (n) => {
      expect(
        (await attack({ address: home.bootstrap, bytes: n % 2 === 0 ? old : lying, patienceMs: 5000 })).closed,
      ).toBe(true);
    });
  });
});

describe('produced batches', () => {
  async function produce(records: Buffer): Promise<number> {
    const connection = await RawConnection.open(home.bootstrap);
    const partitionData = [{ index: 0, records }];
    const request = { acks: -1, timeoutMs: 5000, topicData: [{ name: 'target', partitionData }] };
    const answer = await connection.send(produceRequest, produceResponse, 9, request);
    connection.close();
    return answer.responses[0]?.partitionResponses[0]?.errorCode ?? -1;
  }

  it.each(['gzip', 'lz4', 'zstd'] as const)('that are %s bombs are refused', async (codec) => {
    const value = Buffer.alloc(100 * 1024 * 1024);
    const bomb = buildBatch([{ value, timestamp: Date.now() }], { compression: CODEC[codec] });
    expect(bomb.length).toBeLessThan(1_000_000);
    await survives(24, async () => expect(await produce(bomb)).toBe(ErrorCode.MESSAGE_TOO_LARGE));
  });

  it('that were damaged anywhere are refused, or as good as before', async () => {
    const values = Array.from({ length: 5 }, (_, i) => ({ value: randomBytes(50 + i), timestamp: Date.now() }));
    await survives(600, async (n) => {
      const codec = [CODEC.none, CODEC.gzip, CODEC.snappy, CODEC.lz4, CODEC.zstd][n % 5] as number;
      const batch = Buffer.from(buildBatch(values, { compression: codec }));
      batch[random(batch.length)] = random(256);
      // Half of them with a checksum that fits: what lies behind it is looked at too.
      if (n % 2 === 0) sealCrc(batch, 0);
      expect([0, 2, 10, 17, 18, 32, 42, 45, 47, 53, 59, 67, 76, 87, 90]).toContain(await produce(batch));
    });
  });

  it('whose counts lie are refused', async () => {
    const fresh = () => Buffer.from(buildBatch([{ value: Buffer.from('a'), timestamp: Date.now() }]));
    for (const count of [0, -1, 2, 0x7fffffff]) {
      const batch = fresh();
      setInt32At(batch, RECORD_COUNT_AT, count);
      sealCrc(batch, 0);
      expect(await produce(batch)).toBe(ErrorCode.INVALID_RECORD);
    }
    const batch = fresh();
    batch.writeBigInt64BE(2n ** 62n, MAX_TIMESTAMP_AT);
    sealCrc(batch, 0);
    expect([0, ErrorCode.INVALID_TIMESTAMP, ErrorCode.INVALID_RECORD]).toContain(await produce(batch));
  });
});

describe('requests that are almost right', () => {
  const skipped = new Set(['ApiVersionsRequest']);

  it('of every API and version end in an answer, a close or a wait', { timeout: 300_000 }, async () => {
    const connection = await RawConnection.open(home.bootstrap);
    const versions = await connection.send(apiVersionsRequest, apiVersionsResponse, 0, {});
    connection.close();
    const cases: { readonly bytes: Buffer }[] = [];
    for (const { apiKey, minVersion, maxVersion } of versions.apiKeys) {
      const fact = FACTS.find((message) => message.kind === 'request' && message.apiKey === apiKey);
      if (fact === undefined || skipped.has(fact.name)) continue;
      const schema = schemaOf(fact.name);
      const from = Math.max(minVersion, schema.validVersions?.min ?? 0);
      for (let version = from; version <= maxVersion; version++) {
        for (const value of fc.sample(messageArbitrary(fact, version), { seed: SEED, numRuns: RUNS })) {
          const header = { correlationId: 7, clientId: 'fuzz' };
          const bytes = Buffer.from(encodeRequestFrame(schema, version, header, value as never));
          // The first of each version stays whole, others get wrong bytes behind the header.
          const wrong = cases.length % 6;
          for (let i = 0; i < wrong && bytes.length > 24; i++) bytes[20 + random(bytes.length - 20)] = random(256);
          cases.push({ bytes });
        }
      }
    }
    await survives(cases.length, async (n) => {
      await attack({ address: home.bootstrap, bytes: cases[n]?.bytes as Buffer, patienceMs: 100 });
    });
  });
});

it('did not harm the witness', async () => {
  witness.stop();
  await witnessing;
  expect(witness.acknowledged).toBe(witness.sent);
  const connection = await RawConnection.open(home.bootstrap);
  const asked = { topics: [{ name: 'witness' }], allowAutoTopicCreation: false };
  expect((await connection.send(metadataRequest, metadataResponse, 9, asked)).topics[0]).toMatchObject({
    errorCode: 0,
  });
  connection.close();
  expect(await readNumbers(home.bootstrap, 'witness')).toEqual(upTo(witness.sent));
  console.log(
    `seed ${SEED}: peaks of resident memory, MB: ${peaks.join(' ')}; at the end ${Math.round(memory.look())}`,
  );
  expect(await node.stop()).toBe(143);
});
