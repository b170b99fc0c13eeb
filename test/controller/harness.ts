/** A controller over a raft that commits when the test says so, with brokers that come and go, and its records as text. */
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import { brokerHeartbeat, type HeartbeatReply } from '../../src/controller/brokers/heartbeat.ts';
import { registerBroker } from '../../src/controller/brokers/registration.ts';
import { Controller } from '../../src/controller/controller.ts';
import type { ControllerConfig, TopicConfigValidator } from '../../src/controller/controller-config.ts';
import { SUPPORTED_FEATURES } from '../../src/metadata/features.ts';
import { decodeRecord, type MetadataRecord, metadataRecord, recordName } from '../../src/metadata/records.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import type { BrokerHeartbeatRequest } from '../../src/protocol/messages/broker-heartbeat.ts';
import type { BrokerRegistrationRequest } from '../../src/protocol/messages/broker-registration.ts';
import { NotLeaderError, type RaftClient, type RaftListener } from '../../src/raft/raft-client.ts';
import type { Random } from '../../src/runtime/runtime.ts';
import { ManualTime } from '../support/manual-time.ts';

export const CLUSTER_ID = 'Z2m4mKBFQvmNMZ2rQ0aQ3A';

/** A directory id for a broker, readable in traces. */
export function directoryOf(brokerId: number, index = 0): string {
  return `DIR${index}broker${brokerId}`.padEnd(21, 'x').concat('A');
}

export class ScriptedRaft implements RaftClient {
  readonly nodeId: number = 1;
  readonly clusterId = CLUSTER_ID;
  epoch = 1;
  isLeader = true;
  level = 0;
  /** Committed at once unless this is off. */
  autoCommit = true;
  failAppend: Error | null = null;
  resigned = 0;
  readonly log: MetadataRecord[][] = [];
  #pending: {
    readonly baseOffset: number;
    readonly values: readonly Uint8Array[];
    readonly controlRecords?: number;
  }[] = [];
  #next = 1;
  #listener: RaftListener | null = null;

  leaderAndEpoch() {
    return { leaderId: this.isLeader ? 1 : -1, epoch: this.epoch };
  }

  highWatermark(): number {
    return this.#next;
  }

  nextOffset(): number {
    return this.#next;
  }

  kraftVersion(): number {
    return this.level;
  }

  scheduleAppend(epoch: number, values: readonly Uint8Array[]): number {
    if (this.failAppend !== null) throw this.failAppend;
    if (!this.isLeader || epoch !== this.epoch) throw new NotLeaderError('no');
    this.#push(values);
    return this.#next - 1;
  }

  #push(values: readonly Uint8Array[]): void {
    this.#pending.push({ baseOffset: this.#next, values });
    this.log.push(values.map((value) => decodeRecord(value)));
    this.#next += values.length;
    if (this.autoCommit) queueMicrotask(() => this.commit());
  }

  commit(): void {
    for (const { baseOffset, values, controlRecords = 0 } of this.#pending.splice(0)) {
      this.#listener?.onCommit({
        baseOffset,
        lastOffset: baseOffset + values.length + controlRecords - 1,
        epoch: this.epoch,
        appendTimestampMs: 1,
        sizeInBytes: 100,
        values,
      });
    }
  }

  /** What a leader that failed had appended is gone, as after another one took over. */
  lose(): void {
    for (const { values } of this.#pending.splice(0)) this.#next -= values.length;
  }

  lead(epoch: number): void {
    this.epoch = epoch;
    this.isLeader = true;
    this.#listener?.onLeaderChange({ leaderId: 1, epoch });
  }

  follow(leaderId: number, epoch: number): void {
    this.epoch = epoch;
    this.isLeader = false;
    this.#listener?.onLeaderChange({ leaderId, epoch });
  }

  resign(): void {
    this.resigned++;
    this.follow(-1, this.epoch);
  }

  register(listener: RaftListener): () => void {
    this.#listener = listener;
    listener.onCommit({ baseOffset: 0, lastOffset: 0, epoch: 1, appendTimestampMs: 1, sizeInBytes: 91, values: [] });
    listener.onLeaderChange({ leaderId: 1, epoch: this.epoch });
    return () => {};
  }

  createSnapshot(): Promise<boolean> {
    return Promise.resolve(false);
  }

  latestSnapshotId() {
    return null;
  }

  describeQuorum() {
    return null;
  }

  upgradeKraftVersion(_epoch: number, level: number): number {
    this.level = level;
    // Two control records.
    this.#pending.push({ baseOffset: this.#next, values: [], controlRecords: 2 });
    this.#next += 2;
    queueMicrotask(() => this.commit());
    return this.#next - 1;
  }
}

