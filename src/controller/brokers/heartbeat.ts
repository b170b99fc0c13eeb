/** BrokerHeartbeat: a broker's steps between fenced, unfenced, controlled shutdown and gone. */

import type { Uuid } from '../../base/uuid.ts';
import { MV } from '../../metadata/features.ts';
import {
  type BrokerRegistration,
  type MetadataImage,
  metadataVersionOf,
  replicaDirectory,
} from '../../metadata/image.ts';
import type { MetadataRecord } from '../../metadata/records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { BrokerHeartbeatRequest } from '../../protocol/messages/broker-heartbeat.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import {
  hasLeaderships,
  leaderAndIsrChanges,
  partitionsOf,
  type TopicPartitionImage,
} from '../partitions/leadership.ts';
import {
  controlledShutdownRecords,
  cordonedLogDirsRecord,
  fenceRecords,
  logDirsRecord,
  unfenceRecords,
} from './fencing.ts';

type BrokerState = 'fenced' | 'unfenced' | 'controlledShutdown' | 'shutdownNow';

export interface HeartbeatReply {
  readonly isCaughtUp: boolean;
  readonly isFenced: boolean;
  readonly shouldShutDown: boolean;
}

/** The registration of that broker in that epoch, or STALE_BROKER_EPOCH. */
export function checkBrokerEpoch(image: MetadataImage, brokerId: number, brokerEpoch: number): BrokerRegistration {
  const broker = image.brokers.get(brokerId);
  if (broker === undefined) {
    throw new KafkaError(ErrorCode.STALE_BROKER_EPOCH, `No broker registration found for broker id ${brokerId}`);
  }
  if (broker.epoch !== brokerEpoch) {
    throw new KafkaError(
      ErrorCode.STALE_BROKER_EPOCH,
      `Expected broker epoch ${broker.epoch}, but got broker epoch ${brokerEpoch}`,
    );
  }
  return broker;
}

/** Its shutdown is known to this controller alone: asked of another one before, it is asked for again. */
function currentState({ heartbeats }: OperationContext, broker: BrokerRegistration): BrokerState {
  if (broker.fenced) return 'fenced';
  return heartbeats.isShuttingDown(broker.id) ? 'controlledShutdown' : 'unfenced';
}

/** How far all brokers that stay have come in the metadata log. */
function lowestActiveOffset({ image, heartbeats }: OperationContext): number {
  let lowest = Number.MAX_SAFE_INTEGER;
  for (const broker of image.brokers.values()) {
    if (broker.fenced || heartbeats.isShuttingDown(broker.id)) continue;
    lowest = Math.min(lowest, heartbeats.metadataOffset(broker.id));
  }
  return lowest;
}

function nextState(
  context: OperationContext,
  broker: BrokerRegistration,
  request: BrokerHeartbeatRequest,
): BrokerState {
  const state = currentState(context, broker);
  if (state === 'fenced') {
    if (request.wantShutDown) return 'shutdownNow';
    return !request.wantFence && request.currentMetadataOffset >= broker.registrationOffset ? 'unfenced' : 'fenced';
  }
  const leads = () => hasLeaderships(context.image, broker.id);
  if (state === 'unfenced') {
    if (request.wantFence) return request.wantShutDown ? 'shutdownNow' : 'fenced';
    if (!request.wantShutDown) return 'unfenced';
    return leads() ? 'controlledShutdown' : 'shutdownNow';
  }
  // Nobody must send requests to it any more: all that stay have seen its leaderships go.
  const granted = context.heartbeats.controlledShutdownOffset(broker.id) <= lowestActiveOffset(context);
  return !leads() && granted ? 'shutdownNow' : 'controlledShutdown';
}

function stateRecords(context: OperationContext, broker: BrokerRegistration, next: BrokerState): MetadataRecord[] {
  const { image, config } = context;
  if (next === currentState(context, broker)) return [];
  switch (next) {
    case 'fenced':
    case 'shutdownNow':
      return fenceRecords(image, config, broker);
    case 'unfenced':
      return unfenceRecords(image, config, broker);
    case 'controlledShutdown':
      return controlledShutdownRecords(image, config, broker);
  }
}

function* partitionsInDirectory(
  image: MetadataImage,
  brokerId: number,
  directory: Uuid,
): IterableIterator<TopicPartitionImage> {
  for (const one of partitionsOf(image)) {
    if (replicaDirectory(one.partition, brokerId) === directory) yield one;
  }
}

/** Directories that went offline leave the registration, and their replicas the ISRs. */
function offlineDirRecords(
  context: OperationContext,
  broker: BrokerRegistration,
  offline: readonly string[],
): MetadataRecord[] {
  const { image, config } = context;
  if (metadataVersionOf(image) < MV.directoryAssignment) return [];
  const lost = broker.logDirs.filter((id) => offline.includes(id));
  if (lost.length === 0) return [];
  const change = { brokerToRemove: broker.id };
  return [
    ...lost.flatMap((id) => leaderAndIsrChanges(image, config, change, partitionsInDirectory(image, broker.id, id))),
    logDirsRecord(
      broker,
      broker.logDirs.filter((id) => !offline.includes(id)),
    ),
  ];
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((x) => b.includes(x));
}

function cordonedRecords(
  context: OperationContext,
  broker: BrokerRegistration,
  cordoned: readonly string[] | null,
): MetadataRecord[] {
  if (cordoned === null || metadataVersionOf(context.image) < MV.cordonedDirs) return [];
  if (broker.cordonedLogDirs !== null && sameSet(cordoned, broker.cordonedLogDirs)) return [];
  return [cordonedLogDirsRecord(broker, cordoned)];
}

export function brokerHeartbeat(
  context: OperationContext,
  request: BrokerHeartbeatRequest,
): OperationResult<HeartbeatReply> {
  const { heartbeats, monotonicMs } = context;
  const broker = checkBrokerEpoch(context.image, request.brokerId, request.brokerEpoch);
  const next = nextState(context, broker, request);
  const records = [
    ...stateRecords(context, broker, next),
    ...offlineDirRecords(context, broker, request.offlineLogDirs),
    ...cordonedRecords(context, broker, request.cordonedLogDirs),
  ];
  const lastOffset = context.nextOffset + records.length - 1;
  return {
    records,
    isDivisible: true,
    response: {
      isCaughtUp: request.currentMetadataOffset >= broker.registrationOffset,
      isFenced: next === 'fenced' || next === 'shutdownNow',
      shouldShutDown: next === 'shutdownNow',
    },
    afterReplay: () => {
      if (next === 'shutdownNow') {
        // It was told to go and will not be heard of again: its successor need not wait for the end of its session.
        heartbeats.remove(broker.id);
        return;
      }
      heartbeats.touch(broker.id, broker.epoch, monotonicMs, request.currentMetadataOffset);
      if (next === 'controlledShutdown') heartbeats.beginControlledShutdown(broker.id, lastOffset);
    },
  };
}
