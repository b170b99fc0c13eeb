/** Starts the embedded default: finds out what the machine has, formats the directory on first use, runs the node. */
import { join } from 'node:path';
import type { Logger } from '../base/logger.ts';
import { BrokerConfig } from '../config/broker-config.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { META_PROPERTIES } from '../storage/file-names.ts';
import { embeddedProperties } from './embedded-default.ts';
import { formatDirectories, randomClusterId } from './format/format-directories.ts';
import { NO_FORMAT_OPTIONS } from './format/format-options.ts';
import { type RunningNode, startNode } from './node.ts';

export interface EmbeddedNodeOptions {
  readonly dataDirectory: string;
  /** 0: a free one, on 127.0.0.1 only. */
  readonly port: number;
  /** 0: a free one. */
  readonly controllerPort: number;
  /** Broker properties that win over the embedded default's. */
  readonly overrides?: ReadonlyMap<string, string>;
  /** What a container's environment makes of the defaults. */
  readonly configured?: (defaults: ReadonlyMap<string, string>) => Map<string, string>;
  /** Of a directory that this start formats; a new one unless it is given. */
  readonly clusterId?: string;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly hostname: string;
  readonly onFatal: (cause: unknown) => void;
}

export interface EmbeddedNode extends RunningNode {
  readonly bootstrapServers: string;
  /** The directory was formatted by this start. */
  readonly isNew: boolean;
}

export async function startEmbeddedNode(options: EmbeddedNodeOptions): Promise<EmbeddedNode> {
  const { dataDirectory, port, controllerPort, overrides, runtime, logger, hostname, onFatal } = options;
  const ipv6 = port !== 0 && (await hasIpv6Loopback(runtime));
  const defaults = embeddedProperties(dataDirectory, { port, controllerPort, ipv6 }, overrides);
  const config = BrokerConfig.from(options.configured?.(defaults) ?? defaults);
  const isNew = runtime.files.statSync(join(config.metadataLogDir, META_PROPERTIES)) === null;
  if (isNew) {
    const clusterId = options.clusterId ?? randomClusterId(runtime);
    formatDirectories({ ...runtime }, config, { ...NO_FORMAT_OPTIONS, clusterId, ignoreFormatted: true }, () => {});
  }
  const node = await startNode({ config, runtime, logger, hostname, onFatal });
  const bound = (node.listeners.find(({ name }) => name === 'PLAINTEXT') ?? node.listeners[0])?.port ?? port;
  return {
    clusterId: node.clusterId,
    nodeId: node.nodeId,
    listeners: node.listeners,
    bootstrapServers: `${port === 0 ? '127.0.0.1' : 'localhost'}:${bound}`,
    isNew,
    stop: () => node.stop(),
  };
}

async function hasIpv6Loopback(runtime: Runtime): Promise<boolean> {
  try {
    const listener = await runtime.sockets.listen({ host: '::1', port: 0 }, (connection) => connection.destroy());
    await listener.close();
    return true;
  } catch {
    return false;
  }
}
