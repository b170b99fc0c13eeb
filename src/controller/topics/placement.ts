/**
 * Where new replicas go: see base/placement.ts. Brokers on their way out, and those all of whose directories are
 * cordoned, get nothing.
 */
import { type PlacementSpec, placementRefusal, placeOnBrokers, type UsableBroker } from '../../base/placement.ts';
import type { MetadataImage } from '../../metadata/image.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Random } from '../../runtime/runtime.ts';

function usableBrokers(image: MetadataImage): UsableBroker[] {
  const usable: UsableBroker[] = [];
  for (const { id, rack, fenced, inControlledShutdown, logDirs, cordonedLogDirs } of image.brokers.values()) {
    const cordoned = cordonedLogDirs ?? [];
    if (logDirs.length > 0 && logDirs.every((directory) => cordoned.includes(directory))) continue;
    if (inControlledShutdown && !fenced) continue;
    usable.push({ id, rack, fenced });
  }
  return usable;
}

/** The replicas of each new partition, the preferred leader first. */
export function placeReplicas(image: MetadataImage, random: Random, spec: PlacementSpec): number[][] {
  const brokers = usableBrokers(image);
  const refusal = placementRefusal(brokers, spec.replicationFactor);
  if (refusal !== undefined) throw new KafkaError(ErrorCode.INVALID_REPLICATION_FACTOR, refusal);
  return placeOnBrokers(brokers, random, spec);
}
