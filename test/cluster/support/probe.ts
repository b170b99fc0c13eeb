/** What a cluster tells of itself, asked of whichever node answers: independent of src/client. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DescribeQuorumResponse } from '../../../src/protocol/messages/describe-quorum.ts';
import type { MetadataResponse } from '../../../src/protocol/messages/metadata.ts';
import { CREATE_TOPICS, DELETE_TOPICS, DESCRIBE_QUORUM, ELECT_LEADERS, METADATA } from './apis.ts';
import { type Api, Wire } from './wire.ts';

export interface PartitionInfo {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface NewTopic {
  readonly name: string;
  readonly partitions?: number;
  readonly replicas?: number;
  /** The brokers of each partition, in place of the two above. */
  readonly assignments?: readonly (readonly number[])[];
  readonly configs?: Readonly<Record<string, string>>;
}

const PATIENCE_MS = 30_000;
/** A request that may have been carried out although no answer came. */
const TOPIC_ALREADY_EXISTS = 36;
const UNKNOWN_TOPIC = 3;
/** Not leader, no leader, timed out, no controller, not enough brokers, throttled: another try may succeed. */
const LATER: ReadonlySet<number> = new Set([-1, 5, 6, 7, 8, 13, 38, 41, 77, 89]);

export function partitionsOf(metadata: MetadataResponse): PartitionInfo[] {
  return metadata.topics.flatMap((topic) =>
    topic.partitions.map((one) => ({
      topic: topic.name ?? '',
      partition: one.partitionIndex,
      leader: one.leaderId,
      leaderEpoch: one.leaderEpoch,
      replicas: one.replicaNodes,
      isr: one.isrNodes,
    })),
  );
}

export class Probe {
  readonly #bootstrap: () => readonly string[];

  constructor(bootstrap: () => readonly string[]) {
    this.#bootstrap = bootstrap;
  }

  /** One answer of one node. */
  async ask<In, Out>(address: string, api: Api<In, Out>, value: NoInfer<In>, timeoutMs?: number): Promise<Out> {
    const wire = await Wire.open(address);
    try {
      return await wire.call(api, value, timeoutMs);
    } finally {
      wire.close();
    }
  }

