/**
 * A running node of any role: directories, listeners, quorum, controller and broker, in the order in which each needs
 * the one before, and back in the reverse order. Whatever fails on the way up takes down what is up already.
 *
 * What a role does not need is not loaded: a controller knows no broker code, a broker none of the controller.
 */
import { KtsError } from '../base/kts-error.ts';
import type { Logger } from '../base/logger.ts';
import { randomUuid } from '../base/uuid.ts';
import { KAFKA_VERSION } from '../base/versions.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import { ConfigRules } from '../config/config-rules.ts';
import { ClientLink } from '../network/client-link.ts';
import { handlerTable } from '../network/handler.ts';
import type { Listener } from '../network/request-server.ts';
import type { FileLock, Runtime } from '../runtime/runtime.ts';
import type { LogManager } from '../storage/log-manager.ts';
import type { BrokerNode } from './broker-node.ts';
import { ControllerChannels } from './controller-channels.ts';
import type { ControllerNode } from './controller-node.ts';
import { lockDirectory } from './directory-lock.ts';
import { LocalControllerChannel } from './local-controller-channel.ts';
import { loadNodeIdentity, type NodeIdentity } from './node-identity.ts';
import { NodeListeners } from './node-listeners.ts';
import { QuorumNode } from './quorum-node.ts';
import { RequestGate } from './request-gate.ts';

/** How long requests in flight may take to be answered when the node stops. */
const CLOSE_GRACE_MS = 5_000;

export interface NodeOptions {
  readonly config: BrokerConfig;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Advertised where a listener names no host. */
  readonly hostname: string;
  /** The node cannot go on: it has failed on its disk, or met a bug. The process should end with an error. */
  readonly onFatal: (cause: unknown) => void;
  /** Resolves when the node is to stop. A start that waits for the quorum is given up then, and rejects. */
  readonly whenAskedToStop?: Promise<unknown>;
}

export interface RunningNode {
  readonly clusterId: string;
  readonly nodeId: number;
  /** As bound. */
  readonly listeners: readonly Listener[];
  /** Controlled shutdown, answers flushed, logs closed with the clean-shutdown marker. */
  stop(): Promise<void>;
}

/** Starts a node and returns once it serves. Rejects with a KtsError when it cannot. */
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

/** The code of the roles that this node has. */
interface Roles {
  readonly broker: typeof import('./broker-node.ts') | null;
  readonly controller: typeof import('./controller-node.ts') | null;
}

async function loadRoles(config: BrokerConfig): Promise<Roles> {
  const [broker, controller] = await Promise.all([
    config.isBroker ? import('./broker-node.ts') : null,
    config.isController ? import('./controller-node.ts') : null,
  ]);
  return { broker, controller };
}

