/** Who reads which partition: the assignors that a group's leader runs, by the names that Java's consumers use. */
import type { TopicPartition } from '../offsets.ts';
import { readGeneration, readOwned, sticky, withheld, writeGeneration, writeOwned } from './sticky-assignor.ts';

export interface AssignmentMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topics: readonly string[];
  /** What it says that it reads now, and since which generation. */
  readonly owned?: readonly TopicPartition[];
  readonly generation?: number;
  readonly rack?: string | null;
}

/** By member id. */
export type Assignment = Map<string, TopicPartition[]>;

/** `partitions`: how many each topic has. */
export type Assignor = (members: readonly AssignmentMember[], partitions: ReadonlyMap<string, number>) => Assignment;

export interface GroupAssignor {
  /** Members of one group agree on it by this name. */
  readonly name: string;
  /** Members keep what they read while the group rebalances; partitions change hands in two rounds. */
  readonly isCooperative: boolean;
  readonly assign: Assignor;
  /** Goes to the leader with the subscription. */
  readonly writeUserData?: (owned: readonly TopicPartition[], generation: number) => Buffer;
  /** What the leader learns of it. */
  readonly readUserData?: (userData: Buffer) => Partial<Pick<AssignmentMember, 'owned' | 'generation'>>;
}

function empty(members: readonly AssignmentMember[]): Assignment {
  return new Map(members.map((member) => [member.memberId, []]));
}

/** Members with an instance id first, by it; the others by member id. */
function inOrder(members: readonly AssignmentMember[]): AssignmentMember[] {
  return [...members].sort((a, b) => {
    if ((a.instanceId === null) !== (b.instanceId === null)) return a.instanceId === null ? 1 : -1;
    const [left, right] = [a.instanceId ?? a.memberId, b.instanceId ?? b.memberId];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

function subscribedTopics(members: readonly AssignmentMember[]): string[] {
  return [...new Set(members.flatMap((member) => member.topics))].sort();
}

/** Each topic by itself: neighbouring partitions to the members in order, the first ones get one more. */
export const range: Assignor = (members, partitions) => {
  const assignment = empty(members);
  for (const topic of subscribedTopics(members)) {
    const readers = inOrder(members.filter((member) => member.topics.includes(topic)));
    const count = partitions.get(topic) ?? 0;
    let next = 0;
    readers.forEach((reader, i) => {
      const share = Math.floor(count / readers.length) + (i < count % readers.length ? 1 : 0);
      for (let n = 0; n < share; n++) assignment.get(reader.memberId)?.push({ topic, partition: next++ });
    });
  }
  return assignment;
};

/** All partitions of all topics dealt out one by one. */
export const roundrobin: Assignor = (members, partitions) => {
  const assignment = empty(members);
  const order = inOrder(members);
  let turn = 0;
  for (const topic of subscribedTopics(members)) {
    for (let partition = 0; partition < (partitions.get(topic) ?? 0); partition++) {
      while (!(order[turn % order.length] as AssignmentMember).topics.includes(topic)) turn++;
      assignment.get((order[turn % order.length] as AssignmentMember).memberId)?.push({ topic, partition });
      turn++;
    }
  }
  return assignment;
};

/** Balanced, and as much as possible with those who had it; what changes hands is given in the round after. */
export const cooperativeSticky: Assignor = (members, partitions) => withheld(members, sticky(members, partitions));

export const ASSIGNORS: ReadonlyMap<string, GroupAssignor> = new Map(
  [
    { name: 'range', isCooperative: false, assign: range },
    { name: 'roundrobin', isCooperative: false, assign: roundrobin },
    { name: 'sticky', isCooperative: false, assign: sticky, writeUserData: writeOwned, readUserData: readOwned },
    {
      name: 'cooperative-sticky',
      isCooperative: true,
      assign: cooperativeSticky,
      writeUserData: (_: readonly TopicPartition[], generation: number) => writeGeneration(generation),
      readUserData: readGeneration,
    },
  ].map((assignor) => [assignor.name, assignor]),
);
