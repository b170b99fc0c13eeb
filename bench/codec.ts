/**
 * The claim: generated codecs are level with hand-written ones and several times quicker than closures, and cost
 * little on first use. Run: `npx node bench/codec.ts [--types]`; `--types` also measures what the schemas cost tsc.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { APIS } from '../src/protocol/apis.ts';
import {
  closureDecoder,
  closureEncoder,
  type DecodeFunction,
  type EncodeFunction,
  generatedDecoder,
  generatedEncoder,
} from '../src/protocol/compiler/compile.ts';
import { planMessage } from '../src/protocol/compiler/plan.ts';
import { Writer } from '../src/protocol/compiler/writer.ts';
import { fetchResponse } from '../src/protocol/messages/fetch.ts';
import { metadataResponse } from '../src/protocol/messages/metadata.ts';
import { produceRequest } from '../src/protocol/messages/produce.ts';
import type { Encodable, Message } from '../src/protocol/schema.ts';
import * as hand from './codec-hand.ts';

const ROUNDS = 9;
const ROUND_MS = 120;

interface Case {
  readonly title: string;
  readonly message: Message;
  readonly version: number;
  readonly value: unknown;
  /** How frames are made: anew for each, or, as a broker does it, in a pooled one. */
  readonly allocate?: hand.Allocate;
  readonly handEncode: (value: never, allocate: hand.Allocate) => Buffer;
  readonly handDecode: (bytes: Buffer) => unknown;
}

function topicNames(topics: number): string[] {
  return Array.from({ length: topics }, (_, i) => `orders-${i}`);
}

function produce(partitions: number): Encodable<typeof produceRequest> {
  const each = Math.min(partitions, 10);
  return {
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
    topicData: topicNames(partitions / each).map((name) => ({
      name,
      partitionData: Array.from({ length: each }, (_, index) => ({ index, records: Buffer.alloc(100, 1) })),
    })),
  };
}

function fetch(partitions: number, recordBytes: number): Encodable<typeof fetchResponse> {
  const each = Math.min(partitions, 10);
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    sessionId: 77,
    responses: topicNames(partitions / each).map((topic) => ({
      topic,
      partitions: Array.from({ length: each }, (_, partitionIndex) => ({
        partitionIndex,
        errorCode: 0,
        highWatermark: 123_456,
        lastStableOffset: 123_456,
        logStartOffset: 0,
        abortedTransactions: null,
        preferredReadReplica: -1,
        records: recordBytes === 0 ? null : Buffer.alloc(recordBytes, 1),
      })),
    })),
  };
}

function metadata(partitions: number): Encodable<typeof metadataResponse> {
  return {
    throttleTimeMs: 0,
    brokers: [1, 2, 3].map((nodeId) => ({ nodeId, host: 'broker.example.org', port: 9092, rack: null })),
    clusterId: 'abcdefghijklmnopqrstuv',
    controllerId: 1,
    topics: topicNames(partitions / 50).map((name) => ({
      errorCode: 0,
      name,
      topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
      isInternal: false,
      partitions: Array.from({ length: 50 }, (_, partitionIndex) => ({
        errorCode: 0,
        partitionIndex,
        leaderId: 1,
        leaderEpoch: 5,
        replicaNodes: [1, 2, 3],
        isrNodes: [1, 2, 3],
        offlineReplicas: [],
      })),
      topicAuthorizedOperations: -2147483648,
    })),
  };
}

const produceHand = { handEncode: hand.encodeProduce, handDecode: hand.decodeProduce };
const fetchHand = { handEncode: hand.encodeFetch, handDecode: hand.decodeFetch };
const metadataHand = { handEncode: hand.encodeMetadata, handDecode: hand.decodeMetadata };

const POOLED = Buffer.alloc(256 * 1024);

const CASES: readonly Case[] = [
  { title: 'Produce v9, 1 partition', message: produceRequest, version: 9, value: produce(1), ...produceHand },
  { title: 'Produce v9, 100 partitions', message: produceRequest, version: 9, value: produce(100), ...produceHand },
  { title: 'Fetch v12, 100, no records', message: fetchResponse, version: 12, value: fetch(100, 0), ...fetchHand },
  { title: 'Fetch v12, 100, 1 KB each', message: fetchResponse, version: 12, value: fetch(100, 1000), ...fetchHand },
  {
    title: 'Fetch v12, 100, 1 KB each, pooled',
    message: fetchResponse,
    version: 12,
    value: fetch(100, 1000),
    allocate: (size) => POOLED.subarray(0, size),
    ...fetchHand,
  },
  { title: 'Metadata v12, 5,000', message: metadataResponse, version: 12, value: metadata(5000), ...metadataHand },
];

/**
 * ns of CPU time per call, the median of several rounds. The contenders take turns, so that a busy machine disturbs all
 * of them alike.
 */
function measure(contenders: readonly (() => unknown)[]): number[] {
  const rounds = contenders.map(() => [] as number[]);
  const calls = contenders.map(() => 1);
  for (let round = -3; round < ROUNDS; round++) {
    contenders.forEach((run, i) => {
      const count = calls[i] as number;
      const before = process.cpuUsage();
      for (let call = 0; call < count; call++) run();
      const { user, system } = process.cpuUsage(before);
      const elapsedMs = (user + system) / 1000;
      if (round >= 0) rounds[i]?.push((elapsedMs * 1e6) / count);
      else calls[i] = Math.max(1, Math.ceil((count * ROUND_MS) / Math.max(elapsedMs, 0.01)));
    });
  }
  return rounds.map((values) => values.sort((a, b) => a - b)[ROUNDS >> 1] as number);
}

