/**
 * A cluster of real processes, of kts and of Apache Kafka, in any mixture: formatted, started, killed, stopped for a
 * while, cut off, and read from outside. A node keeps its directory and ports as long as the cluster lasts, and may be
 * given to the other engine while it is down.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchKafka } from '../../../scripts/foreign-programs.ts';
import { DESCRIBE_CLUSTER } from './apis.ts';
import { loopback, type Network } from './network.ts';
import { Probe } from './probe.ts';

export type Engine = 'kts' | 'kafka';
export type Roles = 'broker,controller' | 'broker' | 'controller';

export interface NodePlan {
  readonly id: number;
  readonly engine: Engine;
  readonly roles?: Roles;
  /** A controller that is no voter from the beginning: it joins the quorum. */
  readonly joins?: boolean;
  /** In place of the one that the harness makes. */
  readonly dataDirectory?: string;
}

export interface ClusterPlan {
  readonly nodes: readonly NodePlan[];
  readonly properties?: Readonly<Record<string, string>>;
  /** `static`: controller.quorum.voters, which cannot change; else a dynamic quorum. */
  readonly quorum?: 'static' | 'dynamic';
  readonly network?: Network;
  /** How Java runs Kafka's nodes: small and quick to start, or as its own scripts do. */
  readonly java?: 'small' | 'own';
  readonly format?: readonly string[];
}

export const KTS_BIN = path.resolve(import.meta.dirname, '../../../bin/kts.js');
const LOG4J = path.resolve(import.meta.dirname, '../../conformance/kafka/log4j2.yaml');
const READY_MS = 60_000;
const CLASSES = { 'server-start': 'kafka.Kafka', storage: 'kafka.tools.StorageTool' } as const;

