/**
 * Assignments that move as little as they can: members keep what they have, what is free goes to those who have least, and
 * partitions move only from a member with at least two more than one who could take them.
 */
import { groupByTopic } from '../admin-groups.ts';
import { partitionKey, type TopicPartition } from '../offsets.ts';
import type { Assignment, AssignmentMember, Assignor } from './assignors.ts';

const NO_GENERATION = -1;

function byId(a: AssignmentMember, b: AssignmentMember): number {
  return a.memberId < b.memberId ? -1 : a.memberId > b.memberId ? 1 : 0;
}

/** Of each partition the member who claims it since the latest generation. Equal claims cancel out. */
function ownersOf(members: readonly AssignmentMember[], partitions: ReadonlyMap<string, number>): Map<string, string> {
  const claims = new Map<
    string,
    { readonly memberId: string; readonly generation: number; readonly isDisputed: boolean }
  >();
  for (const { memberId, topics, owned = [], generation = NO_GENERATION } of members) {
    for (const { topic, partition } of owned) {
      if (!topics.includes(topic) || partition >= (partitions.get(topic) ?? 0)) continue;
      const key = partitionKey(topic, partition);
      const other = claims.get(key);
      if (other === undefined || generation > other.generation)
        claims.set(key, { memberId, generation, isDisputed: false });
      else if (generation === other.generation) claims.set(key, { ...other, isDisputed: true });
    }
  }
  const owners = new Map<string, string>();
  for (const [key, { memberId, isDisputed }] of claims) if (!isDisputed) owners.set(key, memberId);
  return owners;
}

export const sticky: Assignor = (members, partitions) => {
  const order = [...members].sort(byId);
  const assignment: Assignment = new Map(order.map(({ memberId }) => [memberId, []]));
  const owners = ownersOf(order, partitions);
  const free: TopicPartition[] = [];
  for (const topic of [...new Set(order.flatMap((member) => member.topics))].sort()) {
    for (let partition = 0; partition < (partitions.get(topic) ?? 0); partition++) {
      const owner = owners.get(partitionKey(topic, partition));
      if (owner === undefined) free.push({ topic, partition });
      else assignment.get(owner)?.push({ topic, partition });
    }
  }
  const loads = order.map(({ memberId, topics }) => {
    return { topics: new Set(topics), list: assignment.get(memberId) as TopicPartition[] };
  });
  for (const one of free) {
    let least: Load | undefined;
    for (const load of loads) {
      if (load.topics.has(one.topic) && (least === undefined || load.list.length < least.list.length)) least = load;
    }
    least?.list.push(one);
  }
  while (moveOne(loads));
  return assignment;
};

interface Load {
  readonly topics: ReadonlySet<string>;
  readonly list: TopicPartition[];
}

/** From the fullest who can give to the emptiest who can take; false when nobody has two more than a taker. */
function moveOne(loads: readonly Load[]): boolean {
  const byLoad = [...loads].sort((a, b) => a.list.length - b.list.length);
  for (let from = byLoad.length - 1; from > 0; from--) {
    const giver = byLoad[from] as Load;
    for (const taker of byLoad) {
      if (taker.list.length + 1 >= giver.list.length) break;
      const at = giver.list.findLastIndex(({ topic }) => taker.topics.has(topic));
      if (at < 0) continue;
      taker.list.push(...giver.list.splice(at, 1));
      return true;
    }
  }
  return false;
}

/** Without the partitions that somebody else still reads: he gives them up when he sees that they are not his. */
export function withheld(members: readonly AssignmentMember[], assignment: Assignment): Assignment {
  const readers = new Map<string, string[]>();
  for (const { memberId, owned = [] } of members) {
    for (const { topic, partition } of owned) {
      const key = partitionKey(topic, partition);
      readers.set(key, [...(readers.get(key) ?? []), memberId]);
    }
  }
  const isFree = (memberId: string, { topic, partition }: TopicPartition) =>
    (readers.get(partitionKey(topic, partition)) ?? []).every((reader) => reader === memberId);
  return new Map([...assignment].map(([memberId, list]) => [memberId, list.filter((one) => isFree(memberId, one))]));
}

// ---- what members tell beside their subscription, in the layouts of Java's assignors ----

/** [topic, [partition]], generation. */
export function writeOwned(owned: readonly TopicPartition[], generation: number): Buffer {
  const parts: Buffer[] = [];
  const int32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    parts.push(bytes);
  };
  const topics = groupByTopic(owned);
  int32(topics.length);
  for (const [topic, list] of topics) {
    const name = Buffer.from(topic);
    const size = Buffer.alloc(2);
    size.writeInt16BE(name.length);
    parts.push(size, name);
    int32(list.length);
    for (const { partition } of list) int32(partition);
  }
  int32(generation);
  return Buffer.concat(parts);
}

/** Nothing is claimed by what cannot be read: the partitions are free then. */
export function readOwned(bytes: Buffer): { owned?: TopicPartition[]; generation?: number } {
  try {
    let at = 0;
    const int32 = () => {
      at += 4;
      return bytes.readInt32BE(at - 4);
    };
    const owned: TopicPartition[] = [];
    for (let topics = int32(); topics > 0; topics--) {
      const size = bytes.readInt16BE(at);
      const topic = bytes.toString('utf8', at + 2, at + 2 + size);
      at += 2 + size;
      for (let left = int32(); left > 0; left--) owned.push({ topic, partition: int32() });
    }
    return { owned, generation: at + 4 <= bytes.length ? int32() : NO_GENERATION };
  } catch (error) {
    if (error instanceof RangeError) return {};
    throw error;
  }
}

export function writeGeneration(generation: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(generation);
  return bytes;
}

export function readGeneration(bytes: Buffer): { generation?: number } {
  return bytes.length >= 4 ? { generation: bytes.readInt32BE(0) } : {};
}
