/**
 * The controller half of a node: raft over the metadata log, the controller over raft, and the loader that both halves
 * read the committed image from.
 */
import { join } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import { Controller } from '../controller/controller.ts';
import type { BootstrapMetadata, ControllerConfig, TopicConfigValidator } from '../controller/controller-config.ts';
import { MetadataLoader } from '../metadata/loader.ts';
import { SnapshotGenerator } from '../metadata/snapshot-generator.ts';
import { RaftNode } from '../raft/raft-node.ts';
import { staticVoter, type VoterEndpoint } from '../raft/voters.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { LogContext } from '../storage/log-context.ts';
import { METADATA_TOPIC, MetadataLog } from './metadata-log.ts';

export interface ControllerNodeOptions {
  readonly config: BrokerConfig;
  readonly clusterId: string;
  /** Of the metadata directory. */
  readonly directoryId: Uuid;
  /** The broker of the same process, if there is one. */
  readonly brokerIncarnationId: Uuid | null;
  readonly endpoints: readonly VoterEndpoint[];
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly logContext: LogContext;
  readonly configRules: TopicConfigValidator;
  readonly bootstrap: BootstrapMetadata;
  readonly onFatal: (cause: unknown) => void;
}

export class ControllerNode {
  readonly raft: RaftNode;
  readonly controller: Controller;
  readonly loader = new MetadataLoader();
  readonly #options: ControllerNodeOptions;
  readonly #log: MetadataLog;

  constructor(options: ControllerNodeOptions) {
    this.#options = options;
    const { config, runtime, logger } = options;
    this.#log = MetadataLog.open(options.logContext, {
      directory: config.metadataLogDir,
      segmentBytes: config.number('metadata.log.segment.bytes'),
      segmentMs: config.number('metadata.log.segment.ms'),
    });
    this.raft = new RaftNode({
      nodeId: config.nodeId,
      directoryId: options.directoryId,
      clusterId: options.clusterId,
      log: this.#log,
      directory: join(config.metadataLogDir, `${METADATA_TOPIC}-0`),
      staticVoters: staticVoters(config, options.endpoints),
      localEndpoints: options.endpoints,
      retentionBytes: config.number('metadata.max.retention.bytes'),
      retentionMs: config.number('metadata.max.retention.ms'),
      files: runtime.files,
      clock: runtime.clock,
      timers: runtime.timers,
      logger: logger.named('org.apache.kafka.raft.KafkaRaftClient'),
      onFatal: options.onFatal,
    });
    this.controller = new Controller({
      config: controllerConfig(options),
      configRules: options.configRules,
      bootstrap: options.bootstrap,
      raft: this.raft,
      clock: runtime.clock,
      timers: runtime.timers,
      random: runtime.random,
      logger: logger.named('org.apache.kafka.controller.QuorumController'),
      onFatal: options.onFatal,
    });
  }

  start(): void {
    const { config, runtime, logger } = this.#options;
    this.raft.start();
    this.raft.register(this.loader);
    this.loader.addPublisher(
      new SnapshotGenerator({
        raft: this.raft,
        clock: runtime.clock,
        logger: logger.named('org.apache.kafka.image.publisher.SnapshotGenerator'),
        maxBytesBetweenSnapshots: config.number('metadata.log.max.record.bytes.between.snapshots'),
        maxIntervalMs: config.number('metadata.log.max.snapshot.interval.ms'),
      }),
    );
    this.controller.start();
  }

  /** Resolves once nothing can be committed because the disk is full. */
  whenStalled(): Promise<void> {
    return this.#log.whenStalled();
  }

  async close(): Promise<void> {
    this.controller.close();
    // What waits for space on a full disk is not committed, and is not waited for.
    await Promise.race([this.raft.close(), this.#log.whenStalled()]);
    await this.#log.close();
  }
}

/** Null in a dynamic quorum. Port 0 of a voter that is this node itself stands for the port it got. */
function staticVoters(config: BrokerConfig, endpoints: readonly VoterEndpoint[]) {
  if (config.quorumVoters.length === 0) return null;
  const name = config.controllerListenerNames[0] ?? 'CONTROLLER';
  return config.quorumVoters.map(({ nodeId: id, host, port }) => {
    const own = id === config.nodeId && port === 0 ? endpoints[0]?.port : undefined;
    return staticVoter(id, { name, host, port: own ?? port });
  });
}

function controllerConfig(options: ControllerNodeOptions): ControllerConfig {
  const { config, clusterId, brokerIncarnationId } = options;
  const rebalances = config.boolean('auto.leader.rebalance.enable');
  return {
    nodeId: config.nodeId,
    clusterId,
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
  };
}
