/**
 * Names under `log.dirs`, as Kafka 4.3.1 makes and reads them: files of a segment by its base offset, directories of a
 * partition by topic and number, with the suffixes of deleted, stray and moving ones.
 */
export const LOG_SUFFIX = '.log';
export const INDEX_SUFFIX = '.index';
export const TIME_INDEX_SUFFIX = '.timeindex';
export const TXN_INDEX_SUFFIX = '.txnindex';
export const SNAPSHOT_SUFFIX = '.snapshot';
export const DELETED_SUFFIX = '.deleted';
export const CLEANED_SUFFIX = '.cleaned';
export const SWAP_SUFFIX = '.swap';

export const LEADER_EPOCH_CHECKPOINT = 'leader-epoch-checkpoint';
export const PARTITION_METADATA = 'partition.metadata';
export const RECOVERY_POINT_CHECKPOINT = 'recovery-point-offset-checkpoint';
export const LOG_START_OFFSET_CHECKPOINT = 'log-start-offset-checkpoint';
export const HIGH_WATERMARK_CHECKPOINT = 'replication-offset-checkpoint';
export const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown';
export const META_PROPERTIES = 'meta.properties';
export const LOCK_FILE = '.lock';
export const METADATA_TOPIC_DIRECTORY = '__cluster_metadata-0';
export const REMOTE_INDEX_CACHE_DIRECTORY = 'remote-log-index-cache';

/** Kafka's limit for names of directories, in characters. */
const MAX_NAME_LENGTH = 255;

export function offsetName(baseOffset: number): string {
  return String(baseOffset).padStart(20, '0');
}

/** The offset of `00000000000000000123.log` and its like, or -1 when the name has another form. */
export function offsetOfName(name: string, suffix: string): number {
  if (name.length !== 20 + suffix.length || !name.endsWith(suffix)) return -1;
  const digits = name.slice(0, 20);
  if (!/^\d{20}$/.test(digits)) return -1;
  const offset = Number(digits);
  return Number.isSafeInteger(offset) ? offset : -1;
}

export interface PartitionDirectoryName {
  readonly topic: string;
  readonly partition: number;
  readonly kind: 'live' | 'delete' | 'future' | 'stray';
}

const MARKED = /^(.+)\.([0-9a-f]{32})-(delete|future|stray)$/;
const LIVE = /^(.+)-(\d{1,10})$/;

/** Null when the name is none that Kafka gives to a partition. */
export function parsePartitionDirectory(name: string): PartitionDirectoryName | null {
  const marked = MARKED.exec(name);
  const live = LIVE.exec(marked?.[1] ?? name);
  if (live === null) return null;
  const partition = Number(live[2]);
  if (partition > 0x7fffffff) return null;
  return {
    topic: live[1] as string,
    partition,
    kind: marked === null ? 'live' : (marked[3] as 'delete' | 'future' | 'stray'),
  };
}

export function partitionDirectory(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** `topic-0.<32 hex>-delete`, the topic cut so that the name stays within what file systems allow. */
export function markedPartitionDirectory(
  topic: string,
  partition: number,
  kind: 'delete' | 'future' | 'stray',
  uniqueHex: string,
): string {
  const suffix = `-${partition}.${uniqueHex}-${kind}`;
  return topic.slice(0, Math.max(1, MAX_NAME_LENGTH - suffix.length)) + suffix;
}
