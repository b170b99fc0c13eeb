/**
 * A broker without sockets and without a controller: real logs in a temporary directory, the real follower and handlers,
 * a clock that stands still, metadata that the test writes record by record, and requests through the codec.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { absentPartitionError } from '../../src/broker/absent-partition.ts';
import { effectiveTopicConfig } from '../../src/broker/effective-topic-config.ts';
import { FetchSessionCache } from '../../src/broker/fetch-session.ts';
import { alterConfigsRows } from '../../src/broker/handlers/alter-configs.ts';
import { brokerRows } from '../../src/broker/handlers/broker-rows.ts';
import { describeConfigsRow } from '../../src/broker/handlers/describe-configs.ts';
import type { IsrProposal } from '../../src/broker/isr-proposal.ts';
import { MetadataFollower } from '../../src/broker/metadata-follower.ts';
import type { Partition } from '../../src/broker/partition.ts';
import { ProducerIdAllocator, type ProducerIdBlock } from '../../src/broker/producer-id-allocator.ts';
import { ReplicaManager } from '../../src/broker/replica-manager.ts';
import { DirectoryMoves } from '../../src/broker/replication/directory-moves.ts';
import { ReplicationQuota, throttledRate } from '../../src/broker/replication-quota.ts';
import type { BrokerServices } from '../../src/broker/services.ts';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { ConfigRules } from '../../src/config/config-rules.ts';
import { topicConfig } from '../../src/config/topic-config.ts';
import { MetadataDelta } from '../../src/metadata/delta.ts';
import { configResourceOf, EMPTY_IMAGE, type MetadataImage } from '../../src/metadata/image.ts';
import { type MetadataRecord, metadataRecord } from '../../src/metadata/records.ts';
import {
  type ApiRow,
  CLOSE_CONNECTION,
  handlerTable,
  NO_RESPONSE,
  type Principal,
  type RequestContext,
} from '../../src/network/handler.ts';
import { type BatchOptions, buildBatch } from '../../src/protocol/batch-builder.ts';
import { decodeMessage, encodeMessage } from '../../src/protocol/codec.ts';
import { encodeRequestFrame } from '../../src/protocol/frames.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import type { Message } from '../../src/protocol/schema.ts';
import { nodeFiles } from '../../src/runtime/node-files.ts';
import type { Files } from '../../src/runtime/runtime.ts';
import { LogManager } from '../../src/storage/log-manager.ts';
import { writeMetaProperties } from '../../src/storage/meta-properties.ts';
import { NODE } from '../config/node-properties.ts';
import { LineLogger, SeededRandom } from '../storage/support.ts';
import { ManualTime } from '../support/manual-time.ts';
import { MemorySockets } from '../support/memory-sockets.ts';

export const DIRECTORY_IDS = ['AAAAAAAAAAAAAAAAAAAAaA', 'BBBBBBBBBBBBBBBBBBBBBA'] as const;
export const INCARNATION = 'p8IZ3nGdT7mq1g9zHkY6Vw';

export const topicId = (n: number): string => `TTTTTTTTTTTTTTTTTTTT${String.fromCharCode(65 + n)}A`;

export interface HarnessOptions {
  readonly properties?: Readonly<Record<string, string>>;
  readonly directories?: number;
  readonly files?: Files;
  readonly fetchSessionSlots?: number;
}

/** What the test says in the controller's place. */
export interface FakeController {
  forward: (context: RequestContext) => unknown;
  requestBlock: () => Promise<ProducerIdBlock>;
  autoCreate: (names: readonly string[]) => Promise<ReadonlyMap<string, number>>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every API, looked at field by field
type Answer = any;

export interface Asking {
  readonly clientSoftwareName?: string;
  readonly listenerName?: string;
}

export interface Asked {
  readonly answer: Promise<Answer>;
  /** Undefined until the answer is there. */
  readonly settled: () => Answer | undefined;
  closeConnection(): void;
}

export class BrokerHarness {
  readonly time = new ManualTime();
  readonly logger = new LineLogger();
  readonly replicas = new ReplicaManager();
  readonly config: BrokerConfig;
  readonly logs: LogManager;
  readonly root: string;
  readonly directories: readonly string[];
  readonly assigned: [string, number, string][] = [];
  readonly moveQuota = { isExceeded: false, record: (_bytes: number): void => {} };
  /** What the partitions have asked the controller for. */
  readonly proposals: IsrProposal[] = [];
  readonly offsetsEvents: string[] = [];
  /** Partitions that follow, with the leader. */
  readonly followed = new Map<string, string>();
  readonly controller: FakeController = {
    forward: () => {
      throw new KafkaError(41, 'no controller');
    },
    requestBlock: () => Promise.resolve({ first: 1000, size: 1000 }),
    autoCreate: async () => new Map(),
  };
  readonly moves: DirectoryMoves;
  readonly services: BrokerServices;
  readonly follower: MetadataFollower;
  readonly table: ReadonlyMap<number, ApiRow>;
  responseBytesLeft = Number.MAX_SAFE_INTEGER;
  image: MetadataImage = EMPTY_IMAGE;
  #published: MetadataImage = EMPTY_IMAGE;

