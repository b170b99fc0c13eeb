/**
 * A running node: directories, listeners, controller and broker, in the order in which each needs the one before, and
 * back in the reverse order. Whatever fails on the way up takes down what is up already.
 */
import { KtsError } from '../base/kts-error.ts';
import { causeText, type Logger } from '../base/logger.ts';
import { randomUuid } from '../base/uuid.ts';
import { KAFKA_VERSION } from '../base/versions.ts';
import { type BrokerConfig, resolveEndpoint } from '../config/broker-config.ts';
import { ConfigRules } from '../config/config-rules.ts';
import type { Endpoint } from '../config/listeners.ts';
import { topicConfig } from '../config/topic-config.ts';
import { controllerHandlers } from '../controller/handlers/controller-handlers.ts';
import { describeNodeConfigs } from '../controller/handlers/describe-configs.ts';
import { SUPPORTED_FEATURES } from '../metadata/features.ts';
import type { FeatureVersions } from '../network/api-versions.ts';
import { type ApiRow, handlerTable } from '../network/handler.ts';
import { type Listener, RequestServer } from '../network/request-server.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { FilePool } from '../storage/file-pool.ts';
import type { LogContext } from '../storage/log-context.ts';
import { LogManager } from '../storage/log-manager.ts';
import { readBootstrap } from './bootstrap-metadata.ts';
import { type AdvertisedEndpoint, BrokerNode } from './broker-node.ts';
import { ControllerNode } from './controller-node.ts';
import { ControllerRegistrationSender } from './controller-registration.ts';
import { LocalControllerChannel } from './local-controller-channel.ts';
import { loadNodeIdentity, type NodeIdentity } from './node-identity.ts';
import { RequestGate } from './request-gate.ts';

/** How long requests in flight may take to be answered when the node stops. */
const CLOSE_GRACE_MS = 5_000;
const SECURITY_PROTOCOL_CODES: Readonly<Record<Endpoint['securityProtocol'], number>> = {
  PLAINTEXT: 0,
  SSL: 1,
  SASL_PLAINTEXT: 2,
  SASL_SSL: 3,
};

export interface NodeOptions {
  readonly config: BrokerConfig;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Advertised where a listener names no host. */
  readonly hostname: string;
  /** The node cannot go on: it has failed on its disk, or met a bug. The process should end with an error. */
  readonly onFatal: (cause: unknown) => void;
}

export interface RunningNode {
  readonly clusterId: string;
  readonly nodeId: number;
  /** As bound. */
  readonly listeners: readonly Listener[];
  /** Controlled shutdown, answers flushed, logs closed with the clean-shutdown marker. */
  stop(): Promise<void>;
}

