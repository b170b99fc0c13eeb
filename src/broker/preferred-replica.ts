/**
 * Which replica a consumer should read from (KIP-392), by Kafka's RackAwareReplicaSelector: the leader when it stands in
 * the consumer's rack, else the member of the ISR in that rack that has come furthest, else the leader.
 */
import type { MetadataImage } from '../metadata/image.ts';
import { endpointOf } from './cluster-nodes.ts';
import type { Partition } from './partition.ts';
import type { RemoteReplica } from './remote-replica.ts';

const RACK_AWARE = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';

/** Whether `replica.selector.class` names the selector that we have; Kafka's other one always says the leader. */
export function selectsByRack(selectorClass: string | null): boolean {
  return selectorClass === RACK_AWARE;
}

export interface ConsumerPlace {
  readonly rack: string;
  readonly listenerName: string;
}

/** The broker id of a follower, or -1: the leader. Only a leader sends consumers elsewhere. */
export function preferredReplica(
  image: MetadataImage,
  place: ConsumerPlace,
  partition: Partition,
  fetchOffset: number,
): number {
  if (!partition.isLeader || image.brokers.get(partition.leader)?.rack === place.rack) return -1;
  let best: RemoteReplica | null = null;
  for (const follower of partition.followers) {
    const broker = image.brokers.get(follower.brokerId);
    if (!broker || broker.fenced || broker.rack !== place.rack || !endpointOf(broker, place.listenerName)) continue;
    if (!partition.isr.includes(follower.brokerId)) continue;
    if (follower.logEndOffset < fetchOffset || follower.logStartOffset > fetchOffset) continue;
    if (best === null || isAhead(follower, best)) best = follower;
  }
  return best?.brokerId ?? -1;
}

function isAhead(one: RemoteReplica, other: RemoteReplica): boolean {
  if (one.logEndOffset !== other.logEndOffset) return one.logEndOffset > other.logEndOffset;
  if (one.lastCaughtUpMs !== other.lastCaughtUpMs) return one.lastCaughtUpMs > other.lastCaughtUpMs;
  return one.brokerId > other.brokerId;
}