const JAVA_SMALL = ['-Xmx300M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
/** What kafka-server-start.sh gives it. */
const JAVA_OWN = [
  ...['-Xms1G', '-Xmx1G', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'],
  ...['-XX:InitiatingHeapOccupancyPercent=35', '-XX:+ExplicitGCInvokesConcurrent', '-XX:MaxInlineLevel=15'],
];

const newId = () => randomBytes(16).toString('base64url').replace(/^-/, 'A');

/** Kafka's jars; an error where there are none. */
export function kafkaJars(): string {
  const jars = fetchKafka();
  if (jars === null) throw new Error("Apache Kafka's jars are not here: they need java, and mvn once");
  return jars;
}

export class ClusterNode {
  readonly id: number;
  readonly roles: Roles;
  readonly brokerAddress: string;
  readonly controllerAddress: string;
  readonly data: string;
  readonly file: string;
  engine: Engine;
  readonly #cluster: TestCluster;
  readonly #log: string;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  isPaused = false;

  constructor(cluster: TestCluster, plan: NodePlan, ports: { readonly broker: number; readonly controller: number }) {
    this.#cluster = cluster;
    this.id = plan.id;
    this.engine = plan.engine;
    this.roles = plan.roles ?? 'broker,controller';
    const host = cluster.network.hostOf(plan.id);
    this.brokerAddress = `${host}:${ports.broker}`;
    this.controllerAddress = `${host}:${ports.controller}`;
    const home = path.join(cluster.directory, `node-${plan.id}`);
    this.data = plan.dataDirectory ?? path.join(home, 'data');
    this.file = path.join(home, 'server.properties');
    this.#log = path.join(home, 'server.log');
    fs.mkdirSync(home, { recursive: true });
  }

  get isBroker(): boolean {
    return this.roles.includes('broker');
  }

  get isController(): boolean {
    return this.roles.includes('controller');
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`node ${this.id} does not run`);
    return pid;
  }

  /** For printed lines. */
  get name(): string {
    return `node ${this.id} (${this.engine})`;
  }

  command(tool: keyof typeof CLASSES, words: readonly string[]): readonly string[] {
    if (this.engine === 'kts') return [this.#cluster.program, KTS_BIN, tool, ...words];
    const flags = tool === 'server-start' && this.#cluster.java === 'own' ? JAVA_OWN : JAVA_SMALL;
    const log = [`-Dlog4j2.configurationFile=${LOG4J}`, '-Dkts.log.level=INFO'];
    return ['java', ...flags, ...log, '-cp', `${kafkaJars()}/*`, CLASSES[tool], ...words];
  }

  async format(words: readonly string[]): Promise<void> {
    const output: Buffer[] = [];
    const [program, ...args] = this.command('storage', ['format', ...words, '-c', this.file]) as [string, ...string[]];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => output.push(bytes));
    const code = await new Promise((resolve) => child.on('close', resolve));
    if (code !== 0) throw new Error(`format of ${this.name} ended with ${code}: ${Buffer.concat(output)}`);
  }

  /** Starts the process; `untilReady` tells when it serves. */
  start(): void {
    if (this.#child !== undefined) throw new Error(`${this.name} runs already`);
    const log = fs.openSync(this.#log, 'a');
    const words = [...this.#cluster.network.wrap(this.id), ...this.command('server-start', [this.file])];
    const [program, ...args] = words as [string, ...string[]];
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(?:KAFKA_|KTS_(?!SOURCE)|NODE_OPTIONS$|JAVA_TOOL)/.test(name),
    );
    const child = spawn(program, args, { stdio: ['ignore', log, log], env: Object.fromEntries(kept) });
    fs.closeSync(log);
    this.#child = child;
    this.isPaused = false;
    this.#exited = new Promise((resolve) => {
      child.once('close', (code) => {
        if (this.#child === child) this.#child = undefined;
        resolve(code);
      });
      child.once('error', resolve);
    });
  }

  /** Registered and unfenced for a broker; for a controller alone, a leader that it knows. */
  async untilReady(patienceMs = READY_MS): Promise<void> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      if (!this.isRunning) throw new Error(`${this.name} has ended while it started: ${this.story()}`);
      try {
        if (await this.#isReady()) return;
      } catch {
        // It does not listen yet.
      }
      if (Date.now() > deadline) throw new Error(`${this.name} was not ready in time: ${this.story()}`);
      await sleep(20);
    }
  }

  async #isReady(): Promise<boolean> {
    const { probe } = this.#cluster;
    const endpointType = this.isBroker ? 1 : 2;
    const address = this.isBroker ? this.brokerAddress : this.controllerAddress;
    const wanted = { includeClusterAuthorizedOperations: false, includeFencedBrokers: false, endpointType };
    const answer = await probe.ask(address, DESCRIBE_CLUSTER, wanted, 2_000);
    if (answer.errorCode !== 0 || answer.clusterId !== this.#cluster.clusterId) return false;
    if (!this.isBroker) return answer.controllerId >= 0;
    return answer.brokers.some(({ brokerId, isFenced }) => brokerId === this.id && !isFenced);
  }

  /** A controlled shutdown; false when it had to be killed. */
  async stop(patienceMs = 60_000): Promise<boolean> {
    const child = this.#child;
    if (child === undefined) return true;
    if (this.isPaused) this.resume();
    child.kill('SIGTERM');
    const inTime = await Promise.race([this.#exited.then(() => true), sleep(patienceMs, false, { ref: false })]);
    if (!inTime) await this.kill();
    return inTime;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  pause(): void {
    this.isPaused = true;
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.isPaused = false;
    this.#child?.kill('SIGCONT');
  }

  get residentMegabytes(): number {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${this.pid}/status`, 'latin1'));
    return Number(line?.[1]) / 1024;
  }

  log(): string {
    return fs.existsSync(this.#log) ? fs.readFileSync(this.#log, 'utf8') : '';
  }

  /** Its home with data and log, as they are. */
  copyTo(directory: string): void {
    fs.mkdirSync(path.join(directory, 'data'), { recursive: true });
    // Files come and go meanwhile: what could be had is kept.
    for (const [from, to] of [
      [path.dirname(this.file), directory],
      [this.data, path.join(directory, 'data')],
    ] as const) {
      spawnSync('cp', ['-a', `${from}/.`, to]);
    }
  }

  /** The first errors of its log, and the last lines. */
  story(): string {
    const lines = this.log().split('\n');
    // An error is told in the lines behind it.
    const errors = lines.flatMap((line, at) => (/\b(?:ERROR|FATAL)\b/.test(line) ? lines.slice(at, at + 5) : []));
    const first = errors.slice(0, 15).map((line) => line.slice(0, 300));
    return [...first, '…', this.tail(8)].join('\n    ');
  }

  tail(lines = 6): string {
    const last = this.log().trim().split('\n').slice(-lines);
    return last.map((line) => line.slice(0, 300)).join('\n    ');
  }
}

export class TestCluster {
  readonly clusterId = newId();
  readonly directory: string;
  /** Node by another name: whoever stops all nodes of this user does not mean those of a drill. */
  readonly program: string;
  readonly network: Network;
  readonly java: 'small' | 'own';
  readonly nodes: ClusterNode[] = [];
  readonly probe: Probe;
  readonly #plan: ClusterPlan;

  private constructor(plan: ClusterPlan) {
    this.#plan = plan;
    this.network = plan.network ?? loopback();
    this.java = plan.java ?? 'small';
    this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-drill-'));
    this.program = path.join(this.directory, 'drilled');
    fs.symlinkSync(process.execPath, this.program);
    this.probe = new Probe(() => this.bootstrap());
  }

  /** Formats all nodes; nothing runs yet. */
  static async make(plan: ClusterPlan): Promise<TestCluster> {
    const cluster = new TestCluster(plan);
    process.once('exit', () => cluster.#abandon());
    for (const one of plan.nodes) {
      const ports = {
        broker: await cluster.network.freePort(one.id),
        controller: await cluster.network.freePort(one.id),
      };
      cluster.nodes.push(new ClusterNode(cluster, one, ports));
    }
    const ids = new Map(cluster.nodes.map(({ id }) => [id, newId()]));
    for (const node of cluster.nodes) {
      cluster.writeProperties(node);
      await node.format(cluster.#formatWords(node, ids));
    }
    return cluster;
  }

  static async start(plan: ClusterPlan): Promise<TestCluster> {
    const cluster = await TestCluster.make(plan);
    try {
      await cluster.startAll();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** One more node; it is not formatted yet. */
  async prepare(plan: NodePlan): Promise<ClusterNode> {
    const ports = { broker: await this.network.freePort(plan.id), controller: await this.network.freePort(plan.id) };
    const node = new ClusterNode(this, plan, ports);
    this.nodes.push(node);
    this.writeProperties(node);
    return node;
  }

  /** It is no part of the cluster any more. */
  forget(node: ClusterNode): void {
    this.nodes.splice(this.nodes.indexOf(node), 1);
  }

  get #isStatic(): boolean {
    return this.#plan.quorum === 'static';
  }

  get #voters(): readonly ClusterNode[] {
    const joining = new Set(this.#plan.nodes.filter(({ joins }) => joins).map(({ id }) => id));
    const first = new Set(this.#plan.nodes.map(({ id }) => id));
    return this.nodes.filter(({ id, isController }) => isController && first.has(id) && !joining.has(id));
  }

  #formatWords(node: ClusterNode, directoryIds: ReadonlyMap<number, string>): string[] {
    const words = ['-t', this.clusterId, ...(this.#plan.format ?? [])];
    if (this.#isStatic || !node.isController) return words;
    if (!this.#voters.includes(node)) return [...words, '--no-initial-controllers'];
    const voters = this.#voters.map(
      ({ id, controllerAddress }) => `${id}@${controllerAddress}:${directoryIds.get(id)}`,
    );
    return [...words, '--initial-controllers', voters.join(',')];
  }

  /** `more` wins over what the plan says, for this node and from its next start on. */
  writeProperties(node: ClusterNode, more: Readonly<Record<string, string>> = {}): void {
    const voters = this.#voters;
    const listeners = [
      ...(node.isBroker ? [`PLAINTEXT://${node.brokerAddress}`] : []),
      ...(node.isController ? [`CONTROLLER://${node.controllerAddress}`] : []),
    ];
    const replicas = String(Math.min(3, this.#plan.nodes.filter(({ roles }) => roles !== 'controller').length));
    const keys: Record<string, string> = {
      'process.roles': node.roles,
      'node.id': String(node.id),
      listeners: listeners.join(','),
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      ...(this.#isStatic
        ? { 'controller.quorum.voters': voters.map((one) => `${one.id}@${one.controllerAddress}`).join(',') }
        : { 'controller.quorum.bootstrap.servers': voters.map((one) => one.controllerAddress).join(',') }),
      'log.dirs': node.data,
      'offsets.topic.replication.factor': replicas,
      'offsets.topic.num.partitions': '3',
      'transaction.state.log.replication.factor': replicas,
      'transaction.state.log.min.isr': '1',
      'group.initial.rebalance.delay.ms': '0',
      ...this.#plan.properties,
      ...more,
    };
    const lines = Object.entries(keys).map(([key, value]) => `${key}=${value}\n`);
    fs.writeFileSync(node.file, lines.join(''));
  }

  node(id: number): ClusterNode {
    const node = this.nodes.find((one) => one.id === id);
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  }

  get brokers(): readonly ClusterNode[] {
    return this.nodes.filter(({ isBroker }) => isBroker);
  }

  /** Of the brokers that run. */
  bootstrap(): string[] {
    return this.brokers.filter((node) => node.isRunning && !node.isPaused).map((node) => node.brokerAddress);
  }

  async startAll(patienceMs = READY_MS): Promise<void> {
    for (const node of this.nodes) if (!node.isRunning) node.start();
    await Promise.all(this.nodes.map((node) => node.untilReady(patienceMs)));
  }

  /** The node that leads the quorum. */
  async controller(): Promise<ClusterNode> {
    return this.node((await this.probe.quorum()).leaderId);
  }

  /** Stops what runs; what it wrote goes with this process. */
  async halt(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    this.network.close();
  }

  /** Stops what runs, and removes everything. */
  async close(): Promise<void> {
    await this.halt();
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  /** Brokers first, then controllers. */
  async stopAll(): Promise<void> {
    const onlyBrokers = this.nodes.filter(({ isController }) => !isController);
    await Promise.all(onlyBrokers.map((node) => node.stop()));
    await Promise.all(this.brokers.map((node) => node.stop()));
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** The drill itself ends: nothing of it stays behind. */
  #abandon(): void {
    for (const node of this.nodes) if (node.isRunning) process.kill(node.pid, 'SIGKILL');
    this.network.close();
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}