/** Starts a node and returns once it serves clients. Rejects with a KtsError when it cannot. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const node = new Node(options);
  try {
    await node.start();
    return node;
  } catch (error) {
    await node.abort();
    throw node.failure ?? error;
  }
}

class Node implements RunningNode {
  readonly nodeId: number;
  readonly #options: NodeOptions;
  readonly #logger: Logger;
  readonly #brokerTable = new Map<number, ApiRow>();
  readonly #controllerTable = new Map<number, ApiRow>();
  readonly #gate = new RequestGate();
  readonly #server: RequestServer;
  readonly #listeners: Listener[] = [];
  #identity: NodeIdentity | null = null;
  #logs: LogManager | null = null;
  #controller: ControllerNode | null = null;
  #broker: BrokerNode | null = null;
  #stopping: Promise<void> | null = null;
  /** Why the metadata log, or every log, can be written no more: then nothing is asked of the controller. */
  failure: unknown = null;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.nodeId = options.config.nodeId;
    this.#logger = options.logger;
    this.#server = this.#makeServer();
  }

  get clusterId(): string {
    return this.#identity?.clusterId ?? '';
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  async start(): Promise<void> {
    const { config, runtime } = this.#options;
    refuseUnsupported(config);
    this.#identity = loadNodeIdentity(config, runtime, this.#logger);
    this.#logs = await this.#openLogs();
    await this.#listen();
    this.#build(this.#identity, this.#logs);
    this.#controller?.start();
    await this.#broker?.start(this.#advertised());
    this.#gate.open();
    this.#sayStarted();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** After a failed start: nothing has been served, so nothing has to be waited for. */
  async abort(): Promise<void> {
    await this.#server.close(0);
    await this.#controller
      ?.close()
      .catch((error: unknown) => this.#logger.error('The controller did not close', error));
    await this.#logs?.shutdown(this.#logs.previousBrokerEpoch);
  }

  async #stop(): Promise<void> {
    const logger = this.#logger.named('kafka.server.KafkaRaftServer');
    logger.info(`[KafkaRaftServer nodeId=${this.nodeId}] shutting down`);
    const brokerEpoch = (await this.#broker?.shutDown()) ?? -1;
    await this.#server.close(CLOSE_GRACE_MS);
    await this.#logs?.shutdown(brokerEpoch);
    await this.#controller?.close().catch((error: unknown) => {
      if (this.failure === null) throw error;
      this.#logger.error('The controller did not close', error);
    });
    logger.info(`[KafkaRaftServer nodeId=${this.nodeId}] shut down completed`);
  }

  #fail(cause: unknown): void {
    if (this.failure === null) {
      this.failure = cause;
      this.#broker?.controllerFailed();
      // Whoever waits for a commit would wait for ever. Not within the very step that has failed.
      this.#options.runtime.timers.soon(() => this.#controller?.controller.close());
    }
    this.#options.onFatal(cause);
  }

  #makeServer(): RequestServer {
    const { config, runtime, logger, onFatal } = this.#options;
    return new RequestServer({
      runtime,
      logger: logger.named('kafka.network.SocketServer'),
      socketRequestMaxBytes: config.socketRequestMaxBytes,
      queuedMaxRequestBytes: config.number('queued.max.request.bytes'),
      maxConnections: config.number('max.connections'),
      maxConnectionsPerIp: config.number('max.connections.per.ip'),
      maxConnectionsPerIpOverrides: config.maxConnectionsPerIpOverrides,
      connectionsMaxIdleMs: config.number('connections.max.idle.ms'),
      backlog: config.number('socket.listen.backlog.size'),
      features: () => this.#features(),
      onBug: onFatal,
    });
  }

  #features(): FeatureVersions {
    const image = this.#controller?.loader.image;
    const kraft = this.#controller?.raft.kraftVersion() ?? 0;
    const supported = SUPPORTED_FEATURES.map(({ name, min, max }) => ({ name, minVersion: min, maxVersion: max }));
    if (!image || image.offset < 0) return { supported, finalizedEpoch: -1, finalized: [] };
    const finalized = [...image.features].map(([name, level]) => ({ name, level }));
    if (kraft > 0) finalized.push({ name: 'kraft.version', level: kraft });
    return { supported, finalizedEpoch: image.offset, finalized };
  }

  #openLogs(): Promise<LogManager> {
    const { config, runtime, logger } = this.#options;
    return LogManager.open({
      directories: config.logDirs,
      ...runtime,
      logger,
      // Each log gets its topic's own configuration as soon as the metadata is known.
      configOf: () => topicConfig(config),
      onDirectoryFailure: (failure) => {
        if (failure.last || failure.path === config.metadataLogDir) this.#fail(new KtsError(failure.reason));
        else this.#broker?.directoryFailed(failure.path);
      },
      intervals: {
        initialTaskDelayMs: config.number('log.initial.task.delay.ms'),
        retentionCheckMs: config.number('log.retention.check.interval.ms'),
        flushSchedulerMs: config.number('log.flush.scheduler.interval.ms'),
        offsetCheckpointMs: config.number('log.flush.offset.checkpoint.interval.ms'),
        highWatermarkCheckpointMs: config.number('replica.high.watermark.checkpoint.interval.ms'),
        producerExpiryCheckMs: config.number('producer.id.expiration.check.interval.ms'),
      },
      producerIdExpirationMs: config.number('producer.id.expiration.ms'),
    });
  }

  async #listen(): Promise<void> {
    const { config } = this.#options;
    for (const endpoint of config.listeners) {
      const isController = config.controllerListenerNames.includes(endpoint.listener);
      const table = isController ? this.#controllerTable : this.#brokerTable;
      const { listener: name, host, port } = endpoint;
      try {
        this.#listeners.push(await this.#server.listen({ name, host, port, table, isProtected: isController }));
      } catch (error) {
        throw listenFailure(endpoint, error);
      }
      this.#logger
        .named('kafka.network.DataPlaneAcceptor')
        .info(`Awaiting socket connections on ${host === '' ? '0.0.0.0' : host}:${this.#listeners.at(-1)?.port}.`);
    }
  }

  #build(identity: NodeIdentity, logs: LogManager): void {
    const { config, runtime, logger } = this.#options;
    const incarnationId = randomUuid((size) => runtime.random.bytes(size));
    const rules = new ConfigRules(config);
    const controller = new ControllerNode({
      config,
      clusterId: identity.clusterId,
      directoryId: identity.metadataDirectoryId,
      brokerIncarnationId: config.isBroker ? incarnationId : null,
      endpoints: this.#controllerEndpoints(),
      runtime,
      logger,
      logContext: this.#metadataLogContext(),
      configRules: rules,
      bootstrap: readBootstrap(runtime.files, config.metadataLogDir),
      onFatal: (cause) => this.#fail(cause),
    });
    this.#controller = controller;
    const rows = controllerHandlers({
      controller: controller.controller,
      raft: controller.raft,
      describeConfigs: describeNodeConfigs(controller.controller, config),
    });
    fill(this.#controllerTable, rows);
    const listenerName = config.controllerListenerNames[0] ?? 'CONTROLLER';
    const channel = new LocalControllerChannel({ table: handlerTable(rows), listenerName, nodeId: config.nodeId });
    controller.loader.addPublisher(
      new ControllerRegistrationSender({
        nodeId: config.nodeId,
        incarnationId: randomUuid((size) => runtime.random.bytes(size)),
        endpoints: this.#controllerEndpoints(),
        channel,
        timers: runtime.timers,
        logger: logger.named('kafka.server.ControllerRegistrationManager'),
      }),
    );
    if (!config.isBroker) return;
    this.#broker = new BrokerNode({
      config,
      clusterId: identity.clusterId,
      incarnationId,
      runtime,
      logger,
      logs,
      loader: controller.loader,
      channel,
      answerBytes: () => this.#server.answerBytes,
      whenStalled: () => controller.whenStalled(),
      configRules: rules,
    });
    fill(this.#brokerTable, this.#gate.guard(this.#broker.rows));
  }

  /** The metadata log has its own few files; a failure of its disk stops the node. */
  #metadataLogContext(): LogContext {
    const { config, runtime, logger } = this.#options;
    return {
      ...runtime,
      pool: new FilePool(runtime.files),
      logger: logger.named('kafka.raft.KafkaMetadataLog'),
      producerIdExpirationMs: config.number('producer.id.expiration.ms'),
      recoveredDirectory: `${config.metadataLogDir}.recovered`,
      onStorageFailure: (message, cause) => {
        logger.error(message, cause);
        this.#fail(cause);
      },
    };
  }

  #bound(endpoint: Endpoint): Endpoint {
    const port = this.#listeners.find(({ name }) => name === endpoint.listener)?.port ?? endpoint.port;
    return resolveEndpoint(endpoint, this.#options.hostname, port);
  }

  #controllerEndpoints() {
    return this.#options.config.advertisedControllerListeners.map((endpoint) => {
      const { listener, host, port } = this.#bound(endpoint);
      return { name: listener, host, port };
    });
  }

  #advertised(): AdvertisedEndpoint[] {
    return this.#options.config.advertisedListeners.map((endpoint) => {
      const { listener, host, port, securityProtocol } = this.#bound(endpoint);
      return { name: listener, host, port, securityProtocol: SECURITY_PROTOCOL_CODES[securityProtocol] };
    });
  }

  /** The lines that scripts and test harnesses wait for. */
  #sayStarted(): void {
    const id = this.nodeId;
    const logger = this.#logger;
    if (this.#broker) {
      logger
        .named('kafka.network.SocketServer')
        .info(`[SocketServer listenerType=BROKER, nodeId=${id}] Enabling request processing.`);
      logger.named('kafka.server.BrokerServer').info(`[BrokerServer id=${id}] Transition from STARTING to STARTED`);
    }
    const parser = logger.named('org.apache.kafka.common.utils.AppInfoParser');
    parser.info(`Kafka version: ${KAFKA_VERSION}`);
    parser.info(`Kafka startTimeMs: ${this.#options.runtime.clock.nowMs()}`);
    logger.named('kafka.server.KafkaRaftServer').info(`[KafkaRaftServer nodeId=${id}] Kafka Server started`);
  }
}

