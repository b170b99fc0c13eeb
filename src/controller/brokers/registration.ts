/** BrokerRegistration, ControllerRegistration, UnregisterBroker. */

import { KRAFT_VERSION, METADATA_VERSION, MV } from '../../metadata/features.ts';
import { type BrokerRegistration, elrEnabled, type MetadataImage, metadataVersionOf } from '../../metadata/image.ts';
import { type MetadataRecord, metadataRecord, registerBrokerVersion } from '../../metadata/records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { BrokerRegistrationRequest } from '../../protocol/messages/broker-registration.ts';
import type { ControllerRegistrationRequest } from '../../protocol/messages/controller-registration.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import { cleanShutdownRecords, uncleanShutdownRecords, unregisterRecords } from './fencing.ts';

/** Directory ids 0 to 99 mean something else than a directory. */
function isReservedDirectory(id: string): boolean {
  const bytes = Buffer.from(id, 'base64url');
  return bytes.subarray(0, 15).every((byte) => byte === 0) && (bytes[15] as number) < 100;
}

function hasDirectoriesOf(existing: BrokerRegistration, { logDirs }: BrokerRegistrationRequest): boolean {
  return existing.logDirs.length > 0 && existing.logDirs.every((id) => logDirs.includes(id));
}

/** Throws when the broker may not register over what is there. */
function checkFormerIncarnation(
  context: OperationContext,
  existing: BrokerRegistration,
  request: BrokerRegistrationRequest,
): void {
  if (existing.incarnationId === request.incarnationId || existing.inControlledShutdown) return;
  if (!context.heartbeats.hasValidSession(existing.id, existing.epoch, context.monotonicMs)) return;
  const local = context.config.localBroker;
  if (local !== null && local.id === request.brokerId && local.incarnationId === request.incarnationId) return;
  if (context.config.directoriesProveDeath && hasDirectoriesOf(existing, request)) return;
  throw new KafkaError(
    ErrorCode.DUPLICATE_BROKER_REGISTRATION,
    'Another broker is registered with that broker id. If the broker was recently restarted this should self-resolve ' +
      "once the heartbeat manager expires the broker's session.",
  );
}

function checkDirectories(image: MetadataImage, request: BrokerRegistrationRequest): void {
  if (metadataVersionOf(image) < MV.directoryAssignment) return;
  const refuse = (message: string): never => {
    throw new KafkaError(ErrorCode.INVALID_REGISTRATION, message);
  };
  const { logDirs } = request;
  if (logDirs.length === 0) refuse('No directories specified in request');
  if (logDirs.some(isReservedDirectory)) refuse('Reserved directory ID in request');
  if (new Set(logDirs).size !== logDirs.length) refuse('Duplicate directory ID in request');
  for (const broker of image.brokers.values()) {
    if (broker.id === request.brokerId) continue;
    const taken = broker.logDirs.find((id) => logDirs.includes(id));
    if (taken !== undefined) refuse(`Broker ${broker.id} is already registered with directory ${taken}`);
  }
}

type Features = readonly { name: string; minSupportedVersion: number; maxSupportedVersion: number }[];

/**
 * Every finalised level must lie in the broker's ranges; a feature that it does not name is supported at 0 only. What it
 * names is looked at first, in its order.
 */
function checkFeatures(context: OperationContext, features: Features): void {
  const finalized = new Map(context.image.features);
  finalized.set(METADATA_VERSION, metadataVersionOf(context.image));
  finalized.set(KRAFT_VERSION, context.kraftVersion);
  const check = (name: string, level: number, min: number, max: number): void => {
    if (level >= min && level <= max) return;
    throw new KafkaError(
      ErrorCode.UNSUPPORTED_VERSION,
      `Unable to register because the broker does not support finalized version ${level} of ${name}. ` +
        `The broker wants a version between ${min} and ${max}, inclusive.`,
    );
  };
  for (const { name, minSupportedVersion, maxSupportedVersion } of features) {
    check(name, finalized.get(name) ?? 0, minSupportedVersion, maxSupportedVersion);
    finalized.delete(name);
  }
  if (!features.some(({ name }) => name === METADATA_VERSION)) {
    throw new KafkaError(ErrorCode.INVALID_REGISTRATION, "Request features do not contain 'metadata.version'");
  }
  for (const [name, level] of finalized) check(name, level, 0, 0);
}

