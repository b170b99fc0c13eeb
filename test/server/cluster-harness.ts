/**
 * A cluster of whole nodes in this process, over loopback and real directories. A member can be stopped, or killed: from
 * one moment to the next its sockets are gone and nothing of it runs any more, and it comes back on a copy of its files.
 */

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '../../src/base/logger.ts';
import { type Client, connect } from '../../src/client.ts';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import type { Connection, Files, ListenerHandle, Runtime } from '../../src/runtime/runtime.ts';
import { formatDirectories } from '../../src/server/format/format-directories.ts';
import { NO_FORMAT_OPTIONS } from '../../src/server/format/format-options.ts';
import { type RunningNode, startNode } from '../../src/server/node.ts';
import { freePort } from '../support/free-port.ts';

const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qg';

export type Role = 'broker' | 'controller';

/** The real runtime of one life, which ends when it is killed. */
class Life {
  readonly runtime: Runtime;
  readonly #connections = new Set<Connection>();
  readonly #listeners = new Set<ListenerHandle>();
  #isOver = false;

  constructor(files: Files) {
    const { timers, sockets } = nodeRuntime;
    const alive = (run: () => void) => () => {
      if (!this.#isOver) run();
    };
    this.runtime = {
      ...nodeRuntime,
      // The next life locks the copy, whose lock nobody has.
      files,
      timers: {
        after: (delayMs, run, options) => timers.after(delayMs, alive(run), options),
        soon: (run) => timers.soon(alive(run)),
      },
      sockets: {
        listen: async (options, accept) => {
          const handle = await sockets.listen(options, (connection) => {
            this.#connections.add(connection);
            accept(connection);
          });
          this.#listeners.add(handle);
          return handle;
        },
        connect: async (options) => {
          if (this.#isOver) return new Promise(() => {});
          const connection = await sockets.connect(options);
          this.#connections.add(connection);
          return connection;
        },
      },
    };
  }

  async kill(): Promise<void> {
    this.#isOver = true;
    for (const listener of this.#listeners) await listener.close();
    for (const connection of this.#connections) connection.destroy();
  }
}

export class Member {
  readonly id: number;
  readonly roles: readonly Role[];
  readonly lines: string[] = [];
  readonly fatal: unknown[] = [];
  /** Of its next life. */
  files: Files = nodeRuntime.files;
  running: RunningNode | null = null;
  #life: Life | null = null;
  #directory: string;
  readonly #cluster: TestCluster;
  readonly #ports: { readonly broker: number; readonly controller: number };

  constructor(
    cluster: TestCluster,
    id: number,
    roles: readonly Role[],
    ports: { readonly broker: number; readonly controller: number },
  ) {
    this.#cluster = cluster;
    this.id = id;
    this.roles = roles;
    this.#ports = ports;
    this.#directory = path.join(cluster.root, `n${id}`);
  }

  get isController(): boolean {
    return this.roles.includes('controller');
  }

  get isBroker(): boolean {
    return this.roles.includes('broker');
  }

  /** One, or as many as the cluster's nodes have. */
  get logDirs(): readonly string[] {
    const { directories } = this.#cluster;
    if (directories === 1) return [this.#directory];
    return Array.from({ length: directories }, (_, i) => path.join(this.#directory, `d${i}`));
  }

  get address(): string {
    return `127.0.0.1:${this.#ports.broker}`;
  }

  get controllerAddress(): string {
    return `127.0.0.1:${this.#ports.controller}`;
  }

  config(more: Readonly<Record<string, string>> = {}): BrokerConfig {
    const listeners = [
      ...(this.isBroker ? [`PLAINTEXT://${this.address}`] : []),
      ...(this.isController ? [`CONTROLLER://${this.controllerAddress}`] : []),
    ];
    return BrokerConfig.from(
      new Map(
        Object.entries({
          'process.roles': this.roles.join(','),
          'node.id': String(this.id),
          'controller.listener.names': 'CONTROLLER',
          listeners: listeners.join(','),
          'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
          ...this.#cluster.quorum(),
          'log.dirs': this.logDirs.join(','),
          'offsets.topic.replication.factor': '1',
          'group.initial.rebalance.delay.ms': '0',
          ...this.#cluster.properties,
          ...more,
        }),
      ),
    );
  }

  format(): void {
    const initialControllers = this.isController ? this.#cluster.initialControllers() : null;
    const options = { ...NO_FORMAT_OPTIONS, clusterId: CLUSTER_ID, initialControllers };
    formatDirectories(nodeRuntime, this.config(), options, () => {});
  }

  async start(more: Readonly<Record<string, string>> = {}, whenAskedToStop?: Promise<void>): Promise<void> {
    const life = new Life(this.files);
    this.#life = life;
    this.running = await startNode({
      config: this.config(more),
      runtime: life.runtime,
      logger: createLogger({ name: 'kafka.Kafka', nowMs: Date.now, write: (line) => this.lines.push(line) }),
      hostname: '127.0.0.1',
      onFatal: (cause) => this.fatal.push(cause),
      ...(whenAskedToStop === undefined ? {} : { whenAskedToStop }),
    });
  }

  async stop(): Promise<void> {
    const { running } = this;
    this.running = null;
    await running?.stop();
    this.#life = null;
  }

  /** Nothing of it is left, also when it never came up. */
  async end(): Promise<void> {
    this.running = null;
    await this.#life?.kill();
    this.#life = null;
  }

  /** As kill -9 would; the next start is on what was in the files by then. */
  async kill(): Promise<void> {
    await this.end();
    const copy = `${this.#directory}x`;
    fs.cpSync(this.#directory, copy, { recursive: true });
    this.#directory = copy;
  }

  said(pattern: RegExp): boolean {
    return this.lines.some((line) => pattern.test(line));
  }
}

export class TestCluster {
  readonly root = fs.mkdtempSync(path.join(tmpdir(), 'kts-cluster-'));
  readonly properties: Readonly<Record<string, string>>;
  /** Log directories of each node. */
  readonly directories: number;
  readonly members: Member[] = [];
  readonly #clients: Client[] = [];
  readonly #isDynamic: boolean;

  private constructor({ dynamic, ...properties }: Readonly<Record<string, string>>, directories: number) {
    this.#isDynamic = dynamic === 'true';
    this.properties = properties;
    this.directories = directories;
  }

  /** Formatted, not started. The property `dynamic` asks for a quorum of kraft.version 1. */
  static async of(
    roles: Readonly<Record<number, readonly Role[]>>,
    properties: Readonly<Record<string, string>> = {},
    directories = 1,
  ): Promise<TestCluster> {
    const cluster = new TestCluster(properties, directories);
    for (const [id, own] of Object.entries(roles)) {
      const ports = { broker: await freePort(), controller: await freePort() };
      cluster.members.push(new Member(cluster, Number(id), own, ports));
    }
    for (const member of cluster.members) member.format();
    return cluster;
  }

  quorum(): Record<string, string> {
    const voters = this.members.filter((member) => member.isController);
    if (this.#isDynamic) {
      return { 'controller.quorum.bootstrap.servers': voters.map((one) => one.controllerAddress).join(',') };
    }
    return { 'controller.quorum.voters': voters.map((one) => `${one.id}@${one.controllerAddress}`).join(',') };
  }

  initialControllers(): string | null {
    if (!this.#isDynamic) return null;
    const directory = (id: number) => `dir${id}`.padEnd(21, 'x').concat('A');
    const voters = this.members.filter((member) => member.isController);
    return voters.map(({ id, controllerAddress }) => `${id}@${controllerAddress}:${directory(id)}`).join(',');
  }

  member(id: number): Member {
    const found = this.members.find((member) => member.id === id);
    if (found === undefined) throw new Error(`there is no node ${id}`);
    return found;
  }

  async start(): Promise<void> {
    await Promise.all(this.members.map((member) => member.start()));
  }

  client(): Client {
    const bootstrapServers = this.members.filter((member) => member.isBroker).map((member) => member.address);
    const client = connect({ bootstrapServers: bootstrapServers.join(',') });
    this.#clients.push(client);
    return client;
  }

  /** Which node's controller is active, by what it has said; null while none is. */
  activeController(): Member | null {
    return (
      this.members.find((member) => {
        if (member.running === null) return false;
        const became = member.lines.findLastIndex((line) => line.includes('Becoming the active controller'));
        const renounced = member.lines.findLastIndex((line) => line.includes('Renouncing the leadership'));
        return became > renounced;
      }) ?? null
    );
  }

  async remove(): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const member of this.members) await member.end();
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}