  static async start(options: HarnessOptions = {}): Promise<BrokerHarness> {
    const root = fs.mkdtempSync(join(tmpdir(), 'kts-broker-'));
    const directories = DIRECTORY_IDS.slice(0, options.directories ?? 1).map((_, i) => join(root, `d${i}`));
    const config = BrokerConfig.from(
      new Map([...NODE, ['log.dirs', directories.join(',')], ...Object.entries(options.properties ?? {})]),
    );
    for (const [i, path] of directories.entries()) {
      fs.mkdirSync(path);
      writeMetaProperties(nodeFiles, path, { clusterId: 'c', nodeId: 1, directoryId: DIRECTORY_IDS[i] as string });
    }
    return BrokerHarness.#open(root, directories, config, options);
  }

  /** Another broker on this one's directories, as after a restart; the metadata is taken over. */
  async restart(how: 'clean' | 'killed', options: HarnessOptions = {}): Promise<BrokerHarness> {
    if (how === 'clean') await this.logs.shutdown(1);
    else this.logs.abandon();
    const next = await BrokerHarness.#open(this.root, this.directories, this.config, options);
    next.time.sleep(this.time.nowMs() - next.time.nowMs());
    const delta = new MetadataDelta(EMPTY_IMAGE);
    for (const topic of this.image.topics.values()) {
      delta.replay(metadataRecord('topic', 0, { name: topic.name, topicId: topic.id }));
      for (const partition of topic.partitions) delta.replay(partitionRecord(topic.id, partition));
    }
    for (const [key, configs] of this.image.configs) {
      const { type, name } = configResourceOf(key);
      for (const [config, value] of configs) delta.replay(configRecord(type, name, config, value));
    }
    for (const record of [brokerRecord(), unfence()]) delta.replay(record, 0);
    next.image = delta.apply({ offset: this.image.offset, epoch: 1, timestampMs: 1 });
    next.follower.onMetadataUpdate(delta, next.image);
    return next;
  }

  static async #open(root: string, directories: readonly string[], config: BrokerConfig, options: HarnessOptions) {
    const time = new ManualTime();
    const logger = new LineLogger();
    const random = new SeededRandom(7);
    const files = options.files ?? nodeFiles;
    let harness: BrokerHarness | null = null;
    const logs = await LogManager.open({
      directories,
      files,
      clock: time,
      timers: time,
      random,
      logger,
      configOf: () => topicConfig(config),
      onDirectoryFailure: ({ path }) => harness?.follower.directoryFailed(path),
    });
    harness = new BrokerHarness({ root, directories, config, logs, time, logger, random, files, options });
    return harness;
  }

