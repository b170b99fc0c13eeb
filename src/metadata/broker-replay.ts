/** Replay of the records that register, fence and remove brokers, and that register controllers. */
import type { RegisterBrokerRecord, RegisterControllerRecord } from '../protocol/records/metadata.ts';
import { brokenLog } from './broken-log.ts';
import type { MetadataDelta } from './delta.ts';
import type { BrokerRegistration, VersionRange } from './image.ts';
import type { MetadataRecord } from './records.ts';

export type BrokerRecordUnion = Extract<
  MetadataRecord,
  { type: 'registerBroker' | 'unregisterBroker' | 'fenceBroker' | 'unfenceBroker' | 'brokerRegistrationChange' }
>;

export function replayBrokerRecord(delta: MetadataDelta, record: BrokerRecordUnion): void {
  switch (record.type) {
    case 'registerBroker':
      delta.brokers.set(record.value.brokerId, registrationFromRecord(record.value, delta.recordOffset));
      return;
    case 'unregisterBroker':
      existing(delta, record.value.brokerId, record.value.brokerEpoch);
      delta.brokers.set(record.value.brokerId, null);
      return;
    case 'fenceBroker':
      change(delta, record.value.id, record.value.epoch, { fenced: true });
      return;
    case 'unfenceBroker':
      change(delta, record.value.id, record.value.epoch, { fenced: false });
      return;
    case 'brokerRegistrationChange': {
      const value = record.value;
      change(delta, value.brokerId, value.brokerEpoch, {
        // +1 fences, -1 unfences: 0 leaves it.
        ...(value.fenced === 0 ? {} : { fenced: value.fenced === 1 }),
        ...(value.inControlledShutdown === 0 ? {} : { inControlledShutdown: true }),
        ...(value.logDirs.length === 0 ? {} : { logDirs: value.logDirs }),
        ...(value.cordonedLogDirs === null ? {} : { cordonedLogDirs: value.cordonedLogDirs }),
      });
    }
  }
}

function existing(delta: MetadataDelta, id: number, epoch: number): BrokerRegistration {
  const broker = delta.broker(id);
  if (broker === undefined) throw brokenLog(`a change of broker ${id}, which is not registered`);
  if (broker.epoch !== epoch) throw brokenLog(`a change of broker ${id} in epoch ${epoch} instead of ${broker.epoch}`);
  return broker;
}

function change(delta: MetadataDelta, id: number, epoch: number, changes: Partial<BrokerRegistration>): void {
  delta.brokers.set(id, { ...existing(delta, id, epoch), ...changes });
}

type Features = readonly { name: string; minSupportedVersion: number; maxSupportedVersion: number }[];

function featureRanges(features: Features): Map<string, VersionRange> {
  return new Map(features.map((f) => [f.name, { min: f.minSupportedVersion, max: f.maxSupportedVersion }]));
}

function registrationFromRecord(record: RegisterBrokerRecord, offset: number): BrokerRegistration {
  return {
    id: record.brokerId,
    epoch: record.brokerEpoch,
    incarnationId: record.incarnationId,
    endpoints: record.endPoints,
    features: featureRanges(record.features),
    rack: record.rack,
    fenced: record.fenced,
    inControlledShutdown: record.inControlledShutdown,
    logDirs: record.logDirs,
    cordonedLogDirs: record.cordonedLogDirs,
    registrationOffset: offset,
  };
}

export function replayControllerRecord(
  delta: MetadataDelta,
  record: { readonly value: RegisterControllerRecord },
): void {
  const value = record.value;
  delta.controllers.set(value.controllerId, {
    id: value.controllerId,
    incarnationId: value.incarnationId,
    zkMigrationReady: value.zkMigrationReady,
    endpoints: value.endPoints,
    features: featureRanges(value.features),
  });
}
