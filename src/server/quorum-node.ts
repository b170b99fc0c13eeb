/**
 * What every node has of the metadata quorum, whatever its roles: raft over the metadata log, as a voter or as an
 * observer, the loader that both halves of the node read the committed image from, and the snapshots.
 */
import { join } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import { SUPPORTED_FEATURES } from '../metadata/features.ts';
import { MetadataLoader } from '../metadata/loader.ts';
import { SnapshotGenerator } from '../metadata/snapshot-generator.ts';
import { addressText } from '../network/address.ts';
import type { FeatureVersions } from '../network/api-versions.ts';
import { RaftNode } from '../raft/raft-node.ts';
import { staticVoter, type VoterEndpoint } from '../raft/voters.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { FilePool } from '../storage/file-pool.ts';
import type { LogContext } from '../storage/log-context.ts';
import { METADATA_TOPIC, MetadataLog } from './metadata-log.ts';
import { probe } from './probe.ts';
import { RaftLinks } from './raft-transport.ts';
import type { ControllerAddress } from './remote-controller-channel.ts';

export interface QuorumNodeOptions {
  readonly config: BrokerConfig;
  readonly clusterId: string;
  /** Of the metadata directory. */
  readonly directoryId: Uuid;
  /** Where this controller can be reached; empty on a node that is only a broker. */
  readonly endpoints: readonly VoterEndpoint[];
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly onFatal: (cause: unknown) => void;
}

export class QuorumNode {
  readonly raft: RaftNode;
  readonly loader = new MetadataLoader();
  readonly #options: QuorumNodeOptions;
  readonly #log: MetadataLog;

  constructor(options: QuorumNodeOptions) {
    this.#options = options;
    const { config, runtime, logger } = options;
    this.#log = MetadataLog.open(logContext(options), {
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
      ...quorumSettings(options),
      files: runtime.files,
      clock: runtime.clock,
      timers: runtime.timers,
      logger: logger.named('org.apache.kafka.raft.KafkaRaftClient'),
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
  }

  /** Who leads, and where it listens for the nodes of the cluster; null while that is unknown. */
  activeController(): ControllerAddress | null {
    return this.raft.leaderAddress();
  }

  /** Who is known to lead, and where the others are looked for. */
  describe(): string {
    const { quorumVoters, quorumBootstrapServers } = this.#options.config;
    const { leaderId, epoch } = this.raft.leaderAndEpoch();
    const known =
      leaderId < 0 ? 'no leader of the controller quorum is known' : `node ${leaderId} leads epoch ${epoch}`;
    const where =
      quorumVoters.length > 0
        ? `controller.quorum.voters ${quorumVoters.map((voter) => `${voter.nodeId}@${addressText(voter)}`).join(',')}`
        : `controller.quorum.bootstrap.servers ${quorumBootstrapServers.map(addressText).join(',')}`;
    return `${known} (${where})`;
  }

  /** So many voters refuse connections that nobody can lead; false where that cannot be known. */
  async isGone(): Promise<boolean> {
    const { config, runtime } = this.#options;
    const voters = this.raft.voters();
    if (!config.fastFailureDetection || voters.length === 0) return false;
    const addresses = voters.flatMap(({ id, endpoints }) => (id === config.nodeId ? [] : endpoints.slice(0, 1)));
    const outcomes = await Promise.all(addresses.map((address) => probe(runtime.sockets, address)));
    const refused = outcomes.filter((outcome) => outcome === 'refused').length;
    return voters.length - refused < Math.floor(voters.length / 2) + 1;
  }

  /** For ApiVersions. */
  features(): FeatureVersions {
    const { image } = this.loader;
    const supported = SUPPORTED_FEATURES.map(({ name, min, max }) => ({ name, minVersion: min, maxVersion: max }));
    if (image.offset < 0) return { supported, finalizedEpoch: -1, finalized: [] };
    const kraft = this.raft.kraftVersion();
    const finalized = [...image.features].map(([name, level]) => ({ name, level }));
    if (kraft > 0) finalized.push({ name: 'kraft.version', level: kraft });
    return { supported, finalizedEpoch: image.offset, finalized };
  }

  /** Resolves once nothing can be committed because the disk is full. */
  whenStalled(): Promise<void> {
    return this.#log.whenStalled();
  }

  /** Takes no part in the quorum any more; a leader hands over first, while its listener still answers the others. */
  async leave(): Promise<void> {
    // What waits for space on a full disk is not committed, and is not waited for.
    await Promise.race([this.raft.close(), this.#log.whenStalled()]);
  }

  /** After `leave`. */
  close(): Promise<void> {
    return this.#log.close();
  }
}

/** The metadata log has its own few files; a failure of its disk stops the node. */
function logContext({ config, runtime, logger, onFatal }: QuorumNodeOptions): LogContext {
  const named = logger.named('kafka.raft.KafkaMetadataLog');
  return {
    ...runtime,
    pool: new FilePool(runtime.files),
    logger: named,
    producerIdExpirationMs: config.number('producer.id.expiration.ms'),
    recoveredDirectory: `${config.metadataLogDir}.recovered`,
    onStorageFailure: (message, cause) => {
      named.error(message, cause);
      onFatal(cause);
    },
  };
}

/** How this node takes part in a quorum of several. */
function quorumSettings({ config, runtime }: QuorumNodeOptions) {
  const electionMs = config.number('controller.quorum.election.timeout.ms');
  const requestMs = config.number('controller.quorum.request.timeout.ms');
  return {
    transport: new RaftLinks({ runtime, nodeId: config.nodeId, connectTimeoutMs: Math.max(1, requestMs) }),
    bootstrapServers: config.quorumBootstrapServers,
    listenerNames: config.controllerListenerNames,
    canVote: config.isController,
    timeouts: {
      electionMs,
      electionBackoffMaxMs: config.number('controller.quorum.election.backoff.max.ms'),
      fetchMs: config.number('controller.quorum.fetch.timeout.ms'),
      requestMs,
      retryBackoffMs: config.number('controller.quorum.retry.backoff.ms'),
    },
    prompt: config.fastFailureDetection,
    autoJoin: config.boolean('controller.quorum.auto.join.enable'),
    fetchMaxBytes: config.number('controller.quorum.fetch.max.bytes'),
    snapshotMaxBytes: config.number('controller.quorum.fetch.snapshot.max.bytes'),
    random: runtime.random,
  };
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
