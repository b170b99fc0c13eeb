/**
 * The embedded broker: a whole Kafka node in this process, for tests and small programs.
 *
 * ```ts
 * await using broker = await startBroker();
 * // any Kafka client: broker.bootstrapServers
 * ```
 */
import { join } from 'node:path';
import { createLogger, type Logger, SILENT_LOGGER } from './base/logger.ts';
import { nodeRuntime } from './runtime/node-runtime.ts';
import { nodeProcesses } from './runtime/processes.ts';
import { startEmbeddedNode } from './server/embedded-node.ts';

export interface BrokerOptions {
  /** Default 0: a free port on 127.0.0.1. */
  readonly port?: number;
  /** Kept when given; else a temporary directory, removed when the broker stops. */
  readonly dataDirectory?: string;
  /** Broker configs as in server.properties, e.g. `{ 'num.partitions': '3' }`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Receives the log, whole lines. Default: nobody. */
  readonly log?: (line: string) => void;
  /** The broker has failed on its disk or met a bug, and has stopped serving. Default: the error is thrown, uncaught. */
  readonly onFatal?: (cause: unknown) => void;
}

export interface Broker extends AsyncDisposable {
  /** `127.0.0.1:PORT`, for any Kafka client. */
  readonly bootstrapServers: string;
  readonly clusterId: string;
  readonly dataDirectory: string;
  /** Controlled shutdown; a temporary directory is removed. */
  stop(): Promise<void>;
}

/** Resolves once the broker serves clients. Rejects with an Error whose message says what to change. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const dataDirectory = options.dataDirectory ?? temporaryDirectory();
  const removeData = () => {
    if (options.dataDirectory === undefined) nodeRuntime.files.removeTreeSync(dataDirectory);
  };
  try {
    const node = await startEmbeddedNode({
      dataDirectory,
      port: options.port ?? 0,
      controllerPort: 0,
      overrides: new Map(Object.entries(options.properties ?? {})),
      runtime: nodeRuntime,
      logger: loggerOf(options),
      hostname: nodeProcesses.hostname,
      onFatal: options.onFatal ?? throwUncaught,
    });
    const stop = async () => {
      await node.stop();
      removeData();
    };
    const { bootstrapServers, clusterId } = node;
    return { bootstrapServers, clusterId, dataDirectory, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    removeData();
    throw error;
  }
}

function temporaryDirectory(): string {
  const unique = Buffer.from(nodeRuntime.random.bytes(8)).toString('hex');
  const path = join(nodeProcesses.temporaryDirectory, `kts-${unique}`);
  nodeRuntime.files.makeDirectorySync(path);
  return path;
}

function loggerOf(options: BrokerOptions): Logger {
  const { log } = options;
  if (!log) return SILENT_LOGGER;
  return createLogger({ name: 'kafka.Kafka', nowMs: nodeRuntime.clock.nowMs, write: log });
}

function throwUncaught(cause: unknown): never {
  throw cause;
}
