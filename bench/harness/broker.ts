/**
 * A broker under measurement: kts from the build, or Apache Kafka, each with its own directory on the same disk and the
 * same properties. It is ready when it answers Metadata with at least one broker.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { createTopicsRequest, createTopicsResponse } from '../../src/protocol/messages/create-topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '../../src/protocol/messages/delete-topics.ts';
import { metadataRequest, metadataResponse } from '../../src/protocol/messages/metadata.ts';
import { cpuSeconds, javaArguments, plainEnvironment, residentMegabytes, run, sleep } from './programs.ts';
import { type Api, WireConnection } from './wire.ts';

export type EngineName = 'kts' | 'kafka';

export const KTS_BIN = path.resolve(import.meta.dirname, '../../bin/kts.js');
const METADATA = { request: metadataRequest, response: metadataResponse, version: 12 };
const CREATE = { request: createTopicsRequest, response: createTopicsResponse, version: 5 };
const DELETE = { request: deleteTopicsRequest, response: deleteTopicsResponse, version: 4 };
const ALL_TOPICS = {
  topics: null,
  allowAutoTopicCreation: false,
  includeTopicAuthorizedOperations: false,
};
const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 2;

export interface Engine {
  readonly name: EngineName;
  /** The directory of Kafka's jars; empty for kts. */
  readonly jars: string;
  /** Options of Node for the kts broker, such as --cpu-prof. */
  readonly nodeOptions: readonly string[];
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function properties(data: string, port: number, controllerPort: number): string {
  const keys = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    'log.dirs': data,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '5',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // What a finished load has left on the disk goes at once instead of after a minute.
    'log.segment.delete.delay.ms': '1000',
  };
  return Object.entries(keys)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

export class Broker {
  readonly engine: Engine;
  readonly port: number;
  readonly data: string;
  readonly #home: string;
  readonly #file: string;
  /** Its answers are told from those of a stranger that got the port meanwhile. */
  // What begins with a dash is taken for an option.
  readonly #clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  #child: ChildProcess | null = null;
  #exited: Promise<unknown> = Promise.resolve();

  private constructor(engine: Engine, home: string, port: number) {
    this.engine = engine;
    this.port = port;
    this.#home = home;
    this.data = path.join(home, 'data');
    this.#file = path.join(home, 'server.properties');
  }

  /** A formatted directory below `parent`; nothing runs yet. */
  static async make(engine: Engine, parent: string): Promise<Broker> {
    const home = fs.mkdtempSync(path.join(parent, `${engine.name}-`));
    const broker = new Broker(engine, home, await freePort());
    fs.writeFileSync(broker.#file, properties(broker.data, broker.port, await freePort()));
    await broker.#run('storage', ['format', '--standalone', '-t', broker.#clusterId, '-c', broker.#file]);
    return broker;
  }

  get name(): EngineName {
    return this.engine.name;
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} is not running`);
    return pid;
  }

  cpuSeconds(): number {
    return cpuSeconds(this.pid);
  }

  residentMegabytes(): number {
    return residentMegabytes(this.pid);
  }

  /** Starts the process; resolves with the milliseconds to the first Metadata answer. */
  async start(): Promise<number> {
    const log = fs.openSync(path.join(this.#home, 'server.log'), 'a');
    const [command, args] = this.#command('server-start', [this.#file]);
    const started = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', log, log], env: plainEnvironment(), cwd: this.#home });
    fs.closeSync(log);
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('close', resolve));
    child.once('error', () => {});
    try {
      await this.#untilReady();
    } catch (error) {
      await this.kill();
      throw error;
    }
    return performance.now() - started;
  }

  /** SIGTERM, and SIGKILL for one that does not go. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    await this.#exited;
    clearTimeout(timer);
    this.#child = null;
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exited;
    this.#child = null;
  }

  remove(): void {
    fs.rmSync(this.#home, { recursive: true, force: true });
  }

  async createTopics(topics: readonly { readonly name: string; readonly partitions: number }[]): Promise<void> {
    const answer = await this.#call(CREATE, {
      topics: topics.map(({ name, partitions }) => ({
        name,
        numPartitions: partitions,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      })),
      timeoutMs: 60_000,
    });
    const failed = answer.topics.find((topic) => topic.errorCode !== 0);
    if (failed !== undefined) throw new Error(`${failed.name} was not created: error ${failed.errorCode}`);
    await this.#untilLed(topics.map((topic) => topic.name));
  }

  async createTopic(name: string, partitions = 1): Promise<void> {
    await this.createTopics([{ name, partitions }]);
  }

  async deleteTopic(name: string): Promise<void> {
    await this.#call(DELETE, { topicNames: [name], timeoutMs: 60_000 });
  }

  /** The segments of a topic. */
  segments(topic: string): string[] {
    const directories = fs.readdirSync(this.data).filter((name) => name.replace(/-\d+$/, '') === topic);
    return directories.flatMap((directory) =>
      fs
        .readdirSync(path.join(this.data, directory))
        .filter((name) => name.endsWith('.log'))
        .map((name) => path.join(this.data, directory, name)),
    );
  }

  /** The last lines that the server printed. */
  lastLines(): string {
    const text = fs.readFileSync(path.join(this.#home, 'server.log'), 'utf8').trim();
    return text.split('\n').slice(-3).join(' | ');
  }

  #command(tool: 'server-start' | 'storage', args: readonly string[]): [string, string[]] {
    if (this.name === 'kafka') return ['java', javaArguments(this.engine.jars, tool, args)];
    return [process.execPath, [...(tool === 'server-start' ? this.engine.nodeOptions : []), KTS_BIN, tool, ...args]];
  }

  #run(tool: 'storage', args: readonly string[]) {
    const [command, words] = this.#command(tool, args);
    return run(command, words);
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      const answer = await this.#call(METADATA, ALL_TOPICS).catch(() => null);
      if (answer?.clusterId === this.#clusterId && answer.brokers.length > 0) return;
      const gone = this.#child?.exitCode !== null || this.#child.pid === undefined;
      if (gone || performance.now() > deadline) throw new Error(`${this.name} did not start: ${this.lastLines()}`);
      await sleep(POLL_MS);
    }
  }

  async #untilLed(names: readonly string[]): Promise<void> {
    const wanted = new Set(names);
    const deadline = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      const answer = await this.#call(METADATA, ALL_TOPICS);
      const led = answer.topics.filter(
        (topic) =>
          wanted.has(topic.name ?? '') &&
          topic.errorCode === 0 &&
          topic.partitions.every((partition) => partition.errorCode === 0 && partition.leaderId >= 0),
      );
      if (led.length === wanted.size) return;
      if (performance.now() > deadline) throw new Error(`${this.name}: topics are without leaders`);
      await sleep(20);
    }
  }

  async #call<In, Out>(api: Api<In, Out>, value: NoInfer<In>) {
    const connection = await WireConnection.connect(this.port);
    const timer = setTimeout(() => connection.close(), READY_TIMEOUT_MS);
    try {
      return await connection.call(api, value);
    } finally {
      clearTimeout(timer);
      connection.close();
    }
  }
}
