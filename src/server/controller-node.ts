/**
 * The controller half of a node: the controller over the quorum's log, and what its listener answers. Only the one on
 * the leader's node is active; the others follow.
 */
import type { Logger } from '../base/logger.ts';
import { randomUuid, type Uuid } from '../base/uuid.ts';
import type { ControllerChannel } from '../broker/services.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { ConfigRules } from '../config/config-rules.ts';
import { Controller } from '../controller/controller.ts';
import type { ControllerConfig } from '../controller/controller-config.ts';
import { controllerHandlers } from '../controller/handlers/controller-handlers.ts';
import { describeNodeConfigs } from '../controller/handlers/describe-configs.ts';
import type { ApiRow } from '../network/handler.ts';
import type { VoterEndpoint } from '../raft/voters.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { readBootstrap } from './bootstrap-metadata.ts';
import { BrokerLiveness } from './broker-liveness.ts';
import { ControllerRegistrationSender } from './controller-registration.ts';
import type { QuorumNode } from './quorum-node.ts';
import { raftRows } from './raft-rows.ts';

export interface ControllerNodeOptions {
  readonly config: BrokerConfig;
  readonly clusterId: string;
  readonly quorum: QuorumNode;
  /** The broker of the same process, if there is one. */
  readonly brokerIncarnationId: Uuid | null;
  readonly endpoints: readonly VoterEndpoint[];
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly configRules: ConfigRules;
  readonly onFatal: (cause: unknown) => void;
}

export class ControllerNode {
  readonly controller: Controller;
  readonly rows: readonly ApiRow[];
  readonly #options: ControllerNodeOptions;
  /** Null where only sessions tell who is gone. */
  readonly #liveness: BrokerLiveness | null;

  constructor(options: ControllerNodeOptions) {
    this.#options = options;
    const { config, runtime, logger, quorum } = options;
    this.controller = new Controller({
      config: controllerConfig(options),
      configRules: options.configRules,
      bootstrap: readBootstrap(runtime.files, config.metadataLogDir),
      raft: quorum.raft,
      clock: runtime.clock,
      timers: runtime.timers,
      random: runtime.random,
      logger: logger.named('org.apache.kafka.controller.QuorumController'),
      onFatal: options.onFatal,
    });
    const deps = {
      controller: this.controller,
      raft: quorum.raft,
      describeConfigs: describeNodeConfigs(this.controller, config),
    };
    const rows = controllerHandlers(deps, raftRows(quorum.raft));
    this.#liveness = this.#makeLiveness();
    this.rows = this.#liveness?.watch(rows) ?? rows;
  }

  /** Follows the log, and tells the active controller, which may be itself, of this one. */
  start(channel: ControllerChannel): void {
    const { config, quorum, endpoints, runtime, logger } = this.#options;
    quorum.loader.addPublisher(
      new ControllerRegistrationSender({
        nodeId: config.nodeId,
        incarnationId: randomUuid((size) => runtime.random.bytes(size)),
        endpoints,
        channel,
        timers: runtime.timers,
        logger: logger.named('kafka.server.ControllerRegistrationManager'),
      }),
    );
    quorum.loader.addPublisher({
      onMetadataUpdate: () => {},
      onControllerChange: ({ leaderId }) => {
        if (leaderId === config.nodeId) this.#liveness?.becameActive();
      },
    });
    this.controller.start();
  }

  close(): void {
    this.#liveness?.stop();
    this.controller.close();
  }

  #makeLiveness(): BrokerLiveness | null {
    const { config, runtime, logger } = this.#options;
    if (!config.fastFailureDetection) return null;
    return new BrokerLiveness({
      controller: this.controller,
      interBrokerListenerName: config.interBrokerListenerName,
      nodeId: config.nodeId,
      runtime,
      logger: logger.named('org.apache.kafka.controller.BrokerHeartbeatManager'),
    });
  }
}

function controllerConfig(options: ControllerNodeOptions): ControllerConfig {
  const { config, clusterId, brokerIncarnationId } = options;
  const rebalances = config.boolean('auto.leader.rebalance.enable');
  return {
    nodeId: config.nodeId,
    clusterId,
    quorumNodeIds: config.quorumVoters.map((voter) => voter.nodeId),
    brokerSessionTimeoutMs: config.brokerSessionTimeoutMs,
    metadataMaxIdleIntervalMs: config.number('metadata.max.idle.interval.ms'),
    leaderImbalanceCheckIntervalMs: rebalances ? config.number('leader.imbalance.check.interval.seconds') * 1000 : 0,
    uncleanElectionCheckIntervalMs: config.number('unclean.leader.election.interval.ms'),
    defaultNumPartitions: config.numPartitions,
    defaultReplicationFactor: config.defaultReplicationFactor,
    deleteTopicEnable: config.deleteTopicEnable,
    staticMinInsyncReplicas: config.minInsyncReplicas,
    staticUncleanLeaderElection: config.uncleanLeaderElectionEnable,
    localBroker: brokerIncarnationId === null ? null : { id: config.nodeId, incarnationId: brokerIncarnationId },
    directoriesProveDeath: config.fastFailureDetection,
  };
}