  private constructor(parts: {
    readonly root: string;
    readonly directories: readonly string[];
    readonly config: BrokerConfig;
    readonly logs: LogManager;
    readonly time: ManualTime;
    readonly logger: LineLogger;
    readonly random: SeededRandom;
    readonly files: Files;
    readonly options: HarnessOptions;
  }) {
    const { config, logs, random, files } = parts;
    this.root = parts.root;
    this.directories = parts.directories;
    this.config = config;
    this.logs = logs;
    this.time = parts.time;
    this.logger = parts.logger;
    const slots = parts.options.fetchSessionSlots ?? 1000;
    this.moves = new DirectoryMoves({
      logs,
      timers: this.time,
      logger: this.logger,
      quota: this.moveQuota,
      assignDirectory: (...assignment) => this.assigned.push(assignment),
    });
    this.services = {
      moves: this.moves,
      nodeId: 1,
      clusterId: 'c',
      config,
      runtime: { clock: this.time, timers: this.time, random, files, sockets: new MemorySockets() },
      logger: this.logger,
      replicas: this.replicas,
      logs,
      controller: {
        send: () => Promise.reject(new KafkaError(41, 'no controller')),
        forward: async (context) => this.controller.forward(context) as never,
      },
      fetchSessions: new FetchSessionCache({ slots, evictionMs: 120_000 }, (limit) => random.int(limit)),
      leaderQuota: new ReplicationQuota({
        clock: this.time,
        limit: () => throttledRate(this.#published, 1, 'leader'),
        windows: 11,
        windowMs: 1000,
      }),
      image: () => this.#published,
      absentPartitionError: (topic, partition) => absentPartitionError(this.#published, 1, topic, partition),
      responseBytesLeft: () => this.responseBytesLeft,
      autoCreateTopics: (names) => this.controller.autoCreate(names),
    };
    this.follower = this.#makeFollower();
    this.table = handlerTable([
      ...brokerRows(this.services, new ProducerIdAllocator(() => this.controller.requestBlock())),
      describeConfigsRow(this.services, config),
      ...alterConfigsRows(this.services, new ConfigRules(config)),
    ]);
  }

  #makeFollower(): MetadataFollower {
    return new MetadataFollower({
      nodeId: 1,
      logs: this.logs,
      replicas: this.replicas,
      moves: this.moves,
      followers: {
        follow: (partition, leader, epoch) => this.followed.set(partition.name, `${leader} in ${epoch}`),
        unfollow: (partition) => this.followed.delete(partition.name),
      },
      logger: this.logger,
      offsets: {
        elected: (partition, epoch) => this.offsetsEvents.push(`elected ${partition} in ${epoch}`),
        resigned: (partition) => this.offsetsEvents.push(`resigned ${partition}`),
        topicsDeleted: (topics) => this.offsetsEvents.push(`deleted ${topics.map(({ name }) => name).join(',')}`),
      },
      effectiveConfig: (image, topic) => effectiveTopicConfig(this.config, image, topic),
      assignDirectory: (...assignment) => this.assigned.push(assignment),
      around: {
        nodeId: 1,
        clock: this.time,
        logger: this.logger,
        maxLagMs: () => this.config.number('replica.lag.time.max.ms'),
        brokerEpoch: () => 7,
        peer: (brokerId) => this.#published.brokers.get(brokerId),
        propose: (proposal) => void this.proposals.push(proposal),
        awaited: this.replicas.awaited,
      },
      brokerConfigChanged: () => {},
      publish: (image) => {
        this.#published = image;
      },
    });
  }

  /** One committed batch of metadata. */
  apply(...records: MetadataRecord[]): void {
    const delta = new MetadataDelta(this.image);
    let offset = this.image.offset;
    for (const record of records) delta.replay(record, ++offset);
    this.image = delta.apply({ offset, epoch: 1, timestampMs: 1 });
    this.follower.onMetadataUpdate(delta, this.image);
  }

  /** This broker, unfenced, and topics that it leads. */
  withTopics(topics: Readonly<Record<string, TopicShape>>): this {
    const records = Object.entries(topics).flatMap(([name, shape], n) =>
      topicRecords(name, { id: topicId(n), ...shape }),
    );
    this.apply(brokerRecord(), unfence(), ...records);
    return this;
  }

  partition(topic: string, id = 0): Partition {
    const partition = this.replicas.get(topic, id);
    if (!partition) throw new TypeError(`${topic}-${id} is not hosted`);
    return partition;
  }

  /** As the dispatcher does it: decode, handle, encode; and what a client makes of that. */
  ask(apiKey: number, apiVersion: number, request: object, asking: Asking = {}): Asked {
    const row = this.table.get(apiKey) as ApiRow<Message<never, never>, Message<never, never>>;
    const header = { correlationId: 1, clientId: 'cid' };
    const frame = encodeRequestFrame(row.request, apiVersion, header, request as never).subarray(4);
    const context = new TestContext({ apiKey, apiVersion, frame, asking });
    const decoded = decodeMessage(row.request, apiVersion, encodeMessage(row.request, apiVersion, request as never));
    let settled: Answer;
    const answer = this.#answer(row, decoded, context).then((value) => {
      settled = value;
      return value;
    });
    return { answer, settled: () => settled, closeConnection: () => context.close() };
  }

  async #answer(row: ApiRow<Message<never, never>, Message<never, never>>, request: never, context: RequestContext) {
    let answer: unknown;
    try {
      answer = await row.handle(request, context);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      answer = row.errorResponse(request, error.code, error.message, context);
    }
    if (answer === NO_RESPONSE || answer === CLOSE_CONNECTION) return answer;
    const version = context.apiVersion;
    return decodeMessage(row.response, version, encodeMessage(row.response, version, answer as never)) as Answer;
  }

  /** One record after the other, each in a batch of its own. */
  append(topic: string, ...values: string[]): void {
    for (const value of values) this.partition(topic).append(records({}, value), false);
  }

  remove(): void {
    this.logs.abandon();
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

/** Like the network's own: what it tells of its connection are getters, which a copy of its fields has not. */
class TestContext implements RequestContext {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId = 1;
  readonly clientId = 'cid';
  readonly frame: Buffer;
  readonly #asking: Asking;
  readonly #closings = new Set<() => void>();

  constructor(of: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly frame: Buffer;
    readonly asking: Asking;
  }) {
    this.apiKey = of.apiKey;
    this.apiVersion = of.apiVersion;
    this.frame = of.frame;
    this.#asking = of.asking;
  }

  get connectionId(): string {
    return 'c';
  }

  get listenerName(): string {
    return this.#asking.listenerName ?? 'PLAINTEXT';
  }

  get clientAddress(): string {
    return '127.0.0.1';
  }

  get principal(): Principal {
    return { type: 'User', name: 'ANONYMOUS' };
  }

  get clientSoftwareName(): string {
    return this.#asking.clientSoftwareName ?? 'test';
  }

  get clientSoftwareVersion(): string {
    return '1';
  }

  onConnectionClosed(run: () => void): () => void {
    this.#closings.add(run);
    return () => this.#closings.delete(run);
  }

  close(): void {
    for (const run of this.#closings) run();
  }
}

/** Lets promises and `soon` run. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface TopicShape {
  readonly id?: string;
  readonly partitions?: number;
  readonly configs?: Readonly<Record<string, string>>;
  readonly replicas?: readonly number[];
  readonly isr?: readonly number[];
  readonly leader?: number;
  readonly leaderEpoch?: number;
  readonly directories?: readonly string[];
}

export function topicRecords(name: string, shape: TopicShape): MetadataRecord[] {
  const { id = topicId(0), partitions = 1, configs = {} } = shape;
  const { replicas = [1], isr = replicas, leader = 1, leaderEpoch = 0 } = shape;
  const directories = shape.directories ?? replicas.map(() => DIRECTORY_IDS[0]);
  return [
    metadataRecord('topic', 0, { name, topicId: id }),
    ...Object.entries(configs).map(([key, value]) => configRecord(2, name, key, value)),
    ...Array.from({ length: partitions }, (_, partitionId) =>
      partitionRecord(id, { partitionId, replicas, isr, leader, leaderEpoch, partitionEpoch: 0, directories }),
    ),
  ];
}

export interface PartitionShape {
  readonly partitionId: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly directories: readonly string[];
  readonly leaderRecoveryState?: number;
}

export function partitionRecord(id: string, shape: PartitionShape): MetadataRecord {
  const {
    partitionId,
    replicas,
    isr,
    leader,
    leaderEpoch,
    partitionEpoch,
    directories,
    leaderRecoveryState = 0,
  } = shape;
  const state = { leader, leaderEpoch, partitionEpoch, leaderRecoveryState };
  const moves = { removingReplicas: [], addingReplicas: [] };
  return metadataRecord('partition', 2, { topicId: id, partitionId, replicas, isr, directories, ...state, ...moves });
}

export function partitionChange(id: string, partitionId: number, change: object): MetadataRecord {
  return metadataRecord('partitionChange', 2, { topicId: id, partitionId, ...change });
}

export function removeTopic(id: string): MetadataRecord {
  return metadataRecord('removeTopic', 0, { topicId: id });
}

export function configRecord(resourceType: number, resourceName: string, name: string, value: string | null) {
  return metadataRecord('config', 0, { resourceType, resourceName, name, value });
}

export function brokerRecord(brokerId = 1, more: object = {}): MetadataRecord {
  return metadataRecord('registerBroker', 3, {
    brokerId,
    incarnationId: INCARNATION,
    brokerEpoch: 5,
    endPoints: [{ name: 'PLAINTEXT', host: `host${brokerId}`, port: 9092, securityProtocol: 0 }],
    features: [],
    rack: null,
    fenced: true,
    ...more,
  });
}

export function unfence(id = 1, epoch = 5): MetadataRecord {
  return metadataRecord('brokerRegistrationChange', 2, { brokerId: id, brokerEpoch: epoch, fenced: -1 });
}

/** A batch of these values at the harness's time. */
export function records(options: BatchOptions & { readonly timestamp?: number }, ...values: string[]): Buffer {
  const { timestamp = 1_700_000_000_000, ...rest } = options;
  return buildBatch(
    values.map((value) => ({ value: Buffer.from(value), timestamp })),
    rest,
  );
}
