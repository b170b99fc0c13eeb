/** Who reads which partition: the assignors that a group's leader runs, by the names that Java's consumers use. */
import type { TopicPartition } from '../offsets.ts';

export interface AssignmentMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topics: readonly string[];
}

/** By member id. */
export type Assignment = Map<string, TopicPartition[]>;

export type Assignor = (members: readonly AssignmentMember[], partitions: ReadonlyMap<string, number>) => Assignment;

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

export const ASSIGNORS: ReadonlyMap<string, Assignor> = new Map([
  ['range', range],
  ['roundrobin', roundrobin],
]);
