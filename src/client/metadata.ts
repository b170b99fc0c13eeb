/** What brokers told of the cluster: brokers, topics, leaders. Never goes back to an older leader of the same topic. */
import { ZERO_UUID } from '../base/uuid.ts';
import type { Address } from '../network/address.ts';
import type { MetadataResponse } from '../protocol/messages/metadata.ts';

export interface BrokerView extends Address {
  readonly id: number;
  readonly rack: string | null;
}

export interface PartitionView {
  readonly partition: number;
  /** -1: none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offline: readonly number[];
  readonly errorCode: number;
}

export interface TopicView {
  readonly name: string;
  readonly id: string;
  readonly isInternal: boolean;
  readonly errorCode: number;
  /** By partition number. */
  readonly partitions: readonly PartitionView[];
}

type TopicAnswer = MetadataResponse['topics'][number];

export class Metadata {
  clusterId: string | null = null;
  controllerId = -1;
  brokers: ReadonlyMap<number, BrokerView> = new Map();
  /** Grows with every answer that was learned. */
  version = 0;
  #topics = new Map<string, TopicView>();
  #topicNames = new Map<string, string>();

  topic(name: string): TopicView | undefined {
    return this.#topics.get(name);
  }

  topicName(id: string): string | undefined {
    return this.#topicNames.get(id);
  }

  /** `everything`: topics that the answer does not name are gone. */
  learn(response: MetadataResponse, everything: boolean): void {
    this.version++;
    this.clusterId = response.clusterId;
    this.controllerId = response.controllerId;
    this.brokers = new Map(
      response.brokers.map((b) => [b.nodeId, { id: b.nodeId, host: b.host, port: b.port, rack: b.rack }]),
    );
    const before = this.#topics;
    if (everything) {
      this.#topics = new Map();
      this.#topicNames = new Map();
    }
    for (const answer of response.topics) {
      if (answer.name === null) continue;
      const old = before.get(answer.name);
      if (old !== undefined && old.id !== answer.topicId) this.#topicNames.delete(old.id);
      this.#topics.set(answer.name, topicView(answer, answer.name, old));
      if (answer.topicId !== ZERO_UUID) this.#topicNames.set(answer.topicId, answer.name);
    }
  }

  /** A leader that another answer named on the way; older news are passed over. */
  learnLeader(topic: string, partition: number, leader: number, leaderEpoch: number): boolean {
    const view = this.#topics.get(topic);
    const known = view?.partitions[partition];
    if (view === undefined || known === undefined || leaderEpoch <= known.leaderEpoch) return false;
    if (!this.brokers.has(leader)) return false;
    const partitions = view.partitions.slice();
    partitions[partition] = { ...known, leader, leaderEpoch };
    this.#topics.set(topic, { ...view, partitions });
    this.version++;
    return true;
  }
}

function topicView(answer: TopicAnswer, name: string, old: TopicView | undefined): TopicView {
  const partitions: PartitionView[] = [];
  const isSame = old !== undefined && old.id === answer.topicId && answer.topicId !== ZERO_UUID;
  for (const p of answer.partitions) {
    const known = isSame ? old.partitions[p.partitionIndex] : undefined;
    const isStale = known !== undefined && known.leaderEpoch > p.leaderEpoch && p.leaderEpoch >= 0;
    partitions[p.partitionIndex] = isStale
      ? known
      : {
          partition: p.partitionIndex,
          leader: p.leaderId,
          leaderEpoch: p.leaderEpoch,
          replicas: p.replicaNodes,
          isr: p.isrNodes,
          offline: p.offlineReplicas,
          errorCode: p.errorCode,
        };
  }
  return { name, id: answer.topicId, isInternal: answer.isInternal, errorCode: answer.errorCode, partitions };
}
