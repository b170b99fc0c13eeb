/** UpdateFeatures: all features of a request change together or none does. */
import {
  ELIGIBLE_LEADER_REPLICAS_VERSION,
  KRAFT_VERSION,
  METADATA_VERSION,
  METADATA_VERSIONS,
  MV,
  supportedRange,
} from '../../metadata/features.ts';
import {
  ConfigResourceType,
  configResourceOf,
  configsOf,
  type MetadataImage,
  metadataVersionOf,
  type VersionRange,
} from '../../metadata/image.ts';
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
  for (const broker of context.image.brokers.values()) {
    checkRange(update, `Broker ${broker.id}`, broker.features.get(feature));
  }
  if (metadataVersionOf(context.image) < MV.controllerRegistration) return;
  const { controllers } = context.image;
  for (const controller of controllers.values()) {
    if (controller.id === context.config.nodeId) continue;
    checkRange(update, `Controller ${controller.id}`, controller.features.get(feature));
  }
  for (const id of context.config.quorumNodeIds ?? []) {
    if (id === context.config.nodeId || controllers.has(id)) continue;
    invalid(update, `controller ${id} has not registered, and may not support this feature`);
  }
}

/** Who does not name a feature has it at level 0. */
function checkRange(update: FeatureUpdate, who: string, range: VersionRange = { min: 0, max: 0 }): void {
  if (update.level >= range.min && update.level <= range.max) return;
  invalid(
    update,
    range.max === 0 ? `${who} does not support this feature.` : `${who} ${rangeText(range.min, range.max)}`,
  );
}

function currentLevel(context: OperationContext, feature: string): number {
  if (feature === METADATA_VERSION) return metadataVersionOf(context.image);
  if (feature === KRAFT_VERSION) return context.kraftVersion;
  return context.image.features.get(feature) ?? 0;
}

function checkDirection(update: FeatureUpdate, current: number): void {
  const { level, upgradeType } = update;
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
  const brokers: number[] = [];
  for (const [key, configs] of image.configs) {
    const resource = configResourceOf(key);
    if (resource.type !== type || resource.name === '' || !configs.has(MIN_INSYNC_REPLICAS)) continue;
    brokers.push(Number(resource.name));
  }
  for (const id of brokers.sort((a, b) => a - b)) {
    records.push(configRecord(type, String(id), MIN_INSYNC_REPLICAS, null));
  }
  return records;
}

/** The metadata.version as it would be after the request counts. */
function checkDependencies(update: FeatureUpdate, metadataVersion: number): void {
  if (update.feature !== ELIGIBLE_LEADER_REPLICAS_VERSION || update.level < 1 || metadataVersion >= MV.elr) return;
  const { feature, level } = update;
  invalid(update, `${feature} could not be set to ${level} because it depends on metadata.version level ${MV.elr}`);
}

function updateRecords(context: OperationContext, update: FeatureUpdate, metadataVersion: number): MetadataRecord[] {
  const { feature, level, upgradeType } = update;
  if (upgradeType !== UPGRADE && upgradeType !== SAFE_DOWNGRADE && upgradeType !== UNSAFE_DOWNGRADE) {
    invalid(update, 'The controller does not support the given upgrade type.');
  }
  const current = currentLevel(context, feature);
  if (level < 0) invalid(update, 'A feature version cannot be less than 0.');
  checkSupport(context, update);
  checkDirection(update, current);
  if (feature === METADATA_VERSION) checkMetadataVersion(update, current);
  if (feature === KRAFT_VERSION) {
    if (level < current) invalid(update, "Can't downgrade the version of this feature.");
    return [];
  }
  checkDependencies(update, metadataVersion);
  // Also when it is what it was.
  return [featureRecord(feature, level)];
}

export function updateFeatures(
  context: OperationContext,
  updates: readonly FeatureUpdate[],
  validateOnly: boolean,
): OperationResult<FeatureOutcome> {
  const { image, config } = context;
  const records: MetadataRecord[] = [];
  let kraftVersion: number | null = null;
  const metadataVersion =
    updates.find(({ feature }) => feature === METADATA_VERSION)?.level ?? metadataVersionOf(image);
  for (const update of updates) {
    records.push(...updateRecords(context, update, metadataVersion));
    if (update.feature === KRAFT_VERSION && update.level > context.kraftVersion) kraftVersion = update.level;
  }
  const setsElr = updates.some(({ feature, level }) => feature === ELIGIBLE_LEADER_REPLICAS_VERSION && level > 0);
  if (setsElr) records.unshift(...elrSafetyRecords(image, config.staticMinInsyncReplicas));
  return { records: validateOnly ? [] : records, response: { kraftVersion: validateOnly ? null : kraftVersion } };
}