/** Knows three topic configs, one of them a list. */
export const RULES: TopicConfigValidator = {
  checkTopic(overrides) {
    for (const [name, value] of overrides) {
      if (!['min.insync.replicas', 'retention.ms', 'cleanup.policy', 'unclean.leader.election.enable'].includes(name)) {
        throw new KafkaError(ErrorCode.INVALID_CONFIG, `Unknown topic config name: ${name}`);
      }
      if (name === 'retention.ms' && Number.isNaN(Number(value))) {
        throw new KafkaError(ErrorCode.INVALID_CONFIG, `Invalid value ${value} for configuration ${name}`);
      }
    }
  },
  checkGroup() {},
  checkClientMetrics() {},
  isList: (_type, name) => name === 'cleanup.policy',
  defaultOf: (_type, name) => (name === 'cleanup.policy' ? 'delete' : null),
  isSensitive: () => false,
  effectiveTopicConfigs: ({ topic }) => [
    {
      name: 'retention.ms',
      value: topic.get('retention.ms') ?? '604800000',
      isReadOnly: false,
      isSensitive: false,
      source: topic.has('retention.ms') ? 1 : 5,
    },
    {
      name: 'cleanup.policy',
      value: topic.get('cleanup.policy') ?? 'delete',
      isReadOnly: false,
      isSensitive: false,
      source: 5,
    },
  ],
};

/** Counts up: the same ids in every run. */
class CountingRandom implements Random {
  #count = 0;

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    bytes[0] = 1;
    const id = ++this.#count << 4;
    bytes[15] = id;
    bytes[14] = id >> 8;
    bytes[13] = id >> 16;
    return bytes;
  }

  int(): number {
    return 0;
  }
}

export function bootstrap(levels: Readonly<Record<string, number>> = {}): MetadataRecord[] {
  const all = {
    'metadata.version': 30,
    'eligible.leader.replicas.version': 1,
    'group.version': 1,
    'share.version': 1,
    'streams.version': 1,
    'transaction.version': 2,
    ...levels,
  };
  return Object.entries(all)
    .filter(([, level]) => level > 0)
    .map(([name, featureLevel]) => metadataRecord('featureLevel', 0, { name, featureLevel }));
}

export interface HarnessOptions {
  readonly levels?: Readonly<Record<string, number>>;
  readonly config?: Partial<ControllerConfig>;
  readonly configRules?: TopicConfigValidator;
  readonly raft?: ScriptedRaft;
}

export class Harness {
  readonly raft: ScriptedRaft;
  readonly time = new ManualTime();
  readonly controller: Controller;
  readonly fatal: unknown[] = [];
  readonly epochs = new Map<number, number>();
  #incarnations = 0;

  constructor(options: HarnessOptions = {}) {
    this.raft = options.raft ?? new ScriptedRaft();
    this.controller = new Controller({
      config: {
        nodeId: 1,
        clusterId: CLUSTER_ID,
        brokerSessionTimeoutMs: 9000,
        metadataMaxIdleIntervalMs: 0,
        leaderImbalanceCheckIntervalMs: 0,
        uncleanElectionCheckIntervalMs: 0,
        defaultNumPartitions: 1,
        defaultReplicationFactor: 1,
        deleteTopicEnable: true,
        staticMinInsyncReplicas: 1,
        staticUncleanLeaderElection: false,
        localBroker: null,
        ...options.config,
      },
      configRules: options.configRules ?? RULES,
      bootstrap: { records: bootstrap(options.levels), source: 'the test' },
      raft: this.raft,
      clock: this.time,
      timers: this.time,
      random: new CountingRandom(),
      logger: SILENT_LOGGER,
      onFatal: (cause) => this.fatal.push(cause),
    });
  }

