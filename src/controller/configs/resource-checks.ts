/** What a config resource may be called, whether it is there, and what its configs may say. Throws what is answered. */
import { MV, metadataVersionName } from '../../metadata/features.ts';
import {
  type ConfigMap,
  ConfigResourceType,
  configsOf,
  elrEnabled,
  type MetadataImage,
  metadataVersionOf,
} from '../../metadata/image.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { MIN_INSYNC_REPLICAS } from '../activation.ts';
import type { OperationContext } from '../operation.ts';
import { checkTopicName } from '../topics/topic-name.ts';

export interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

const CORDONED_LOG_DIRS = 'cordoned.log.dirs';
const MAX_VALUE_LENGTH = 32_767;

export function fail(code: number, message: string): never {
  throw new KafkaError(code, message);
}

export function checkResource({ resourceType, resourceName }: Resource): void {
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

export function checkExists({ image, config }: OperationContext, { resourceType, resourceName }: Resource): void {
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

export function checkContent(context: OperationContext, resource: Resource, overrides: ConfigMap): void {
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

export function checkBrokerConfigs(
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

/** The metadata log is no place for documents: one that does not fit into a batch would bring the controller down. */
export function checkValueSizes(values: Iterable<string | null>): void {
  for (const value of values) {
    if (value === null || value.length <= MAX_VALUE_LENGTH) continue;
    const message = `The configuration value cannot be added because it exceeds the maximum value size of ${MAX_VALUE_LENGTH} bytes.`;
    fail(ErrorCode.INVALID_CONFIG, message);
  }
}
