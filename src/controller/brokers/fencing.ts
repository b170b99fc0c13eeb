/** What is written when a broker is fenced, unfenced, shut down, or found to have lost its memory. */
import type { MetadataImage } from '../../metadata/image.ts';
import { type MetadataRecord, metadataRecord } from '../../metadata/records.ts';
import type { ControllerConfig } from '../controller-config.ts';
import {
  leaderAndIsrChanges,
  partitionsWithBrokerInElr,
  partitionsWithBrokerInIsr,
  partitionsWithNoLeader,
} from '../partitions/leadership.ts';

/** The lowest version that can carry the fields: 0 fencing, 1 controlled shutdown, 2 directories, 3 cordoned ones. */
const VERSION = { fenced: 0, inControlledShutdown: 1, logDirs: 2, cordonedLogDirs: 3 } as const;

interface BrokerIdentity {
  readonly id: number;
  readonly epoch: number;
}

const FENCE = 1;
const UNFENCE = -1;

function registrationChange(broker: BrokerIdentity, version: number, fields: object): MetadataRecord {
  return metadataRecord('brokerRegistrationChange', version, {
    brokerId: broker.id,
    brokerEpoch: broker.epoch,
    ...fields,
  });
}

export function fenceRecords(image: MetadataImage, config: ControllerConfig, broker: BrokerIdentity): MetadataRecord[] {
  const partitions = partitionsWithBrokerInIsr(image, broker.id);
  return [
    ...leaderAndIsrChanges(image, config, { brokerToRemove: broker.id }, partitions),
    registrationChange(broker, VERSION.fenced, { fenced: FENCE }),
  ];
}

/** Leaderless partitions may get it as their leader in the same batch. */
export function unfenceRecords(
  image: MetadataImage,
  config: ControllerConfig,
  broker: BrokerIdentity,
): MetadataRecord[] {
  return [
    registrationChange(broker, VERSION.fenced, { fenced: UNFENCE }),
    ...leaderAndIsrChanges(image, config, { brokerToAdd: broker.id }, partitionsWithNoLeader(image)),
  ];
}

export function controlledShutdownRecords(
  image: MetadataImage,
  config: ControllerConfig,
  broker: BrokerIdentity & { readonly inControlledShutdown: boolean },
): MetadataRecord[] {
  const partitions = partitionsWithBrokerInIsr(image, broker.id);
  return [
    ...(broker.inControlledShutdown
      ? []
      : [registrationChange(broker, VERSION.inControlledShutdown, { inControlledShutdown: 1 })]),
    ...leaderAndIsrChanges(image, config, { brokerToRemove: broker.id }, partitions),
  ];
}

/** The broker went and comes back with all that it had. */
export function cleanShutdownRecords(image: MetadataImage, config: ControllerConfig, id: number): MetadataRecord[] {
  return leaderAndIsrChanges(image, config, { brokerToRemove: id }, partitionsWithBrokerInIsr(image, id));
}

/** The broker cannot vouch for records that were only in its memory: it leaves every ISR and every ELR. */
export function uncleanShutdownRecords(image: MetadataImage, config: ControllerConfig, id: number): MetadataRecord[] {
  const change = { brokerWithUncleanShutdown: id };
  return [
    ...leaderAndIsrChanges(image, config, change, partitionsWithBrokerInIsr(image, id)),
    ...leaderAndIsrChanges(image, config, change, partitionsWithBrokerInElr(image, id)),
  ];
}

/** It stays a replica of its partitions, and in their ELRs: only when it registers anew is it known to have lost them. */
export function unregisterRecords(
  image: MetadataImage,
  config: ControllerConfig,
  broker: BrokerIdentity,
): MetadataRecord[] {
  const change = { brokerToRemove: broker.id };
  return [
    ...leaderAndIsrChanges(image, config, change, partitionsWithBrokerInIsr(image, broker.id)),
    ...leaderAndIsrChanges(image, config, change, partitionsWithBrokerInElr(image, broker.id)),
    metadataRecord('unregisterBroker', 0, { brokerId: broker.id, brokerEpoch: broker.epoch }),
  ];
}

export function logDirsRecord(broker: BrokerIdentity, logDirs: readonly string[]): MetadataRecord {
  return registrationChange(broker, VERSION.logDirs, { logDirs });
}

export function cordonedLogDirsRecord(broker: BrokerIdentity, cordonedLogDirs: readonly string[]): MetadataRecord {
  return registrationChange(broker, VERSION.cordonedLogDirs, { cordonedLogDirs });
}
