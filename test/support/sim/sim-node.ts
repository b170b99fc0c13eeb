/** A node of kts on a simulated host: formatted once, then started, stopped, crashed and started again. */
import { createLogger, type Logger, SILENT_LOGGER } from '../../../src/base/logger.ts';
import { BrokerConfig } from '../../../src/config/broker-config.ts';
import { formatDirectories } from '../../../src/server/format/format-directories.ts';
import { NO_FORMAT_OPTIONS } from '../../../src/server/format/format-options.ts';
import { type RunningNode, startNode } from '../../../src/server/node.ts';
// A node loads its halves as it starts, which takes other turns of the loop than a simulation has, unless they are there.
import '../../../src/server/broker-node.ts';
import '../../../src/server/controller-node.ts';
import type { CrashKind } from './disk.ts';
import type { SimHost } from './sim-host.ts';
import type { SimProcess } from './sim-process.ts';

const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qg';

export type NodeState = 'down' | 'starting' | 'running' | 'stopping';

export class SimNode {
  readonly host: SimHost;
  readonly config: BrokerConfig;
  state: NodeState = 'down';
  running: RunningNode | null = null;
  /** Why the last life ended, or did not begin, by itself. */
  lastError: unknown = null;
  starts = 0;
  crashes = 0;
  stops = 0;
  #errorsBefore = 0;
  /** Told of errors that end a life. */
  onError: (error: unknown, during: 'start' | 'run' | 'stop') => void = () => {};

  constructor(
    host: SimHost,
    properties: Readonly<Record<string, string>>,
    format: Partial<typeof NO_FORMAT_OPTIONS> = {},
  ) {
    this.host = host;
    this.config = BrokerConfig.from(new Map(Object.entries(properties)));
    // Each log directory is the root of a file system that was mounted long ago.
    for (const path of this.config.logDirs) host.disk.mount(path);
    const tool = host.boot();
    const options = { ...NO_FORMAT_OPTIONS, clusterId: CLUSTER_ID, ignoreFormatted: false, ...format };
    formatDirectories(tool.runtime, this.config, options, () => {});
    host.exit();
    tool.alive = false;
  }

  get name(): string {
    return this.host.name;
  }

  /** In this life, the disk has failed or was full. */
  get hadDiskErrors(): boolean {
    return this.host.disk.errors > this.#errorsBefore;
  }

  start(): void {
    if (this.state !== 'down') return;
    const process = this.host.boot();
    this.state = 'starting';
    this.#errorsBefore = this.host.disk.errors;
    this.starts++;
    const started = startNode({
      config: this.config,
      runtime: process.runtime,
      logger: this.#logger(process),
      hostname: this.host.name,
      onFatal: (cause) => this.#ended(process, cause, 'run'),
    });
    started.then(
      (node) => {
        if (this.host.process !== process || !process.alive || process.dying) return;
        this.running = node;
        this.state = 'running';
        process.note('started');
      },
      (error: unknown) => this.#ended(process, error, 'start'),
    );
  }

  /** A clean stop; the state tells when it is through. */
  stop(): void {
    const { process } = this.host;
    const node = this.running;
    if (this.state !== 'running' || node === null || process === null) return;
    this.state = 'stopping';
    this.stops++;
    process.note('stop');
    node.stop().then(
      () => {
        if (this.host.process !== process || !process.alive || process.dying) return;
        process.note('stopped');
        this.#gone();
        this.host.exit();
      },
      (error: unknown) => this.#ended(process, error, 'stop'),
    );
  }

  crash(kind: CrashKind): void {
    if (this.state === 'down') return;
    this.crashes++;
    this.#gone();
    this.host.crash(kind);
  }

  #gone(): void {
    this.state = 'down';
    this.running = null;
    this.host.disk.noCrash();
  }

  /** It failed by itself: the process exits. */
  #ended(process: SimProcess, error: unknown, during: 'start' | 'run' | 'stop'): void {
    if (this.host.process !== process || !process.alive || process.dying) return;
    this.lastError = error;
    process.note('failed', during);
    process.world.say(process, () => (error instanceof Error ? (error.stack ?? error.message) : String(error)));
    this.onError(error, during);
    this.#gone();
    this.host.exit();
  }

  #logger(process: SimProcess): Logger {
    const { world } = process;
    if (world.trace === null) return SILENT_LOGGER;
    return createLogger({
      name: 'kafka.Kafka',
      nowMs: () => this.host.wallMs(),
      write: (line) => world.say(process, () => line.trimEnd()),
    });
  }
}