  static async started(options: HarnessOptions = {}): Promise<Harness> {
    const harness = new Harness(options);
    harness.controller.start();
    await settle();
    harness.take();
    return harness;
  }

  incarnation(): string {
    return `INCARNATION${++this.#incarnations}`.padEnd(21, 'x').concat('A');
  }

  registration(id: number, more: Partial<BrokerRegistrationRequest> = {}): BrokerRegistrationRequest {
    return {
      brokerId: id,
      clusterId: CLUSTER_ID,
      incarnationId: this.incarnation(),
      listeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 9090 + id, securityProtocol: 0 }],
      features: SUPPORTED_FEATURES.map(({ name, min, max }) => ({
        name,
        minSupportedVersion: min,
        maxSupportedVersion: max,
      })),
      rack: null,
      isMigratingZkBroker: false,
      logDirs: [directoryOf(id)],
      previousBrokerEpoch: -1,
      ...more,
    };
  }

  async register(id: number, more: Partial<BrokerRegistrationRequest> = {}): Promise<number> {
    const request = this.registration(id, more);
    const { brokerEpoch } = await this.controller.submit('register', (context) => registerBroker(context, request));
    this.epochs.set(id, brokerEpoch);
    return brokerEpoch;
  }

  heartbeat(id: number, more: Partial<BrokerHeartbeatRequest> = {}): Promise<HeartbeatReply> {
    const request: BrokerHeartbeatRequest = {
      brokerId: id,
      brokerEpoch: this.epochs.get(id) ?? -1,
      currentMetadataOffset: this.controller.image.offset,
      wantFence: false,
      wantShutDown: false,
      offlineLogDirs: [],
      cordonedLogDirs: null,
      ...more,
    };
    return this.controller.submit('heartbeat', (context) => brokerHeartbeat(context, request));
  }

  /** Brokers that are registered and unfenced. */
  async join(...ids: number[]): Promise<void> {
    for (const id of ids) {
      await this.register(id);
      await this.heartbeat(id);
    }
    this.take();
  }

  /** The records since the last call, as text. */
  take(): string[] {
    return this.raft.log.splice(0).flat().map(recordText);
  }
}

const HIDDEN = new Set([
  'incarnationId',
  'endPoints',
  'features',
  'isMigratingZkBroker',
  'rack',
  'topicId',
  'directories',
]);

/** `PartitionChange{partitionId:0, isr:[1]}`: what differs from the defaults, without ids that vary. */
export function recordText(record: MetadataRecord): string {
  const name = recordName(record.type).replace(/Record$/, '');
  const defaults: Record<string, unknown> =
    record.type === 'partitionChange'
      ? {
          isr: null,
          leader: -2,
          replicas: null,
          removingReplicas: null,
          addingReplicas: null,
          leaderRecoveryState: -1,
          directories: null,
          eligibleLeaderReplicas: null,
          lastKnownElr: null,
        }
      : record.type === 'brokerRegistrationChange'
        ? { fenced: 0, inControlledShutdown: 0, logDirs: [], cordonedLogDirs: null }
        : {};
  const fields = Object.entries(record.value)
    .filter(
      ([key, value]) =>
        !HIDDEN.has(key) && !(key in defaults && JSON.stringify(defaults[key]) === JSON.stringify(value)),
    )
    .map(([key, value]) => `${key}:${JSON.stringify(value)}`);
  return `${name}${record.version === 0 ? '' : ` v${record.version}`}{${fields.join(', ')}}`;
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** The code of the KafkaError that the promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    const name = Object.entries(ErrorCode).find(([, code]) => code === error.code)?.[0];
    return `${name}: ${error.message}`;
  }
}
