/** `kts cluster`: kafka-cluster.sh, and clusters of several nodes on this machine. */
import { join, resolve } from 'node:path';
import { EXIT, KtsError } from '../base/kts-error.ts';
import { randomUuid } from '../base/uuid.ts';
import { pause } from '../client/backoff.ts';
import { UnreachableError } from '../client/cluster-view.ts';
import { type ClusterAnswer, clusterId, listEndpoints, unregister } from '../console/cluster/kafka-cluster.ts';
import type { LocalNode, NodeRoles } from '../console/cluster/layout.ts';
import type { StoppedNode } from '../console/cluster/local-nodes.ts';
import type { ClusterStatus } from '../console/cluster/local-status.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { type CommandError, usageError, withException } from '../console/command-error.ts';
import { defaultDataDirectory } from '../console/data-directory.ts';
import { clusterTable } from '../console/options/cluster.ts';
import { OptionError } from '../console/parser/option-error.ts';
import { startProgress } from '../console/progress.ts';
import { parsePairs } from '../console/properties.ts';
import type { Shown } from '../console/show/shown.ts';
import { parsePeriod } from '../console/time.ts';
import { errorRow } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { nodeProcesses } from '../runtime/processes.ts';

const POLL_MS = 50;

interface ClusterResult {
  readonly answer?: ClusterAnswer;
  readonly status?: ClusterStatus;
  readonly text?: string;
  readonly stopped?: readonly StoppedNode[];
}

export default class Cluster extends Command<ClusterResult> {
  static readonly table = clusterTable;

  static strictAnswer(error: CommandError): StrictAnswer {
    const { cause } = error;
    if (cause instanceof OptionError) return { err: `kafka-cluster: error: ${error.strictText}\n`, exitCode: 1 };
    if (cause instanceof KafkaError) {
      const name = errorRow(cause.code).exception;
      return { err: `org.apache.kafka.common.errors.${name}: ${cause.message}\n`, exitCode: 1 };
    }
    if (cause instanceof UnreachableError) {
      const text = `Timed out waiting for a node assignment. Call: ${cause.doing}`;
      return { err: `org.apache.kafka.common.errors.TimeoutException: ${text}\n`, exitCode: 1 };
    }
    return { err: `${withException(error)}\n`, exitCode: 1 };
  }

  async run(): Promise<ClusterResult> {
    const { context, options } = this;
    switch (options.subcommand) {
      case 'cluster-id':
        return { answer: await clusterId(context, options) };
      case 'unregister':
        return { answer: await unregister(context, options) };
      case 'list-endpoints':
        return { answer: await listEndpoints(context, options) };
      case 'start':
        return this.#shownStatus(await this.#start());
      case 'stop':
        return { stopped: await this.#stop() };
      default:
        return this.#shownStatus(await this.#status(await this.#nodes()));
    }
  }

  async #shownStatus(status: ClusterStatus): Promise<ClusterResult> {
    const { statusText } = await import('../console/cluster/local-status.ts');
    return { status, text: statusText(status) };
  }