/**
 * What a new incarnation begins with: out of every ISR, and out of every ELR as well when its predecessor did not say
 * goodbye in the epoch that we know, since it may have lost records.
 */
function cleanUpRecords(
  context: OperationContext,
  existing: BrokerRegistration | undefined,
  request: BrokerRegistrationRequest,
): MetadataRecord[] {
  if (existing?.incarnationId === request.incarnationId) return [];
  const { image, config } = context;
  // One that was unregistered, or never known, may stand in ELRs all the same.
  const clean = !elrEnabled(image) || request.previousBrokerEpoch === existing?.epoch;
  return clean
    ? cleanShutdownRecords(image, config, request.brokerId)
    : uncleanShutdownRecords(image, config, request.brokerId);
}

export interface BrokerRegistrationReply {
  readonly brokerEpoch: number;
}

export function registerBroker(
  context: OperationContext,
  request: BrokerRegistrationRequest,
): OperationResult<BrokerRegistrationReply> {
  const { config, image, heartbeats } = context;
  if (request.clusterId !== config.clusterId) {
    throw new KafkaError(
      ErrorCode.INCONSISTENT_CLUSTER_ID,
      `Expected cluster ID ${config.clusterId}, but got cluster ID ${request.clusterId}`,
    );
  }
  const existing = image.brokers.get(request.brokerId);
  if (existing !== undefined) checkFormerIncarnation(context, existing, request);
  if (request.isMigratingZkBroker) {
    throw new KafkaError(ErrorCode.BROKER_ID_NOT_REGISTERED, 'Controller does not support registering ZK brokers.');
  }
  checkDirectories(image, request);
  checkFeatures(context, request.features);
  const version = registerBrokerVersion(metadataVersionOf(image));
  // The same incarnation that registers again keeps its epoch, as in Kafka.
  const again = existing !== undefined && existing.incarnationId === request.incarnationId;
  const brokerEpoch = again ? existing.epoch : context.nextOffset;
  const register = metadataRecord('registerBroker', version, {
    brokerId: request.brokerId,
    incarnationId: request.incarnationId,
    brokerEpoch,
    endPoints: request.listeners,
    features: request.features,
    rack: request.rack,
    fenced: again ? existing.fenced : true,
    inControlledShutdown: again ? existing.inControlledShutdown : false,
    logDirs: version >= 3 ? request.logDirs : [],
    // The broker tells with its next heartbeat.
    cordonedLogDirs: null,
  });
  return {
    records: [...cleanUpRecords(context, existing, request), register],
    response: { brokerEpoch },
    isDivisible: true,
    afterReplay: () => {
      if (!again) heartbeats.remove(request.brokerId);
    },
  };
}

export function registerController(
  context: OperationContext,
  request: ControllerRegistrationRequest,
): OperationResult<void> {
  if (metadataVersionOf(context.image) < MV.controllerRegistration) {
    throw new KafkaError(
      ErrorCode.UNSUPPORTED_VERSION,
      'The current MetadataVersion is too old to support controller registrations.',
    );
  }
  if (request.listeners.length === 0) {
    throw new KafkaError(ErrorCode.INVALID_REGISTRATION, 'No listeners specified in request');
  }
  const record = metadataRecord('registerController', 0, {
    controllerId: request.controllerId,
    incarnationId: request.incarnationId,
    zkMigrationReady: false,
    endPoints: request.listeners,
    features: request.features,
  });
  return { records: [record], response: undefined };
}

export function unregisterBroker(context: OperationContext, brokerId: number): OperationResult<void> {
  const { image, config, heartbeats } = context;
  const broker = image.brokers.get(brokerId);
  if (broker === undefined) {
    throw new KafkaError(ErrorCode.BROKER_ID_NOT_REGISTERED, `Broker ID ${brokerId} is not currently registered`);
  }
  return {
    records: unregisterRecords(image, config, broker),
    response: undefined,
    isDivisible: true,
    afterReplay: () => heartbeats.remove(brokerId),
  };
}
