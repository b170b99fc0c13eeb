/** What is written when a broker is fenced, unfenced, shut down, or found to have lost its memory. */
import type { MetadataImage } from '../../metadata/image.ts';
import { type MetadataRecord, metadataRecord } from '../../metadata/records.ts';
import type { ControllerConfig } from '../controller-config.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import {
  leaderAndIsrChanges,
  partitionsWithBrokerInIsr,
  partitionsWithBrokerInIsrOrElr,
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
  const partitions = partitionsWithBrokerInIsrOrElr(image, id);
  return leaderAndIsrChanges(image, config, { brokerWithUncleanShutdown: id }, partitions);
}

export function unregisterRecords(
  image: MetadataImage,
  config: ControllerConfig,
  broker: BrokerIdentity,
): MetadataRecord[] {
  const partitions = partitionsWithBrokerInIsr(image, broker.id);
  return [
    ...leaderAndIsrChanges(image, config, { brokerToRemove: broker.id }, partitions),
    metadataRecord('unregisterBroker', 0, { brokerId: broker.id, brokerEpoch: broker.epoch }),
  ];
}

export function logDirsRecord(broker: BrokerIdentity, logDirs: readonly string[]): MetadataRecord {
  return registrationChange(broker, VERSION.logDirs, { logDirs });
}

export function cordonedLogDirsRecord(broker: BrokerIdentity, cordonedLogDirs: readonly string[]): MetadataRecord {
  return registrationChange(broker, VERSION.cordonedLogDirs, { cordonedLogDirs });
}

/** One broker a turn, as Kafka: the next turn finds the next. */
export function fenceStaleBroker(context: OperationContext): OperationResult<void> {
  const { image, config, heartbeats, monotonicMs } = context;
  const stale = heartbeats.findStale(monotonicMs, (id) => image.brokers.get(id)?.fenced === false);
  const broker = stale === null ? undefined : image.brokers.get(stale);
  if (broker === undefined) return { records: [], response: undefined };
  return { records: fenceRecords(image, config, broker), response: undefined };
}
