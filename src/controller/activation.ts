/**
 * What a controller writes when it becomes active: on an empty log the bootstrap metadata, within a transaction, and the
 * end of a transaction that a former controller left open.
 */
import { ELIGIBLE_LEADER_REPLICAS_VERSION, METADATA_VERSION, MV } from '../metadata/features.ts';
import { ConfigResourceType, type MetadataImage } from '../metadata/image.ts';
import { type MetadataRecord, metadataRecord } from '../metadata/records.ts';
import { configRecord } from '../metadata/snapshot-records.ts';
import type { BootstrapMetadata } from './controller-config.ts';

export const MIN_INSYNC_REPLICAS = 'min.insync.replicas';

export interface Activation {
  readonly records: readonly MetadataRecord[];
  /** For the log. */
  readonly reason: string;
}

function levelIn(records: readonly MetadataRecord[], feature: string): number {
  for (const record of records) {
    if (record.type === 'featureLevel' && record.value.name === feature) return record.value.featureLevel;
  }
  return 0;
}

/** ELR counts against the minimum ISR, so a cluster that has it must have a minimum that all brokers agree on. */
function bootstrapContent(bootstrap: BootstrapMetadata, minInsyncReplicas: number): MetadataRecord[] {
  const records = [...bootstrap.records];
  if (levelIn(records, ELIGIBLE_LEADER_REPLICAS_VERSION) >= 1) {
    records.push(configRecord(ConfigResourceType.BROKER, '', MIN_INSYNC_REPLICAS, String(minInsyncReplicas)));
  }
  return records;
}

function bootstrapRecords(bootstrap: BootstrapMetadata, minInsyncReplicas: number): MetadataRecord[] {
  const content = bootstrapContent(bootstrap, minInsyncReplicas);
  if (levelIn(content, METADATA_VERSION) < MV.transactions) return content;
  return [
    metadataRecord('beginTransaction', 0, { name: 'Bootstrap records' }),
    ...content,
    metadataRecord('endTransaction', 0, {}),
  ];
}

/** `image` is the committed one, in which an open transaction has left no trace. */
export function activationRecords(
  image: MetadataImage,
  openTransaction: boolean,
  bootstrap: BootstrapMetadata,
  minInsyncReplicas: number,
): Activation {
  const abort = openTransaction ? [metadataRecord('abortTransaction', 0, { reason: 'Controller failover' })] : [];
  const empty = image.features.size === 0 && image.topics.size === 0 && image.brokers.size === 0;
  if (!empty) {
    return {
      records: abort,
      reason: openTransaction
        ? 'Aborting the partially written transaction of a former controller.'
        : `Loaded metadata.version ${image.features.get(METADATA_VERSION) ?? MV.unset}.`,
    };
  }
  const records = bootstrapRecords(bootstrap, minInsyncReplicas);
  return {
    records: [...abort, ...records],
    reason: `The metadata log appears to be empty. Appending ${records.length} bootstrap record(s) from ${bootstrap.source}.`,
  };
}
