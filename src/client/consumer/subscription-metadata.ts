/** What members tell each other through the coordinator, which does not look into it: subscriptions and assignments. */
import { decodeMessage, encodeMessage } from '../../protocol/codec.ts';
import { consumerProtocolAssignment, consumerProtocolSubscription } from '../../protocol/messages/consumer-protocol.ts';
import type { JoinGroupResponse } from '../../protocol/messages/join-group.ts';
import { groupByTopic } from '../admin-groups.ts';
import type { TopicPartition } from '../offsets.ts';
import type { AssignmentMember, GroupAssignor } from './assignors.ts';

const SUBSCRIPTION_VERSION = 3;
const ASSIGNMENT_VERSION = 3;

/** Both parts of the protocol begin with their version. */
function versioned(version: number, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(2 + body.length);
  bytes.writeInt16BE(version, 0);
  body.copy(bytes, 2);
  return bytes;
}

function byTopic(list: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return groupByTopic(list).map(([topic, entries]) => ({ topic, partitions: entries.map((p) => p.partition) }));
}

export interface OwnSubscription {
  readonly topics: readonly string[];
  readonly owned: readonly TopicPartition[];
  /** What it had when it had to give everything up, for assignors that want to give it back. */
  readonly previous: readonly TopicPartition[];
  readonly generation: number;
  readonly rack: string;
}

export function encodeSubscription(assignor: GroupAssignor, own: OwnSubscription): Buffer {
  const body = encodeMessage(consumerProtocolSubscription, SUBSCRIPTION_VERSION, {
    topics: [...own.topics].sort(),
    userData: assignor.writeUserData?.(own.previous, own.generation) ?? null,
    ownedPartitions: byTopic(own.owned),
    generationId: own.generation,
    rackId: own.rack === '' ? null : own.rack,
  });
  return versioned(SUBSCRIPTION_VERSION, body);
}

export function decodeMember(assignor: GroupAssignor, member: JoinGroupResponse['members'][number]): AssignmentMember {
  const version = Math.min(member.metadata.readInt16BE(0), SUBSCRIPTION_VERSION);
  const decoded = decodeMessage(consumerProtocolSubscription, version, member.metadata, 2);
  const owned = decoded.ownedPartitions.flatMap(({ topic, partitions }) => {
    return partitions.map((partition) => ({ topic, partition }));
  });
  const told = decoded.userData === null ? {} : (assignor.readUserData?.(decoded.userData) ?? {});
  const generation = decoded.generationId >= 0 ? decoded.generationId : -1;
  return {
    memberId: member.memberId,
    instanceId: member.groupInstanceId,
    topics: decoded.topics,
    rack: decoded.rackId,
    owned,
    generation,
    ...told,
  };
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const body = encodeMessage(consumerProtocolAssignment, ASSIGNMENT_VERSION, {
    assignedPartitions: byTopic(partitions),
  });
  return versioned(ASSIGNMENT_VERSION, body);
}

export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length < 2) return [];
  const version = Math.min(bytes.readInt16BE(0), ASSIGNMENT_VERSION);
  const { assignedPartitions } = decodeMessage(consumerProtocolAssignment, version, bytes, 2);
  return assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}
