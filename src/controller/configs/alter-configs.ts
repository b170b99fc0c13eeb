/** IncrementalAlterConfigs and AlterConfigs: each resource on its own, all that pass in one batch of records. */
import { MV, metadataVersionName } from '../../metadata/features.ts';
import {
  type ConfigMap,
  ConfigResourceType,
  configsOf,
  elrEnabled,
  type MetadataImage,
  metadataVersionOf,
} from '../../metadata/image.ts';
import { type MetadataRecord, metadataRecord } from '../../metadata/records.ts';
import { configRecord } from '../../metadata/snapshot-records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { AlterConfigsRequest } from '../../protocol/messages/alter-configs.ts';
import type { IncrementalAlterConfigsRequest } from '../../protocol/messages/incremental-alter-configs.ts';
import { MIN_INSYNC_REPLICAS } from '../activation.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import { checkTopicName } from '../topics/topic-name.ts';

export interface ConfigResourceResult {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

const CORDONED_LOG_DIRS = 'cordoned.log.dirs';
const MAX_VALUE_LENGTH = 32_767;
const OP = { set: 0, delete: 1, append: 2, subtract: 3 } as const;
const OP_NAMES = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'];

const fail = (code: number, message: string): never => {
  throw new KafkaError(code, message);
};

type AlterableConfig = IncrementalAlterConfigsRequest['resources'][number]['configs'][number];

/** Null deletes. */
function newValue(
  context: OperationContext,
  resource: Resource,
  current: ConfigMap,
  { name, configOperation, value }: AlterableConfig,
): string | null {
  if (configOperation === OP.delete) return null;
  if (value === null) return fail(ErrorCode.INVALID_REQUEST, `Null value not supported for : ${name}`);
  if (configOperation === OP.set) return value;
  if (configOperation !== OP.append && configOperation !== OP.subtract) {
    return fail(ErrorCode.INVALID_REQUEST, `Unknown operation type ${configOperation}`);
  }
  if (!context.configRules.isList(resource.resourceType, name)) {
    const operation = OP_NAMES[configOperation];
    fail(ErrorCode.INVALID_CONFIG, `Can't ${operation} to key ${name} because its type is not LIST.`);
  }
  const text = current.get(name) ?? context.configRules.defaultOf(resource.resourceType, name) ?? '';
  const before = text === '' ? [] : text.split(',').map((part) => part.trim());
  const parts = value.split(',').map((part) => part.trim());
  const after =
    configOperation === OP.append
      ? [...before, ...parts.filter((part) => !before.includes(part))]
      : before.filter((part) => !parts.includes(part));
  return after.join(',');
}

function checkResource({ resourceType, resourceName }: Resource): void {
  switch (resourceType) {
    case ConfigResourceType.TOPIC:
      if (resourceName === '') fail(ErrorCode.INVALID_REQUEST, 'Default topic resources are not allowed.');
      checkTopicName(resourceName);
      return;
    case ConfigResourceType.BROKER:
      if (resourceName !== '' && !/^[+-]?\d+$/.test(resourceName)) {
        fail(ErrorCode.INVALID_REQUEST, 'Unable to parse broker name as a base 10 number.');
      }
      return;
    case ConfigResourceType.CLIENT_METRICS:
      if (resourceName === '') fail(ErrorCode.INVALID_REQUEST, "Subscription name can't be empty");
      return;
    case ConfigResourceType.GROUP:
      if (resourceName === '') fail(ErrorCode.INVALID_REQUEST, 'Default group resources are not allowed.');
      return;
    default:
      fail(ErrorCode.INVALID_REQUEST, `Unknown resource type ${resourceType}`);
  }
}

function checkExists({ image, config }: OperationContext, { resourceType, resourceName }: Resource): void {
  if (resourceType === ConfigResourceType.TOPIC && image.topics.byName(resourceName) === undefined) {
    fail(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${resourceName}' does not exist.`);
  }
  if (resourceType !== ConfigResourceType.BROKER || resourceName === '') return;
  const id = Number(resourceName);
  const isKnown = image.brokers.has(id) || image.controllers.has(id) || (config.quorumNodeIds?.includes(id) ?? false);
  if (!isKnown) {
    fail(ErrorCode.BROKER_ID_NOT_REGISTERED, `No node with id ${resourceName} found.`);
  }
}

function checkContent(context: OperationContext, resource: Resource, overrides: ConfigMap): void {
  const { configRules } = context;
  switch (resource.resourceType) {
    case ConfigResourceType.TOPIC:
      configRules.checkTopic(overrides);
      return;
    case ConfigResourceType.BROKER:
      // Only the broker itself can tell what fits it: it has checked what came by it, and leaves out what did not.
      return;
    case ConfigResourceType.GROUP:
      configRules.checkGroup(overrides);
      return;
    case ConfigResourceType.CLIENT_METRICS:
      configRules.checkClientMetrics(overrides);
      return;
  }
}

/** A minimum that all brokers agree on is what ELR rests upon. */
function checkMinIsr(image: MetadataImage, resource: Resource, change: string | null): void {
  if (!elrEnabled(image)) return;
  if (resource.resourceName !== '') {
    fail(ErrorCode.INVALID_CONFIG, 'Broker-level min.insync.replicas cannot be altered while ELR is enabled.');
  }
  if (change === null) {
    fail(ErrorCode.INVALID_CONFIG, 'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.');
  }
}

const partsOf = (list: string): string[] => list.trim().split(/\s*,\s*/);

/** Only the broker knows its directories: it alone, passing the request on, may name new ones (KIP-1066). */
function checkCordonedDirs(
  context: OperationContext,
  current: string | undefined,
  change: string | null,
  forwarded: boolean,
): void {
  if (metadataVersionOf(context.image) < MV.cordonedDirs) {
    fail(
      ErrorCode.INVALID_CONFIG,
      `The ${CORDONED_LOG_DIRS} configuration value cannot be set because it requires metadata.version >= ` +
        metadataVersionName(MV.cordonedDirs),
    );
  }
  if (forwarded || change === null || change.trim() === '') return;
  const known = current === undefined ? [] : partsOf(current);
  if (partsOf(change).every((directory) => known.includes(directory))) return;
  fail(
    ErrorCode.INVALID_CONFIG,
    `When updating ${CORDONED_LOG_DIRS} via controllers,  the new value must be a subset of the current configuration value.`,
  );
}

function checkBrokerConfigs(
  context: OperationContext,
  resource: Resource,
  changes: ReadonlyMap<string, string | null>,
  forwarded: boolean,
): void {
  if (resource.resourceType !== ConfigResourceType.BROKER) return;
  for (const [name, change] of changes) {
    if (name === MIN_INSYNC_REPLICAS) checkMinIsr(context.image, resource, change);
    if (name !== CORDONED_LOG_DIRS) continue;
    const current = configsOf(context.image, resource.resourceType, resource.resourceName).get(name);
    checkCordonedDirs(context, current, change, forwarded);
  }
}

/** Eligible replicas were counted by the old minimum. The empty name means all topics. They come behind all configs. */
function clearElrRecords(image: MetadataImage, records: readonly MetadataRecord[]): MetadataRecord[] {
  if (!elrEnabled(image)) return [];
  const cleared: MetadataRecord[] = [];
  for (const record of records) {
    if (record.type !== 'config' || record.value.name !== MIN_INSYNC_REPLICAS) continue;
    const { resourceType, resourceName } = record.value;
    const topicName = resourceType === ConfigResourceType.TOPIC ? resourceName : '';
    cleared.push(metadataRecord('clearElr', 0, { topicName }));
  }
  return cleared;
}

/** The metadata log is no place for documents: one that does not fit into a batch would bring the controller down. */
export function checkValueSizes(values: Iterable<string | null>): void {
  for (const value of values) {
    if (value === null || value.length <= MAX_VALUE_LENGTH) continue;
    const message = `The configuration value cannot be added because it exceeds the maximum value size of ${MAX_VALUE_LENGTH} bytes.`;
    fail(ErrorCode.INVALID_CONFIG, message);
  }
}

/** The records of one resource, or the KafkaError that answers it. */
function alterResource(
  context: OperationContext,
  resource: Resource,
  changes: ReadonlyMap<string, string | null>,
  forwarded: boolean,
): MetadataRecord[] {
  const { image } = context;
  const { resourceType, resourceName } = resource;
  const current = configsOf(image, resourceType, resourceName);
  const after = new Map(current);
  const records: MetadataRecord[] = [];
  for (const [name, value] of changes) {
    if (value === null) after.delete(name);
    else after.set(name, value);
    // Brokers re-read files (key stores) when a config is set again to what it was.
    const isNews = (current.get(name) ?? null) !== value || resourceType === ConfigResourceType.BROKER;
    if (isNews) records.push(configRecord(resourceType, resourceName, name, value));
  }
  checkResource(resource);
  checkValueSizes(changes.values());
  checkBrokerConfigs(context, resource, changes, forwarded);
  checkContent(context, resource, after);
  checkExists(context, resource);
  return records;
}

interface AlterRequest<R extends Resource> {
  readonly resources: readonly R[];
  readonly validateOnly: boolean;
}

function alterAll<R extends Resource>(
  context: OperationContext,
  request: AlterRequest<R>,
  forwarded: boolean,
  changesOf: (resource: R) => ReadonlyMap<string, string | null>,
): OperationResult<ConfigResourceResult[]> {
  const records: MetadataRecord[] = [];
  const seen = new Map<string, number>();
  const keyOf = (resource: Resource): string => `${resource.resourceType}:${resource.resourceName}`;
  for (const resource of request.resources) seen.set(keyOf(resource), (seen.get(keyOf(resource)) ?? 0) + 1);
  const response = request.resources.map((resource): ConfigResourceResult => {
    const { resourceType, resourceName } = resource;
    try {
      if ((seen.get(keyOf(resource)) ?? 0) > 1) {
        fail(ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.');
      }
      records.push(...alterResource(context, resource, changesOf(resource), forwarded));
      return { resourceType, resourceName, errorCode: ErrorCode.NONE, errorMessage: null };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { resourceType, resourceName, errorCode: error.code, errorMessage: error.message };
    }
  });
  records.push(...clearElrRecords(context.image, records));
  return { records: request.validateOnly ? [] : records, response };
}

/** `forwarded`: a broker has looked at the request before. */
export function incrementalAlterConfigs(
  context: OperationContext,
  request: IncrementalAlterConfigsRequest,
  forwarded = true,
): OperationResult<ConfigResourceResult[]> {
  return alterAll(context, request, forwarded, (resource) => {
    const current = configsOf(context.image, resource.resourceType, resource.resourceName);
    const changes = new Map<string, string | null>();
    for (const config of resource.configs) {
      if (changes.has(config.name)) {
        fail(ErrorCode.INVALID_REQUEST, 'Error due to duplicate config keys');
      }
      changes.set(config.name, newValue(context, resource, current, config));
    }
    return changes;
  });
}

/** The old way: what the request does not name goes. */
export function alterConfigs(
  context: OperationContext,
  request: AlterConfigsRequest,
  forwarded = true,
): OperationResult<ConfigResourceResult[]> {
  return alterAll(context, request, forwarded, (resource) => {
    const changes = new Map<string, string | null>();
    for (const { name, value } of resource.configs) {
      if (value === null) fail(ErrorCode.INVALID_REQUEST, `Null value not supported for : ${name}`);
      changes.set(name, value);
    }
    for (const name of configsOf(context.image, resource.resourceType, resource.resourceName).keys()) {
      if (!changes.has(name)) changes.set(name, null);
    }
    return changes;
  });
}
