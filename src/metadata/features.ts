/**
 * The features of a cluster: their names, the levels this software supports, and the levels that a release finalises.
 * The numbers are Apache Kafka 4.3.1's. The level of `kraft.version` lives in raft's control records, not in the image.
 */
export const METADATA_VERSION = 'metadata.version';
export const KRAFT_VERSION = 'kraft.version';
export const TRANSACTION_VERSION = 'transaction.version';
export const GROUP_VERSION = 'group.version';
export const ELIGIBLE_LEADER_REPLICAS_VERSION = 'eligible.leader.replicas.version';
export const SHARE_VERSION = 'share.version';
export const STREAMS_VERSION = 'streams.version';

export interface FeatureRange {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

/** What every node of ours registers with and advertises. */
export const SUPPORTED_FEATURES: readonly FeatureRange[] = [
  { name: ELIGIBLE_LEADER_REPLICAS_VERSION, min: 0, max: 1 },
  { name: GROUP_VERSION, min: 0, max: 1 },
  { name: KRAFT_VERSION, min: 0, max: 1 },
  { name: METADATA_VERSION, min: 7, max: 30 },
  { name: SHARE_VERSION, min: 0, max: 1 },
  { name: STREAMS_VERSION, min: 0, max: 1 },
  { name: TRANSACTION_VERSION, min: 0, max: 2 },
];

const RANGES = new Map(SUPPORTED_FEATURES.map((range) => [range.name, range]));

export function supportedRange(name: string): FeatureRange | undefined {
  return RANGES.get(name);
}

/** Levels of metadata.version at which something that we write changes. */
export const MV = {
  minimum: 7,
  noEpochBumpOnShrink: 12,
  transactions: 13,
  controllerRegistration: 15,
  directoryAssignment: 17,
  elr: 23,
  cordonedDirs: 30,
  latest: 30,
  /** What a cluster without any FeatureLevel record is taken for. */
  unset: 7,
} as const;

/** Level and name of each metadata.version, oldest first; 31 is known and not stable. */
export const METADATA_VERSIONS: readonly { readonly level: number; readonly release: string; readonly name: string }[] =
  [
    { level: 7, release: '3.3', name: '3.3-IV3' },
    { level: 8, release: '3.4', name: '3.4-IV0' },
    { level: 9, release: '3.5', name: '3.5-IV0' },
    { level: 10, release: '3.5', name: '3.5-IV1' },
    { level: 11, release: '3.5', name: '3.5-IV2' },
    { level: 12, release: '3.6', name: '3.6-IV0' },
    { level: 13, release: '3.6', name: '3.6-IV1' },
    { level: 14, release: '3.6', name: '3.6-IV2' },
    { level: 15, release: '3.7', name: '3.7-IV0' },
    { level: 16, release: '3.7', name: '3.7-IV1' },
    { level: 17, release: '3.7', name: '3.7-IV2' },
    { level: 18, release: '3.7', name: '3.7-IV3' },
    { level: 19, release: '3.7', name: '3.7-IV4' },
    { level: 20, release: '3.8', name: '3.8-IV0' },
    { level: 21, release: '3.9', name: '3.9-IV0' },
    { level: 22, release: '4.0', name: '4.0-IV0' },
    { level: 23, release: '4.0', name: '4.0-IV1' },
    { level: 24, release: '4.0', name: '4.0-IV2' },
    { level: 25, release: '4.0', name: '4.0-IV3' },
    { level: 26, release: '4.1', name: '4.1-IV0' },
    { level: 27, release: '4.1', name: '4.1-IV1' },
    { level: 28, release: '4.2', name: '4.2-IV0' },
    { level: 29, release: '4.2', name: '4.2-IV1' },
    { level: 30, release: '4.3', name: '4.3-IV0' },
    { level: 31, release: '4.4', name: '4.4-IV0' },
  ];

/** `4.3-IV0` of 30; the number itself where there is no name. */
export function metadataVersionName(level: number): string {
  return METADATA_VERSIONS.find((version) => version.level === level)?.name ?? String(level);
}

/** The metadata.version from which a new cluster gets a feature level by default. */
const DEFAULT_LEVELS: readonly { readonly name: string; readonly level: number; readonly since: number }[] = [
  { name: ELIGIBLE_LEADER_REPLICAS_VERSION, level: 1, since: 26 },
  { name: GROUP_VERSION, level: 1, since: 22 },
  { name: SHARE_VERSION, level: 1, since: 28 },
  { name: STREAMS_VERSION, level: 1, since: 29 },
  { name: TRANSACTION_VERSION, level: 2, since: 24 },
];

/** The level that a new cluster of that metadata.version finalises; 0 for features that it does not switch on. */
export function defaultFeatureLevel(name: string, metadataVersion: number): number {
  if (name === KRAFT_VERSION) return metadataVersion >= 21 ? 1 : 0;
  const row = DEFAULT_LEVELS.find((candidate) => candidate.name === name);
  return row !== undefined && metadataVersion >= row.since ? row.level : 0;
}