function runEncoder(encode: EncodeFunction, allocate: hand.Allocate): (value: unknown) => Buffer {
  const writer = new Writer();
  return (value) => {
    writer.start();
    encode(writer, value);
    return writer.finish(allocate);
  };
}

function runDecoder(decode: DecodeFunction): (bytes: Buffer) => unknown {
  const cursor = { position: 0 };
  return (bytes) => decode(bytes, 0, bytes.length, cursor);
}

function row(title: string, contenders: readonly (() => unknown)[]): void {
  const [generated, closures, byHand] = measure(contenders) as [number, number, number];
  const number = (value: number) => Math.round(value).toLocaleString('en').padStart(12);
  const ratio = (value: number) => value.toFixed(1).padStart(6);
  console.log(
    `${title.padEnd(42)}${number(generated)}${number(closures)}${number(byHand)}${ratio(closures / generated)}x${ratio(byHand / generated)}x`,
  );
}

function compareForms(): void {
  console.log(`${'ns per message'.padEnd(42)}   generated    closures        hand   vs closures, hand`);
  for (const { title, message, version, value, handEncode, handDecode, allocate = Buffer.allocUnsafe } of CASES) {
    const plan = planMessage(message, version);
    const encoders = [generatedEncoder(plan, version) as EncodeFunction, closureEncoder(plan, version)].map((encode) =>
      runEncoder(encode, allocate),
    );
    const decoders = [generatedDecoder(plan, version) as DecodeFunction, closureDecoder(plan)].map(runDecoder);
    const bytes = Buffer.from((encoders[0] as (value: unknown) => Buffer)(value));
    for (const encode of [...encoders, handEncode]) {
      if (!encode(value as never, allocate).equals(bytes)) throw new Error(`${title}: the encoders disagree`);
    }
    const [encode, closureEncode] = encoders as [(value: unknown) => Buffer, (value: unknown) => Buffer];
    row(`encode ${title}`, [
      () => encode(value),
      () => closureEncode(value),
      () => handEncode(value as never, allocate),
    ]);
    const [decode, closureDecode] = decoders as [(bytes: Buffer) => unknown, (bytes: Buffer) => unknown];
    row(`decode ${title}`, [() => decode(bytes), () => closureDecode(bytes), () => handDecode(bytes)]);
  }
}

/** What each further message costs a process that is warm: request decoders and response encoders, as a broker has them. */
function firstUse(): void {
  for (const form of ['generated', 'closures'] as const) {
    let codecs = 0;
    const before = process.cpuUsage();
    for (const api of APIS) {
      for (const message of [api.request, api.response]) {
        const range = message.validVersions;
        for (let version = range?.min ?? 1; version <= (range?.max ?? 0); version++) {
          makeCodec(message, version, message === api.request, form);
          codecs++;
        }
      }
    }
    const { user, system } = process.cpuUsage(before);
    console.log(`making ${codecs} codecs, ${form}: ${Math.round((user + system) / codecs)} us of CPU each`);
  }
}

function makeCodec(message: Message, version: number, decodes: boolean, form: 'generated' | 'closures'): void {
  const plan = planMessage(message, version);
  if (decodes) form === 'closures' ? closureDecoder(plan) : generatedDecoder(plan, version);
  else form === 'closures' ? closureEncoder(plan, version) : generatedEncoder(plan, version);
}

/** What a short command pays from cold, in a process of its own: eight codecs, each used once. */
function coldStart(): void {
  const file = new URL('codec-cold.ts', import.meta.url).pathname;
  const microseconds = (form: string) => {
    const runs = Array.from({ length: 9 }, () => {
      return Number(spawnSync(process.execPath, [file, form], { encoding: 'utf8' }).stdout);
    });
    return runs.sort((a, b) => a - b)[4];
  };
  console.log(
    `a command's eight codecs from cold: generated ${microseconds('generated')} us of CPU, ` +
      `closures ${microseconds('closures')} us`,
  );
}

function typeCost(): void {
  const directory = mkdtempSync('./.types-');
  try {
    for (const [name, files] of [
      ['schema.ts alone', ['../src/protocol/schema.ts']],
      ['all schemas', ['../src/protocol/apis.ts', '../src/protocol/records/*.ts']],
    ] as const) {
      writeFileSync(`${directory}/tsconfig.json`, JSON.stringify({ extends: '../tsconfig.json', include: files }));
      const { stdout } = spawnSync('npx', ['tsc', '-p', directory, '--extendedDiagnostics'], { encoding: 'utf8' });
      const picked = stdout
        .split('\n')
        .filter((line) => /^(Types|Instantiations|Memory used|Check time|Total time)/.test(line));
      console.log(`tsc, ${name}: ${picked.map((line) => line.replace(/\s+/g, ' ')).join('; ')}`);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

firstUse();
coldStart();
compareForms();
if (process.argv.includes('--types')) typeCost();