class Node implements RunningNode {
  readonly nodeId: number;
  readonly #options: NodeOptions;
  readonly #logger: Logger;
  readonly #gate: RequestGate;
  readonly #listeners: NodeListeners;
  #identity: NodeIdentity | null = null;
  #metadataLock: FileLock | null = null;
  #logs: LogManager | null = null;
  #quorum: QuorumNode | null = null;
  #channels: ControllerChannels | null = null;
  #controller: ControllerNode | null = null;
  #broker: BrokerNode | null = null;
  #started = false;
  #stopping: Promise<void> | null = null;
  /** Why the metadata log, or every log, can be written no more: then nothing is asked of the controller. */
  failure: unknown = null;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.nodeId = options.config.nodeId;
    this.#logger = options.logger;
    this.#gate = new RequestGate(options.runtime.timers);
    this.#listeners = new NodeListeners({
      ...options,
      features: () => this.#quorum?.features() ?? { supported: [], finalizedEpoch: -1, finalized: [] },
      versionsOfController: (apiKey) => (this.#channels === null ? null : this.#channels.forwarding.versionsOf(apiKey)),
      onBug: options.onFatal,
    });
  }

  get clusterId(): string {
    return this.#identity?.clusterId ?? '';
  }

  get listeners(): readonly Listener[] {
    return this.#listeners.bound;
  }

  async start(): Promise<void> {
    const { config, runtime } = this.#options;
    refuseUnsupported(config);
    const roles = await loadRoles(config);
    const identity = loadNodeIdentity(config, runtime, this.#logger);
    this.#identity = identity;
    await this.#openDirectories(roles);
    await this.#listeners.bind();
    this.#build(identity, roles);
    this.#options.whenAskedToStop?.then(() => this.#giveUpStart());
    this.#quorum?.start();
    await this.#startRoles();
    this.#started = true;
    this.#gate.open();
    this.#sayStarted();
  }

  #giveUpStart(): void {
    if (this.#started) return;
    this.#broker?.leaveController();
    this.#channels?.close();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** After a failed start: nothing has been served, so nothing has to be waited for. */
  async abort(): Promise<void> {
    this.#channels?.close();
    await this.#listeners.closeBroker(0);
    await this.#closeQuorum(0).catch((error: unknown) => this.#logger.error('The quorum did not close', error));
    await this.#logs?.shutdown(this.#logs.previousBrokerEpoch);
    this.#metadataLock?.release();
  }

  async #stop(): Promise<void> {
    const logger = this.#logger.named('kafka.server.KafkaRaftServer');
    logger.info(`[KafkaRaftServer nodeId=${this.nodeId}] shutting down`);
    const brokerEpoch = (await this.#broker?.shutDown()) ?? -1;
    // What clients still wait for would have to come from a controller: they may ask another broker.
    this.#channels?.close();
    await this.#listeners.closeBroker(CLOSE_GRACE_MS);
    this.#broker?.leaveMetadata();
    await this.#logs?.shutdown(brokerEpoch);
    await this.#closeQuorum(CLOSE_GRACE_MS).catch((error: unknown) => {
      if (this.failure === null) throw error;
      this.#logger.error('The quorum did not close', error);
    });
    this.#metadataLock?.release();
    logger.info(`[KafkaRaftServer nodeId=${this.nodeId}] shut down completed`);
  }

  /** The broker has gone before: it was released by a controller that may be this one. */
  async #closeQuorum(graceMs: number): Promise<void> {
    this.#controller?.close();
    try {
      await this.#quorum?.leave();
    } finally {
      await this.#listeners.closeController(graceMs);
    }
    await this.#quorum?.close();
  }

  #fail(cause: unknown): void {
    if (this.failure === null) {
      this.failure = cause;
      this.#broker?.leaveController();
      // Whoever waits for a commit would wait for ever. Not within the very step that has failed.
      this.#options.runtime.timers.soon(() => {
        this.#channels?.close();
        this.#controller?.close();
      });
    }
    this.#options.onFatal(cause);
  }

  async #openDirectories({ broker }: Roles): Promise<void> {
    const { config, runtime, logger } = this.#options;
    if (broker === null || !config.logDirs.includes(config.metadataLogDir)) {
      this.#metadataLock = lockDirectory(runtime.files, config.metadataLogDir);
    }
    if (broker === null) return;
    this.#logs = await broker.BrokerNode.openLogs({
      config,
      runtime,
      logger,
      onDirectoryFailure: (failure) => {
        if (failure.last || failure.path === config.metadataLogDir) this.#fail(new KtsError(failure.reason));
        else this.#broker?.directoryFailed(failure.path);
      },
    });
  }

  #build({ clusterId, metadataDirectoryId }: NodeIdentity, roles: Roles): void {
    const { config, runtime, logger } = this.#options;
    const onFatal = (cause: unknown): void => this.#fail(cause);
    const endpoints = this.#listeners.controllerEndpoints();
    const incarnationId = randomUuid((size) => runtime.random.bytes(size));
    const configRules = new ConfigRules(config);
    const common = { config, clusterId, runtime, logger, onFatal };
    const quorum = new QuorumNode({ ...common, directoryId: metadataDirectoryId, endpoints });
    this.#quorum = quorum;
    if (roles.controller !== null) {
      const brokerIncarnationId = roles.broker === null ? null : incarnationId;
      const options = { ...common, quorum, brokerIncarnationId, endpoints, configRules };
      this.#controller = new roles.controller.ControllerNode(options);
      this.#listeners.answerController(this.#controller.rows);
    }
    const channels = this.#openChannels(quorum);
    this.#channels = channels;
    if (roles.broker === null || this.#logs === null) return;
    this.#broker = new roles.broker.BrokerNode({
      ...common,
      incarnationId,
      logs: this.#logs,
      channels,
      answerBytes: () => this.#listeners.answerBytes,
      quorum,
      configRules,
    });
    this.#listeners.answerBroker(this.#gate.guard(this.#broker.rows).values());
  }

  /** The ways to the active controller, which may be this node's own. */
  #openChannels(quorum: QuorumNode): ControllerChannels {
    const { config, runtime, logger } = this.#options;
    const rows = this.#controller?.rows ?? null;
    const listenerName = config.controllerListenerNames[0] ?? 'CONTROLLER';
    const local =
      rows === null
        ? null
        : new LocalControllerChannel({ table: handlerTable(rows), listenerName, nodeId: config.nodeId });
    const channels = new ControllerChannels({
      config,
      locate: () => quorum.activeController(),
      local,
      runtime,
      openLink: ClientLink.open,
      logger,
    });
    quorum.loader.addPublisher({
      onMetadataUpdate: () => {},
      onControllerChange: () => channels.controllerChanged(),
    });
    return channels;
  }

  async #startRoles(): Promise<void> {
    if (this.#channels !== null) this.#controller?.start(this.#channels.controllerRegistration);
    await this.#broker?.start(this.#listeners.advertised());
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

function refuseUnsupported(config: BrokerConfig): void {
  for (const { listener, securityProtocol } of config.listeners) {
    if (securityProtocol === 'PLAINTEXT') continue;
    throw new KtsError(`Listener ${listener} asks for ${securityProtocol}, and only PLAINTEXT is supported yet.`, {
      hint: 'Use a PLAINTEXT listener on a trusted network, or put a TLS proxy before it.',
    });
  }
}
