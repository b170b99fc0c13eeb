/** Which directory of a broker a replica is in, as far as the controller can know. */
import { MIGRATING_DIR, UNASSIGNED_DIR, type Uuid } from '../../base/uuid.ts';
import { MV } from '../../metadata/features.ts';
import { type MetadataImage, metadataVersionOf } from '../../metadata/image.ts';

/** With one directory the answer is known; with several the broker chooses and tells (AssignReplicasToDirs). */
export function defaultDirectory(image: MetadataImage, brokerId: number): Uuid {
  if (metadataVersionOf(image) < MV.directoryAssignment) return MIGRATING_DIR;
  const dirs = image.brokers.get(brokerId)?.logDirs ?? [];
  if (dirs.length === 0) return MIGRATING_DIR;
  return dirs.length === 1 ? (dirs[0] as Uuid) : UNASSIGNED_DIR;
}
