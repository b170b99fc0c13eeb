/** An image as the records that make it, in the order in which Kafka writes its snapshots. */
import { METADATA_VERSION } from './features.ts';
import {
  type BrokerRegistration,
  type ControllerRegistration,
  configResourceOf,
  type MetadataImage,
  metadataVersionOf,
  type VersionRange,
} from './image.ts';
import { partitionToRecord } from './partition.ts';
import { type MetadataRecord, metadataRecord, registerBrokerVersion } from './records.ts';

function featureList(features: ReadonlyMap<string, VersionRange>) {
  return [...features].map(([name, range]) => ({
    name,
    minSupportedVersion: range.min,
    maxSupportedVersion: range.max,
  }));
}

export function brokerToRecord(broker: BrokerRegistration, metadataVersion: number): MetadataRecord {
  const version = registerBrokerVersion(metadataVersion);
  return metadataRecord('registerBroker', version, {
    brokerId: broker.id,
    incarnationId: broker.incarnationId,
    brokerEpoch: broker.epoch,
    endPoints: broker.endpoints,
    features: featureList(broker.features),
    rack: broker.rack,
    fenced: broker.fenced,
    inControlledShutdown: broker.inControlledShutdown,
    logDirs: version >= 3 ? broker.logDirs : [],
    cordonedLogDirs: version >= 4 ? broker.cordonedLogDirs : null,
  });
}

export function controllerToRecord(controller: ControllerRegistration): MetadataRecord {
  return metadataRecord('registerController', 0, {
    controllerId: controller.id,
    incarnationId: controller.incarnationId,
    zkMigrationReady: controller.zkMigrationReady,
    endPoints: controller.endpoints,
    features: featureList(controller.features),
  });
}

export function featureRecord(name: string, level: number): MetadataRecord {
  return metadataRecord('featureLevel', 0, { name, featureLevel: level });
}

export function configRecord(type: number, resource: string, name: string, value: string | null): MetadataRecord {
  return metadataRecord('config', 0, { resourceType: type, resourceName: resource, name, value });
}

export function* metadataRecordsOf(image: MetadataImage): IterableIterator<MetadataRecord> {
  const metadataVersion = metadataVersionOf(image);
  const level = image.features.get(METADATA_VERSION);
  if (level !== undefined) yield featureRecord(METADATA_VERSION, level);
  for (const [name, featureLevel] of image.features) {
    if (name !== METADATA_VERSION) yield featureRecord(name, featureLevel);
  }
  for (const broker of image.brokers.values()) yield brokerToRecord(broker, metadataVersion);
  for (const controller of image.controllers.values()) yield controllerToRecord(controller);
  for (const topic of image.topics.values()) {
    yield metadataRecord('topic', 0, { name: topic.name, topicId: topic.id });
    for (const partition of topic.partitions) yield partitionToRecord(topic.id, partition, metadataVersion);
  }
  for (const [key, configs] of image.configs) {
    const resource = configResourceOf(key);
    for (const [name, value] of configs) yield configRecord(resource.type, resource.name, name, value);
  }
  yield* image.clientQuotas.values();
  if (image.nextProducerId >= 0) {
    yield metadataRecord('producerIds', 0, { brokerId: -1, brokerEpoch: -1, nextProducerId: image.nextProducerId });
  }
  yield* image.acls.values();
  yield* image.scram.values();
  yield* image.delegationTokens.values();
}
