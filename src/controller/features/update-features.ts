/** UpdateFeatures: all features of a request change together or none does. */
import {
  ELIGIBLE_LEADER_REPLICAS_VERSION,
  KRAFT_VERSION,
  METADATA_VERSION,
  METADATA_VERSIONS,
  supportedRange,
} from '../../metadata/features.ts';
import { ConfigResourceType, configsOf, type MetadataImage, metadataVersionOf } from '../../metadata/image.ts';
import type { MetadataRecord } from '../../metadata/records.ts';
import { configRecord, featureRecord } from '../../metadata/snapshot-records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { UpdateFeaturesRequest } from '../../protocol/messages/update-features.ts';
import { MIN_INSYNC_REPLICAS } from '../activation.ts';
import type { OperationContext, OperationResult } from '../operation.ts';

const UPGRADE = 1;
const SAFE_DOWNGRADE = 2;
const UNSAFE_DOWNGRADE = 3;

export interface FeatureUpdate {
  readonly feature: string;
  readonly level: number;
  readonly upgradeType: number;
}

/** kraft.version is raft's: it is not written as a metadata record. */
export interface FeatureOutcome {
  readonly kraftVersion: number | null;
}

/** Version 0 of the request has only a flag. */
export function featureUpdates(request: UpdateFeaturesRequest, apiVersion: number): FeatureUpdate[] {
  return request.featureUpdates.map((update) => ({
    feature: update.feature,
    level: update.maxVersionLevel,
    upgradeType: apiVersion > 0 ? update.upgradeType : update.allowDowngrade ? SAFE_DOWNGRADE : UPGRADE,
  }));
}

function refuse(message: string): never {
  throw new KafkaError(ErrorCode.INVALID_UPDATE_VERSION, message);
}

function invalid(update: FeatureUpdate, why: string): never {
  return refuse(`Invalid update version ${update.level} for feature ${update.feature}. ${why}`);
}

function rangeText(min: number, max: number): string {
  return `only supports versions ${min}-${max}`;
}

/** Every node of the cluster must be able to follow. */
function checkSupport(context: OperationContext, update: FeatureUpdate): void {
  const { feature, level } = update;
  const mine = supportedRange(feature);
  const localName = `Local controller ${context.config.nodeId}`;
  if (mine === undefined) {
    invalid(update, `${localName} does not support this feature.`);
  } else if (level < mine.min || level > mine.max) {
    invalid(update, `${localName} ${rangeText(mine.min, mine.max)}`);
  }
  const nodes = [
    ...[...context.image.controllers.values()].map((node) => ({ name: `Controller ${node.id}`, node })),
    ...[...context.image.brokers.values()].map((node) => ({ name: `Broker ${node.id}`, node })),
  ];
  for (const { name, node } of nodes) {
    const range = node.features.get(feature);
    if (range === undefined) {
      if (level > 0) invalid(update, `${name} does not support this feature.`);
    } else if (level !== 0 && (level < range.min || level > range.max)) {
      invalid(update, `${name} ${rangeText(range.min, range.max)}`);
    }
  }
}

function currentLevel(context: OperationContext, feature: string): number {
  if (feature === METADATA_VERSION) return metadataVersionOf(context.image);
  if (feature === KRAFT_VERSION) return context.kraftVersion;
  return context.image.features.get(feature) ?? 0;
}

function checkDirection(update: FeatureUpdate, current: number): void {
  const { level, upgradeType } = update;
  if (upgradeType !== UPGRADE && upgradeType !== SAFE_DOWNGRADE && upgradeType !== UNSAFE_DOWNGRADE) {
    invalid(update, 'The controller does not support the given upgrade type.');
  }
  if (level < current && upgradeType === UPGRADE) {
    invalid(
      update,
      "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    );
  }
  if (level > current && upgradeType !== UPGRADE) invalid(update, "Can't downgrade to a newer version.");
}

/** Levels that changed what records hold: going back over one of them would lose metadata. */
const CHANGING_LEVELS = [8, 11, 13, 14, 15, 17, 23, 30];

function checkMetadataVersion(update: FeatureUpdate, current: number): void {
  if (!METADATA_VERSIONS.some((version) => version.level === update.level)) {
    refuse(`Invalid metadata.version ${update.level}.`);
  }
  if (update.level >= current) return;
  const changes = CHANGING_LEVELS.some((level) => level > update.level && level <= current);
  if (!changes) return;
  const what = `Unsupported metadata.version downgrade from ${current} to ${update.level}.`;
  if (update.upgradeType === UNSAFE_DOWNGRADE) {
    refuse(`${what} Unsafe metadata downgrade is not supported in this version.`);
  }
  refuse(`${what} Refusing to perform the requested downgrade because it might delete metadata information.`);
}

/** With ELR there must be one minimum for the whole cluster, and none of single brokers. */
function elrSafetyRecords(image: MetadataImage, staticMinIsr: number): MetadataRecord[] {
  const type = ConfigResourceType.BROKER;
  const records: MetadataRecord[] = [];
  if (!configsOf(image, type, '').has(MIN_INSYNC_REPLICAS)) {
    records.push(configRecord(type, '', MIN_INSYNC_REPLICAS, String(staticMinIsr)));
  }
  for (const id of image.brokers.keys()) {
    if (!configsOf(image, type, String(id)).has(MIN_INSYNC_REPLICAS)) continue;
    records.push(configRecord(type, String(id), MIN_INSYNC_REPLICAS, null));
  }
  return records;
}

function updateRecords(context: OperationContext, update: FeatureUpdate): MetadataRecord[] {
  const { feature, level } = update;
  const current = currentLevel(context, feature);
  if (level < 0) invalid(update, 'A feature version cannot be less than 0.');
  checkSupport(context, update);
  checkDirection(update, current);
  if (feature === METADATA_VERSION) checkMetadataVersion(update, current);
  if (feature === KRAFT_VERSION && level < current) {
    refuse(`Invalid update version ${level} for feature ${feature}. Can't downgrade the version of this feature.`);
  }
  if (level === current || feature === KRAFT_VERSION) return [];
  const safety =
    feature === ELIGIBLE_LEADER_REPLICAS_VERSION && level >= 1
      ? elrSafetyRecords(context.image, context.config.staticMinInsyncReplicas)
      : [];
  return [featureRecord(feature, level), ...safety];
}

export function updateFeatures(
  context: OperationContext,
  updates: readonly FeatureUpdate[],
  validateOnly: boolean,
): OperationResult<FeatureOutcome> {
  const records: MetadataRecord[] = [];
  let kraftVersion: number | null = null;
  for (const update of updates) {
    records.push(...updateRecords(context, update));
    if (update.feature === KRAFT_VERSION && update.level > context.kraftVersion) kraftVersion = update.level;
  }
  return { records: validateOnly ? [] : records, response: { kraftVersion: validateOnly ? null : kraftVersion } };
}
