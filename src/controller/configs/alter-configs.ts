/** IncrementalAlterConfigs and AlterConfigs: each resource on its own, all that pass in one batch of records. */
import { type ConfigMap, ConfigResourceType, configsOf, elrEnabled, type MetadataImage } from '../../metadata/image.ts';
import { type MetadataRecord, metadataRecord } from '../../metadata/records.ts';
import { configRecord } from '../../metadata/snapshot-records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { AlterConfigsRequest } from '../../protocol/messages/alter-configs.ts';
import type { IncrementalAlterConfigsRequest } from '../../protocol/messages/incremental-alter-configs.ts';
import { MIN_INSYNC_REPLICAS } from '../activation.ts';
import { hashMapOrder } from '../hash-order.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import {
  checkBrokerConfigs,
  checkContent,
  checkExists,
  checkResource,
  checkValueSizes,
  fail,
  type Resource,
} from './resource-checks.ts';

export interface ConfigResourceResult {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

const OP = { set: 0, delete: 1, append: 2, subtract: 3 } as const;
const OP_NAMES = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'];

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
    const asked = new Map(resource.configs.map((config) => [config.name, config]));
    if (asked.size < resource.configs.length) fail(ErrorCode.INVALID_REQUEST, 'Error due to duplicate config keys');
    const changes = new Map<string, string | null>();
    for (const [name, config] of hashMapOrder(asked)) {
      changes.set(name, newValue(context, resource, current, config));
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
    const asked = new Map<string, string | null>();
    for (const { name, value } of resource.configs) {
      if (value === null) fail(ErrorCode.INVALID_REQUEST, `Null value not supported for : ${name}`);
      asked.set(name, value);
    }
    const changes = hashMapOrder(asked);
    for (const name of configsOf(context.image, resource.resourceType, resource.resourceName).keys()) {
      if (!changes.has(name)) changes.set(name, null);
    }
    return changes;
  });
}
