/**
 * The broker half of a node: partitions over the log manager, handlers over partitions, the group coordinator, and the
 * life cycle towards the controller. It serves clients only between `start` and `stop`.
 */
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import { absentPartitionError } from '../broker/absent-partition.ts';
import { AutoTopicCreation, CONSUMER_OFFSETS_TOPIC } from '../broker/auto-topic-creation.ts';
import { endpointOf } from '../broker/cluster-nodes.ts';
import { effectiveTopicConfig } from '../broker/effective-topic-config.ts';
import { FetchSessionCache } from '../broker/fetch-session.ts';
import { groupSettings } from '../broker/group-settings.ts';
import { alterConfigsRows } from '../broker/handlers/alter-configs.ts';
import { brokerRows } from '../broker/handlers/broker-rows.ts';
import { describeConfigsRow, dynamicBrokerConfigs } from '../broker/handlers/describe-configs.ts';
import { groupHandlers } from '../broker/handlers/group/group-handlers.ts';
import { IsrExpiration } from '../broker/isr-expiration.ts';
import { MetadataFollower } from '../broker/metadata-follower.ts';
import { OffsetsPartitions } from '../broker/offsets-partitions.ts';
import type { PartitionSurroundings } from '../broker/partition.ts';
import { ProducerIdAllocator } from '../broker/producer-id-allocator.ts';
import { ReplicaManager } from '../broker/replica-manager.ts';
import { DirectoryMoves } from '../broker/replication/directory-moves.ts';
import { replicaFetcherSettings } from '../broker/replication/fetcher-settings.ts';
import { ReplicaFetchers } from '../broker/replication/replica-fetchers.ts';
import { type ReplicationQuota, replicationQuota, type ThrottledSide } from '../broker/replication-quota.ts';
import type { BrokerServices } from '../broker/services.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import { withDynamicConfigs } from '../config/config-layers.ts';
import type { ConfigRules } from '../config/config-rules.ts';
import type { GroupCoordinatorConfig } from '../coordinator/group-config.ts';
import { GroupCoordinator } from '../coordinator/group-coordinator.ts';
import { SUPPORTED_FEATURES } from '../metadata/features.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { ClientLink } from '../network/client-link.ts';
import type { ApiRow } from '../network/handler.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { allocateProducerIdsRequest, allocateProducerIdsResponse } from '../protocol/messages/allocate-producer-ids.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { LogManager } from '../storage/log-manager.ts';
import type { PartitionLog } from '../storage/partition-log.ts';
import { BrokerLifecycle } from './broker-lifecycle.ts';
import { openBrokerLogs } from './broker-logs.ts';
import type { ControllerChannels } from './controller-channels.ts';
import { DirectoryAssignments } from './directory-assignments.ts';
import type { AdvertisedEndpoint } from './node-listeners.ts';
import { PartitionAlterations } from './partition-alterations.ts';
import type { QuorumNode } from './quorum-node.ts';

/** How long idle fetch sessions are kept at the least. */
const SESSION_EVICTION_MS = 120_000;
/** Answers that clients have not taken yet may fill so much memory; beyond it they shrink to one batch. */
const RESPONSE_BUDGET_BYTES = 96 * 1024 * 1024;

export interface BrokerNodeOptions {
  readonly config: BrokerConfig;
  readonly clusterId: string;
  readonly incarnationId: Uuid;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly logs: LogManager;
  readonly quorum: QuorumNode;
  readonly channels: ControllerChannels;
  readonly answerBytes: () => number;
  readonly configRules: ConfigRules;
}

export class BrokerNode {
  readonly #options: BrokerNodeOptions;
  readonly #services: BrokerServices;
  readonly #coordinator: GroupCoordinator;
  readonly #follower: MetadataFollower;
  readonly #fetchers: ReplicaFetchers;
  readonly #moves: DirectoryMoves;
  readonly #isrExpiration: IsrExpiration;
  readonly #producerIds: ProducerIdAllocator;
  readonly #topicCreation: AutoTopicCreation;
  #lifecycle: BrokerLifecycle | null = null;
  #assignments: DirectoryAssignments | null = null;
  #alterations: PartitionAlterations | null = null;
  #unfollow: (() => void) | null = null;
  #image: MetadataImage;
  /** The static configuration with what was changed while the cluster runs. */
  #config: BrokerConfig;
  #groupConfig: GroupCoordinatorConfig;

