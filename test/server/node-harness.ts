/** A whole node in this process: a formatted directory, free ports, and a client that knows nothing of src/client. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { RecordBatch } from '../../src/protocol/batch.ts';
import { buildBatch } from '../../src/protocol/batch-builder.ts';
import { createTopicsRequest, createTopicsResponse } from '../../src/protocol/messages/create-topics.ts';
import { fetchRequest, fetchResponse } from '../../src/protocol/messages/fetch.ts';
import { metadataRequest, metadataResponse } from '../../src/protocol/messages/metadata.ts';
import { produceRequest, produceResponse } from '../../src/protocol/messages/produce.ts';
import { readRecords } from '../../src/protocol/record.ts';
import type { Decoded, Encodable, Message } from '../../src/protocol/schema.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import type { Files } from '../../src/runtime/runtime.ts';
import { embeddedProperties } from '../../src/server/embedded-default.ts';
import { formatDirectories } from '../../src/server/format/format-directories.ts';
import { NO_FORMAT_OPTIONS } from '../../src/server/format/format-options.ts';
import { type RunningNode, startNode } from '../../src/server/node.ts';
import { RawConnection } from '../support/raw-connection.ts';

export const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qg';

export interface HomeOptions {
  readonly properties?: Readonly<Record<string, string>>;
  readonly directories?: number;
  /** Default true. */
  readonly formatted?: boolean;
}

export class Home {
  readonly root = fs.mkdtempSync(path.join(tmpdir(), 'kts-node-'));
  readonly directories: readonly string[];
  readonly #properties: Readonly<Record<string, string>>;
  readonly #started: TestNode[] = [];

  constructor(options: HomeOptions = {}) {
    this.directories = Array.from({ length: options.directories ?? 1 }, (_, i) => path.join(this.root, `d${i}`));
    this.#properties = options.properties ?? {};
    if (options.formatted === false) return;
    const format = { ...NO_FORMAT_OPTIONS, clusterId: CLUSTER_ID, ignoreFormatted: false };
    formatDirectories({ ...nodeRuntime }, this.config(), format, () => {});
  }

  config(more: Readonly<Record<string, string>> = {}): BrokerConfig {
    const overrides = { 'log.dirs': this.directories.join(','), ...this.#properties, ...more };
    const address = { port: 0, controllerPort: 0, ipv6: false };
    return BrokerConfig.from(embeddedProperties('', address, new Map(Object.entries(overrides))));
  }

  async start(more: Readonly<Record<string, string>> = {}, files: Files = nodeRuntime.files): Promise<TestNode> {
    const lines: string[] = [];
    const fatal: unknown[] = [];
    const node = await startNode({
      config: this.config(more),
      runtime: { ...nodeRuntime, files },
      logger: createLogger({ name: 'kafka.Kafka', nowMs: Date.now, write: (line) => lines.push(line) }),
      hostname: '127.0.0.1',
      onFatal: (cause) => fatal.push(cause),
    });
    const started = new TestNode(node, lines, fatal);
    this.#started.push(started);
    return started;
  }

  /** A directory as a kill would leave it now: a copy of the files while the node runs. */
  crashed(): Home {
    const copy = new Home({ properties: this.#properties, directories: this.directories.length, formatted: false });
    for (const [i, directory] of this.directories.entries()) {
      fs.cpSync(directory, copy.directories[i] as string, { recursive: true });
    }
    return copy;
  }

  async remove(): Promise<void> {
    for (const node of this.#started) await node.stop();
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

export class TestNode {
  readonly node: RunningNode;
  readonly lines: readonly string[];
  readonly fatal: readonly unknown[];
  #connection: Promise<RawConnection> | null = null;

  constructor(node: RunningNode, lines: readonly string[], fatal: readonly unknown[]) {
    this.node = node;
    this.lines = lines;
    this.fatal = fatal;
  }

  get port(): number {
    return this.node.listeners.find(({ name }) => name === 'PLAINTEXT')?.port ?? 0;
  }

  get controllerPort(): number {
    return this.node.listeners.find(({ name }) => name === 'CONTROLLER')?.port ?? 0;
  }

  /** The same node over a connection of its own, since answers of one come in order. */
  sibling(): TestNode {
    return new TestNode(this.node, this.lines, this.fatal);
  }

  connect(port = this.port): Promise<RawConnection> {
    return RawConnection.open(`127.0.0.1:${port}`);
  }

  async call<Req extends Message, Res extends Message>(
    request: Req,
    response: Res,
    version: number,
    value: Encodable<Req>,
  ): Promise<Decoded<Res>> {
    this.#connection ??= this.connect();
    return (await this.#connection).send(request, response, version, value);
  }

  async createTopic(name: string, configs: Readonly<Record<string, string>> = {}, numPartitions = 1): Promise<void> {
    const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: entries };
    const request = { topics: [topic], timeoutMs: 10_000 };
    const answer = await this.call(createTopicsRequest, createTopicsResponse, 7, request);
    expect(answer.topics[0]).toMatchObject({ errorCode: 0 });
  }

  async partition(topic: string, index = 0) {
    const answer = await this.call(metadataRequest, metadataResponse, 12, {
      topics: [{ name: topic }],
      allowAutoTopicCreation: false,
    });
    return answer.topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === index);
  }

  /** The error code. */
  async produce(topic: string, values: readonly string[], index = 0): Promise<number> {
    const records = buildBatch(values.map((value) => ({ value: Buffer.from(value), timestamp: Date.now() })));
    const answer = await this.call(produceRequest, produceResponse, 9, {
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index, records }] }],
    });
    return answer.responses[0]?.partitionResponses[0]?.errorCode ?? -1;
  }

  async read(
    topic: string,
    index = 0,
    fetchOffset = 0,
  ): Promise<{ readonly errorCode: number; readonly values: string[] }> {
    const partitions = [{ partition: index, fetchOffset, partitionMaxBytes: 1 << 20 }];
    const answer = await this.call(fetchRequest, fetchResponse, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1 << 20,
      sessionEpoch: -1,
      topics: [{ topic, partitions }],
    });
    const { errorCode = -1, records } = answer.responses[0]?.partitions[0] ?? {};
    const batches = RecordBatch.all(Buffer.from((records as Uint8Array | null | undefined) ?? []));
    const values = batches.flatMap((batch) => readRecords(batch.bytes, batch.start)).map(({ value }) => String(value));
    return { errorCode, values };
  }

  async stop(): Promise<void> {
    const connection = await this.#connection;
    connection?.close();
    this.#connection = null;
    await this.node.stop();
  }
}
