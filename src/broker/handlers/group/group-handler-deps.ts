/** What the handlers of the group APIs need. */
import type { Logger } from '../../../base/logger.ts';
import type { GroupCoordinator } from '../../../coordinator/group-coordinator.ts';
import { javaAddress } from '../../../coordinator/partition-for.ts';
import type { Requester } from '../../../coordinator/shard-context.ts';
import type { MetadataImage } from '../../../metadata/image.ts';
import type { RequestContext } from '../../../network/handler.ts';

export interface GroupHandlerDeps {
  readonly coordinator: GroupCoordinator;
  /** The committed metadata as of now. */
  readonly image: () => MetadataImage;
  /** Starts the creation of `__consumer_offsets`; nobody waits for it, clients come again. */
  readonly createOffsetsTopic: () => void;
  readonly logger: Logger;
}

export function requesterOf(context: RequestContext): Requester {
  return {
    apiVersion: context.apiVersion,
    clientId: context.clientId ?? '',
    clientHost: javaAddress(context.clientAddress),
  };
}

/** Whether the partition is in the metadata. */
export function partitionExists(image: MetadataImage, topic: string, partition: number): boolean {
  return image.topics.byName(topic)?.partitions[partition] !== undefined;
}