  get #directory(): string {
    const given = this.options.value('dir');
    if (given !== undefined) return resolve(nodeProcesses.workingDirectory, given);
    return join(defaultDataDirectory(this.context.env, nodeProcesses.homeDirectory), '..', 'cluster');
  }

  get #timeoutMs(): number {
    const text = this.options.valueOrDefault('timeout') ?? '';
    const ms = parsePeriod(text);
    if (ms === undefined) throw usageError(`'${text}' is not a time`, 'for example --timeout 30s');
    return ms;
  }

  async #existing(): Promise<LocalNode[]> {
    const { readNodes } = await import('../console/cluster/layout.ts');
    return readNodes(this.context.runtime.files, this.#directory);
  }

  async #nodes(): Promise<LocalNode[]> {
    const nodes = await this.#existing();
    if (nodes.length > 0) return nodes;
    throw new KtsError(`there is no cluster in ${this.#directory}`, {
      hint: 'kts cluster start makes one; --dir names another place',
      exitCode: EXIT.notFound,
    });
  }

  async #chosen(nodes: readonly LocalNode[]): Promise<readonly LocalNode[]> {
    const { chosenNodes } = await import('../console/cluster/layout.ts');
    return chosenNodes(
      nodes,
      this.options.values('node-id').map((text) => Number(text)),
    );
  }

  async #status(nodes: readonly LocalNode[]): Promise<ClusterStatus> {
    const { clusterStatus } = await import('../console/cluster/local-status.ts');
    return clusterStatus(this.context.runtime, nodes);
  }

  async #start(): Promise<ClusterStatus> {
    const { context } = this;
    const timeoutMs = this.#timeoutMs;
    const nodes = await this.#madeNodes();
    const chosen = await this.#chosen(nodes);
    const { runningNodes, startNode } = await import('../console/cluster/local-nodes.ts');
    const running = runningNodes(chosen);
    for (const node of chosen) if (!running.has(node.id)) startNode(node, context.env);
    const spinner = startProgress(context, () => `starting ${chosen.map(({ id }) => `node ${id}`).join(', ')}`);
    try {
      return await this.#untilReady(nodes, chosen, timeoutMs);
    } finally {
      spinner.stop();
    }
  }

  async #untilReady(
    nodes: readonly LocalNode[],
    chosen: readonly LocalNode[],
    timeoutMs: number,
  ): Promise<ClusterStatus> {
    const { runtime } = this.context;
    const { isReady } = await import('../console/cluster/local-status.ts');
    const { logOf, runningNodes } = await import('../console/cluster/local-nodes.ts');
    const ids = new Set(chosen.map(({ id }) => id));
    const deadline = runtime.clock.monotonicMs() + timeoutMs;
    for (;;) {
      const status = await this.#status(nodes);
      if (isReady(status, ids)) return status;
      const gone = chosen.find(({ id }) => !runningNodes(chosen).has(id));
      if (gone !== undefined) {
        throw new KtsError(`node ${gone.id} has ended while it started`, { hint: `${logOf(gone)} says why` });
      }
      if (runtime.clock.monotonicMs() > deadline) {
        const late = status.nodes.filter(({ node, state }) => ids.has(node.id) && state !== 'ready');
        const words = late.map(({ node, state }) => `node ${node.id} is ${state}`).join(', ');
        throw new KtsError(`not ready within the time: ${words}`, {
          hint: `it goes on starting: kts cluster status tells; its log is ${logOf(late[0]?.node as LocalNode)}`,
          exitCode: EXIT.partial,
        });
      }
      await pause(runtime, POLL_MS);
    }
  }

  /** What is there already, or a new cluster as the words want it. */
  async #madeNodes(): Promise<readonly LocalNode[]> {
    const { options } = this;
    const existing = await this.#existing();
    const wished = ['nodes', 'controllers', 'roles'].some((name) => options.has(name));
    const roles = this.#roles();
    if (existing.length === 0) return this.#make(roles);
    const isOther = wished && existing.map((node) => node.roles).join() !== roles.join();
    if (isOther || options.has('port') || options.has('override')) {
      const have = existing.map((node) => node.roles).join(',');
      throw new KtsError(`there is a cluster in ${this.#directory} already (${have}), made with its own options`, {
        hint: 'leave the options out to start it; --dir names another place; kts cluster stop --remove deletes it',
        exitCode: EXIT.refused,
      });
    }
    return existing;
  }

  #roles(): NodeRoles[] {
    const { options } = this;
    const list = options.value('roles');
    if (list !== undefined) {
      const roles = list.split(',').map((word) => word.trim());
      const wrong = roles.find((word) => word !== 'both' && word !== 'broker' && word !== 'controller');
      if (wrong !== undefined)
        throw usageError(`'${wrong}' is no role`, 'one of both, broker, controller for each node');
      const kinds = roles as NodeRoles[];
      if (kinds.every((role) => role === 'broker')) throw usageError('no node is a controller', 'name one');
      if (kinds.every((role) => role === 'controller')) throw usageError('no node is a broker', 'name one');
      return kinds;
    }
    const nodes = options.integerOrDefault('nodes');
    const controllers = options.integer('controllers') ?? 0;
    if (nodes < 1 || controllers < 0) throw usageError('a cluster has at least one node', 'for example --nodes 3');
    if (controllers === 0) return Array.from({ length: nodes }, () => 'both' as const);
    return Array.from({ length: nodes + controllers }, (_, at) => (at < nodes ? 'broker' : 'controller'));
  }

  async #make(roles: readonly NodeRoles[]): Promise<readonly LocalNode[]> {
    const { runtime } = this.context;
    const overrides = parsePairs(this.options.values('override'));
    const layout = await import('../console/cluster/layout.ts');
    const { claimPorts } = await import('../console/cluster/free-ports.ts');
    const ports = await claimPorts(runtime, roles, this.options.integer('port'));
    const nodes = layout.planNodes(this.#directory, roles, () => ports.shift() as number);
    const newId = () => randomUuid((size) => runtime.random.bytes(size));
    const directoryIds = new Map(nodes.map(({ id }) => [id, newId()]));
    const initialControllers = layout.initialControllers(nodes, directoryIds);
    const { BrokerConfig } = await import('../config/broker-config.ts');
    const { formatDirectories } = await import('../server/format/format-directories.ts');
    const { NO_FORMAT_OPTIONS } = await import('../server/format/format-options.ts');
    const clusterId = newId();
    for (const node of nodes) {
      const properties = layout.propertiesOf(node, nodes, overrides);
      const config = BrokerConfig.from(properties);
      const controllers = layout.hasController(node.roles) ? initialControllers : null;
      const format = { ...NO_FORMAT_OPTIONS, clusterId, initialControllers: controllers };
      formatDirectories(runtime, config, format, () => undefined);
      // Last, since it makes the node one: what was interrupted leaves no half of a cluster.
      const lines = [...properties].map(([key, value]) => `${key}=${value}\n`);
      runtime.files.writeFileSync(node.file, lines.join(''));
    }
    return nodes;
  }

  async #stop(): Promise<readonly StoppedNode[]> {
    const { context, options } = this;
    const nodes = await this.#nodes();
    const chosen = await this.#chosen(nodes);
    if (options.has('remove') && chosen.length < nodes.length) {
      throw usageError('--remove takes all nodes', 'leave --node-id out');
    }
    const { stopNodes } = await import('../console/cluster/local-nodes.ts');
    const spinner = startProgress(context, () => `stopping ${chosen.map(({ id }) => `node ${id}`).join(', ')}`);
    try {
      const settings = { runtime: context.runtime, timeoutMs: this.#timeoutMs, isKill: options.has('kill') };
      const stopped = await stopNodes(chosen, settings);
      if (options.has('remove')) for (const { home } of nodes) await context.runtime.files.removeTree(home);
      return stopped;
    } finally {
      spinner.stop();
    }
  }

  override async show({ answer, status, stopped }: ClusterResult): Promise<Shown> {
    if (answer !== undefined) return answer.shown;
    if (status === undefined) return { data: stopped, sheets: [] };
    const { showStatus } = await import('../console/cluster/local-status.ts');
    return showStatus(status);
  }

  render({ answer, text, stopped }: ClusterResult): void {
    for (const line of answer?.lines ?? []) this.print(line);
    for (const { id, wasKilled } of stopped ?? []) this.print(`node ${id} ${wasKilled ? 'was killed' : 'has stopped'}`);
    if (stopped?.length === 0) this.context.output.err('kts: nothing was running\n');
    if (text !== undefined) this.context.output.out(text);
  }
}