  /** Whoever answers first, in a random order; `isGood` refuses an answer. */
  async any<In, Out>(
    api: Api<In, Out>,
    value: NoInfer<In>,
    isGood: (answer: Out) => boolean = () => true,
    patienceMs = PATIENCE_MS,
  ): Promise<Out> {
    const deadline = Date.now() + patienceMs;
    let last: unknown = new Error('no node runs');
    for (;;) {
      for (const address of [...this.#bootstrap()].sort(() => Math.random() - 0.5)) {
        try {
          const answer = await this.ask(address, api, value, 5_000);
          if (isGood(answer)) return answer;
          last = new Error(`${address} answered ${api.request.name} with ${JSON.stringify(answer).slice(0, 300)}`);
        } catch (error) {
          last = error;
        }
      }
      if (Date.now() > deadline) throw last;
      await sleep(50);
    }
  }

  metadata(topics: readonly string[] | null = null): Promise<MetadataResponse> {
    const wanted = topics === null ? null : topics.map((name) => ({ name }));
    return this.any(METADATA, { topics: wanted, allowAutoTopicCreation: false });
  }

  async partitions(topics: readonly string[] | null = null): Promise<PartitionInfo[]> {
    return partitionsOf(await this.metadata(topics));
  }

  async brokers(): Promise<Map<number, string>> {
    const { brokers } = await this.metadata([]);
    return new Map(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]));
  }

  /** The address of a partition's leader; undefined while there is none. */
  async leaderAddress(topic: string, partition: number): Promise<string | undefined> {
    const metadata = await this.metadata([topic]);
    const leader = partitionsOf(metadata).find((one) => one.partition === partition)?.leader;
    const broker = metadata.brokers.find(({ nodeId }) => nodeId === leader);
    return broker === undefined ? undefined : `${broker.host}:${broker.port}`;
  }

  async quorum(): Promise<DescribeQuorumResponse['topics'][number]['partitions'][number]> {
    const wanted = { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] };
    const partitionOf = (answer: DescribeQuorumResponse) => answer.topics[0]?.partitions[0];
    const answer = await this.any(DESCRIBE_QUORUM, wanted, (one) => {
      return one.errorCode === 0 && partitionOf(one)?.errorCode === 0 && (partitionOf(one)?.leaderId ?? -1) >= 0;
    });
    return partitionOf(answer) as NonNullable<ReturnType<typeof partitionOf>>;
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    let left = [...topics];
    const deadline = Date.now() + PATIENCE_MS;
    while (left.length > 0) {
      const answer = await this.any(CREATE_TOPICS, {
        timeoutMs: 20_000,
        topics: left.map(({ name, partitions = 1, replicas = 1, assignments, configs = {} }) => ({
          name,
          numPartitions: assignments === undefined ? partitions : -1,
          replicationFactor: assignments === undefined ? replicas : -1,
          assignments: (assignments ?? []).map((brokerIds, partitionIndex) => ({
            partitionIndex,
            brokerIds: [...brokerIds],
          })),
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        })),
      });
      const later = new Set<string>();
      for (const { name, errorCode, errorMessage } of answer.topics) {
        if (errorCode === 0 || errorCode === TOPIC_ALREADY_EXISTS) continue;
        if (!LATER.has(errorCode) || Date.now() > deadline) throw new Error(`${name}: ${errorCode} ${errorMessage}`);
        later.add(name);
      }
      left = left.filter(({ name }) => later.has(name));
      if (left.length > 0) await sleep(100);
    }
  }

  async deleteTopic(name: string): Promise<void> {
    const isDone = (code: number) => code === 0 || code === UNKNOWN_TOPIC;
    await this.any(DELETE_TOPICS, { topicNames: [name], timeoutMs: 20_000 }, (answer) =>
      answer.responses.every(({ errorCode }) => isDone(errorCode)),
    );
  }

  /** The first replica of each partition leads again; of all partitions when none are named. */
  async electPreferred(): Promise<void> {
    await this.any(
      ELECT_LEADERS,
      { electionType: 0, topicPartitions: null, timeoutMs: 20_000 },
      ({ errorCode }) => errorCode === 0,
    );
  }

  /** Resolves with the partitions once all of them are as `isSo` wants them. */
  async until(
    what: string,
    isSo: (partitions: readonly PartitionInfo[], brokers: ReadonlySet<number>) => boolean,
    topics: readonly string[] | null = null,
    patienceMs = 60_000,
  ): Promise<PartitionInfo[]> {
    const deadline = Date.now() + patienceMs;
    let last: PartitionInfo[] = [];
    for (;;) {
      try {
        const metadata = await this.metadata(topics);
        last = partitionsOf(metadata);
        if (isSo(last, new Set(metadata.brokers.map(({ nodeId }) => nodeId)))) return last;
      } catch {
        // Nobody answers yet.
      }
      if (Date.now() > deadline) throw new Error(`it did not come about that ${what}: ${describePartitions(last)}`);
      await sleep(50);
    }
  }

  /** All replicas of all partitions are in sync, and `brokers` brokers are there. */
  untilWhole(brokers: number, patienceMs = 60_000): Promise<PartitionInfo[]> {
    const isWhole = ({ isr, replicas, leader }: PartitionInfo) => leader >= 0 && isr.length === replicas.length;
    return this.until(
      `all replicas of ${brokers} brokers are in sync`,
      (partitions, there) => there.size === brokers && partitions.every(isWhole),
      null,
      patienceMs,
    );
  }
}

export function describePartitions(partitions: readonly PartitionInfo[]): string {
  const behind = partitions.filter(({ isr, replicas, leader }) => leader < 0 || isr.length < replicas.length);
  const lines = behind.slice(0, 5).map(({ topic, partition, leader, replicas, isr }) => {
    return `${topic}-${partition} leader ${leader} replicas ${replicas} isr ${isr}`;
  });
  return `${partitions.length} partitions, ${behind.length} not whole ${lines.join('; ')}`;
}