  /** Needed before anything else of the broker. */
  static readonly openLogs = openBrokerLogs;

  constructor(options: BrokerNodeOptions) {
    this.#options = options;
    this.#image = options.quorum.loader.image;
    this.#config = options.config;
    this.#groupConfig = groupSettings(options.config);
    const { config, runtime, logger, channels } = options;
    const replicas = new ReplicaManager();
    this.#topicCreation = new AutoTopicCreation({
      channel: channels.forwarding,
      config,
      logger: logger.named('kafka.server.AutoTopicCreation'),
    });
    this.#moves = this.#makeMoves();
    this.#services = this.#makeServices(replicas);
    this.#isrExpiration = new IsrExpiration({
      replicas,
      timers: runtime.timers,
      maxLagMs: () => this.#config.number('replica.lag.time.max.ms'),
    });
    this.#producerIds = new ProducerIdAllocator(() => this.#allocateProducerIds());
    const offsets = new OffsetsPartitions(replicas, runtime.timers);
    this.#coordinator = new GroupCoordinator({
      nodeId: config.nodeId,
      clock: runtime.clock,
      timers: runtime.timers,
      random: runtime.random,
      logger: logger.named('org.apache.kafka.coordinator.group.GroupCoordinatorService'),
      config: () => this.#groupConfig,
      writer: offsets,
      partitionCount: () =>
        this.#image.topics.byName(CONSUMER_OFFSETS_TOPIC)?.partitions.length ??
        config.number('offsets.topic.num.partitions'),
    });
    this.#fetchers = this.#makeFetchers();
    this.#follower = this.#makeFollower(replicas, offsets);
  }

  get rows(): ApiRow[] {
    const { logger, config, configRules } = this.#options;
    return [
      ...brokerRows(this.#services, this.#producerIds),
      describeConfigsRow(this.#services, config),
      ...alterConfigsRows(this.#services, configRules),
      ...groupHandlers({
        coordinator: this.#coordinator,
        image: () => this.#image,
        createOffsetsTopic: () => void this.#topicCreation.create([CONSUMER_OFFSETS_TOPIC]),
        logger,
      }),
    ];
  }

  /** Registers, hosts what the metadata assigns, and returns once clients may be served. */
  async start(endpoints: readonly AdvertisedEndpoint[]): Promise<void> {
    const { config, logs, quorum, runtime, channels, logger } = this.#options;
    const { loader } = quorum;
    const lifecycle = this.#makeLifecycle(endpoints);
    this.#lifecycle = lifecycle;
    this.#assignments = new DirectoryAssignments({
      nodeId: config.nodeId,
      brokerEpoch: () => lifecycle.brokerEpoch,
      channel: channels.directoryAssignments,
      timers: runtime.timers,
      logger: logger.named('kafka.server.AssignmentsManager'),
    });
    this.#alterations = new PartitionAlterations({
      nodeId: config.nodeId,
      brokerEpoch: () => lifecycle.brokerEpoch,
      channel: channels.alterPartition,
      timers: runtime.timers,
      logger: logger.named('kafka.server.AlterPartitionManager'),
    });
    await lifecycle.start();
    const strays = logs.renameStrays((log) => isAssigned(loader.image, config.nodeId, log));
    if (strays > 0) logger.warn(`${strays} logs belong to no topic of this cluster and were renamed to -stray`);
    this.#unfollow = loader.addPublisher(this.#follower);
    logs.start();
    this.#isrExpiration.start();
    await lifecycle.unfence();
    // A broker in controlled shutdown is released when all others have seen it: they need not wait for their next turn.
    loader.addPublisher({
      onMetadataUpdate: ({ brokers }) => {
        if ([...brokers.values()].some((one) => one?.inControlledShutdown && !one.fenced)) lifecycle.hurry();
      },
      // A new controller learns at once that this broker lives, and how far it has come.
      onControllerChange: ({ leaderId }) => {
        if (leaderId >= 0) lifecycle.hurry();
      },
    });
  }

  directoryFailed(path: string): void {
    this.#follower.directoryFailed(path);
    this.#lifecycle?.hurry();
  }

  /** Nothing is asked of the controller any more: it can write nothing, or the node is to stop before it has started. */
  leaveController(): void {
    this.#lifecycle?.stop();
  }

  /** Leadership moves away and everything that was appended is answered; the logs are closed by the node afterwards. */
  async shutDown(): Promise<number> {
    const lifecycle = this.#lifecycle;
    if (!lifecycle) return -1;
    const { config, quorum } = this.#options;
    if (config.controlledShutdownEnable) await Promise.race([lifecycle.controlledShutdown(), quorum.whenStalled()]);
    lifecycle.stop();
    this.#fetchers.stop();
    this.#moves.stop();
    this.#assignments?.stop();
    this.#isrExpiration.stop();
    this.#alterations?.stop();
    this.#coordinator.shutdown();
    return lifecycle.brokerEpoch;
  }

  /** Before the logs are closed: the quorum goes on, and its news would make, change and delete logs behind that. */
  leaveMetadata(): void {
    this.#unfollow?.();
  }

  #makeServices(replicas: ReplicaManager): BrokerServices {
    const { config, clusterId, runtime, logger, logs, channels, answerBytes } = this.#options;
    const slots = config.number('max.incremental.fetch.session.cache.slots');
    const current = () => this.#config;
    return {
      nodeId: config.nodeId,
      clusterId,
      get config() {
        return current();
      },
      runtime,
      logger: logger.named('kafka.server.KafkaApis'),
      replicas,
      logs,
      moves: this.#moves,
      controller: channels.forwarding,
      fetchSessions: new FetchSessionCache({ slots, evictionMs: SESSION_EVICTION_MS }, (limit) =>
        runtime.random.int(limit),
      ),
      leaderQuota: this.#replicationQuota('leader'),
      image: () => this.#image,
      absentPartitionError: (topic, partition) => absentPartitionError(this.#image, config.nodeId, topic, partition),
      responseBytesLeft: () => Math.max(0, RESPONSE_BUDGET_BYTES - answerBytes()),
      autoCreateTopics: (names) => this.#topicCreation.create(names),
    };
  }

  #makeFollower(replicas: ReplicaManager, offsets: OffsetsPartitions): MetadataFollower {
    const { config, logs, logger } = this.#options;
    return new MetadataFollower({
      nodeId: config.nodeId,
      logs,
      replicas,
      followers: this.#fetchers,
      moves: this.#moves,
      logger: logger.named('kafka.server.metadata.BrokerMetadataPublisher'),
      offsets: {
        elected: (partition, epoch) => this.#coordinator.onElected(partition, epoch, offsets.loader(partition)),
        resigned: (partition) => this.#coordinator.onResigned(partition),
        topicsDeleted: (topics) => this.#coordinator.onTopicsDeleted(topics),
      },
      effectiveConfig: (image, topic) => effectiveTopicConfig(config, image, topic),
      around: this.#surroundings(replicas),
      brokerConfigChanged: (image) => {
        this.#config = withDynamicConfigs(config, dynamicBrokerConfigs(image, config.nodeId));
        this.#groupConfig = groupSettings(this.#config);
        this.#fetchers.resize();
      },
      assignDirectory: (topicId, partition, directoryId) => this.#assignments?.assign(topicId, partition, directoryId),
      publish: (image) => {
        this.#image = image;
      },
    });
  }

  #makeFetchers(): ReplicaFetchers {
    const { config, runtime, logger, logs } = this.#options;
    const address = (brokerId: number) => {
      const broker = this.#image.brokers.get(brokerId);
      return broker && endpointOf(broker, config.interBrokerListenerName);
    };
    return new ReplicaFetchers({
      nodeId: config.nodeId,
      runtime,
      logger,
      openLink: ClientLink.open,
      endpointOf: address,
      brokerEpoch: () => this.#lifecycle?.brokerEpoch ?? -1,
      settings: () => replicaFetcherSettings(this.#config),
      quota: this.#replicationQuota('follower'),
      checkpoint: () => logs.checkpointOffsets(),
    });
  }

  #makeMoves(): DirectoryMoves {
    const { runtime, logger, logs } = this.#options;
    return new DirectoryMoves({
      logs,
      timers: runtime.timers,
      logger: logger.named('kafka.server.ReplicaAlterLogDirsThread'),
      quota: this.#replicationQuota('directories'),
      assignDirectory: (topicId, partition, directoryId) => this.#assignments?.assign(topicId, partition, directoryId),
    });
  }

  #replicationQuota(side: ThrottledSide): ReplicationQuota {
    const { config, runtime } = this.#options;
    return replicationQuota(side, { clock: runtime.clock, config, image: () => this.#image });
  }

  #surroundings(replicas: ReplicaManager): PartitionSurroundings {
    const { config, runtime, logger } = this.#options;
    return {
      nodeId: config.nodeId,
      clock: runtime.clock,
      logger: logger.named('kafka.cluster.Partition'),
      maxLagMs: () => this.#config.number('replica.lag.time.max.ms'),
      brokerEpoch: () => this.#lifecycle?.brokerEpoch ?? -1,
      peer: (brokerId) => this.#image.brokers.get(brokerId),
      propose: (proposal) => this.#alterations?.propose(proposal),
      awaited: replicas.awaited,
    };
  }

  #makeLifecycle(endpoints: readonly AdvertisedEndpoint[]): BrokerLifecycle {
    const { config, clusterId, incarnationId, runtime, logger, logs, quorum, channels } = this.#options;
    return new BrokerLifecycle({
      runtime,
      logger: logger.named('kafka.server.BrokerLifecycleManager'),
      channel: channels.heartbeat,
      registration: {
        brokerId: config.nodeId,
        clusterId,
        incarnationId,
        listeners: endpoints,
        features: SUPPORTED_FEATURES.map(({ name, min, max }) => ({
          name,
          minSupportedVersion: min,
          maxSupportedVersion: max,
        })),
        rack: config.rack,
        logDirs: logs.liveDirectories.map((directory) => directory.id).sort(),
        previousBrokerEpoch: logs.previousBrokerEpoch,
      },
      heartbeatIntervalMs: config.brokerHeartbeatIntervalMs,
      heartbeatTimeoutMs: config.brokerSessionTimeoutMs / 3,
      registrationTimeoutMs: config.number('initial.broker.registration.timeout.ms'),
      shutdownTimeoutMs: CONTROLLED_SHUTDOWN_MS,
      appliedOffset: () => quorum.loader.image.offset,
      offlineLogDirs: () => logs.directories.filter((directory) => directory.offline).map((directory) => directory.id),
      describeQuorum: () => quorum.describe(),
      isQuorumGone: () => quorum.isGone(),
    });
  }

  async #allocateProducerIds() {
    const answer = await this.#options.channels.forwarding.send(
      allocateProducerIdsRequest,
      allocateProducerIdsResponse,
      0,
      {
        brokerId: this.#options.config.nodeId,
        brokerEpoch: this.#lifecycle?.brokerEpoch ?? -1,
      },
    );
    if (answer.errorCode !== ErrorCode.NONE) throw new KafkaError(answer.errorCode, errorName(answer.errorCode));
    return { first: answer.producerIdStart, size: answer.producerIdLen };
  }
}

/** A controller that does not answer must not keep a node from stopping. */
const CONTROLLED_SHUTDOWN_MS = 5 * 60_000;

function isAssigned(image: MetadataImage, nodeId: number, log: PartitionLog): boolean {
  const topic = image.topics.byName(log.topic);
  return topic?.id === log.topicId && topic.partitions[log.partition]?.replicas.includes(nodeId) === true;
}