function fill(table: Map<number, ApiRow>, rows: Iterable<ApiRow> | ReadonlyMap<number, ApiRow>): void {
  for (const row of rows instanceof Map ? rows.values() : (rows as Iterable<ApiRow>)) table.set(row.apiKey, row);
}

function refuseUnsupported(config: BrokerConfig): void {
  for (const { listener, securityProtocol } of config.listeners) {
    if (securityProtocol === 'PLAINTEXT') continue;
    throw new KtsError(`Listener ${listener} asks for ${securityProtocol}, and only PLAINTEXT is supported yet.`, {
      hint: 'Use a PLAINTEXT listener on a trusted network, or put a TLS proxy before it.',
    });
  }
  if (!config.isController) {
    throw new KtsError('A node that is only a broker is not supported yet.', {
      hint: 'Set process.roles=broker,controller.',
    });
  }
}

function listenFailure(endpoint: Endpoint, error: unknown): KtsError {
  const where = `${endpoint.host === '' ? '0.0.0.0' : endpoint.host}:${endpoint.port}`;
  if ((error as { code?: string }).code === 'EADDRINUSE') {
    return new KtsError(`Socket server failed to bind to ${where}: Address already in use.`, {
      hint: `Stop the program that listens there, or choose another port for listener ${endpoint.listener}.`,
      cause: error,
    });
  }
  return new KtsError(`Socket server failed to bind to ${where}: ${causeText(error)}`, { cause: error });
}
