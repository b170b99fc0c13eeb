/** BrokerHeartbeat: a broker's steps between fenced, unfenced, controlled shutdown and gone. */

import { MV } from '../../metadata/features.ts';
import { type BrokerRegistration, type MetadataImage, metadataVersionOf } from '../../metadata/image.ts';
import type { MetadataRecord } from '../../metadata/records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { BrokerHeartbeatRequest } from '../../protocol/messages/broker-heartbeat.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import { buildPartitionChange } from '../partitions/change-builder.ts';
import { changeOptions, hasLeaderships, partitionsOf } from '../partitions/leadership.ts';
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

function currentState(broker: BrokerRegistration): BrokerState {
  if (broker.fenced) return 'fenced';
  return broker.inControlledShutdown ? 'controlledShutdown' : 'unfenced';
}

/** How far all brokers that stay have come in the metadata log. */
function lowestActiveOffset(context: OperationContext): number {
  let lowest = Number.MAX_SAFE_INTEGER;
  for (const broker of context.image.brokers.values()) {
    if (broker.fenced || broker.inControlledShutdown) continue;
    lowest = Math.min(lowest, context.heartbeats.metadataOffset(broker.id));
  }
  return lowest;
}

function nextState(
  context: OperationContext,
  broker: BrokerRegistration,
  request: BrokerHeartbeatRequest,
): BrokerState {
  const state = currentState(broker);
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
  const state = currentState(broker);
  switch (next) {
    case 'fenced':
      return state === 'fenced' ? [] : fenceRecords(image, config, broker);
    case 'unfenced':
      return state === 'unfenced' ? [] : unfenceRecords(image, config, broker);
    case 'controlledShutdown':
      return state === 'controlledShutdown' ? [] : controlledShutdownRecords(image, config, broker);
    case 'shutdownNow':
      return state === 'fenced' ? [] : fenceRecords(image, config, broker);
  }
}

/** Directories that went offline leave the registration, and their replicas the ISRs. */
function offlineDirRecords(
  context: OperationContext,
  broker: BrokerRegistration,
  offline: readonly string[],
): MetadataRecord[] {
  if (metadataVersionOf(context.image) < MV.directoryAssignment) return [];
  const lost = broker.logDirs.filter((id) => offline.includes(id));
  if (lost.length === 0) return [];
  const online = broker.logDirs.filter((id) => !offline.includes(id));
  const records: MetadataRecord[] = [logDirsRecord(broker, online)];
  for (const one of partitionsOf(context.image)) {
    const { partition } = one;
    const index = partition.replicas.indexOf(broker.id);
    if (index < 0 || !lost.includes(partition.directories[index] as string)) continue;
    const options = changeOptions(context.image, context.config, one);
    const record = buildPartitionChange({
      ...options,
      isAcceptableLeader: (id) => id !== broker.id && options.isAcceptableLeader(id),
      targetIsr: partition.isr.filter((id) => id !== broker.id),
    });
    if (record !== null) records.push(record);
  }
  return records;
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
  const entersShutdown = next === 'controlledShutdown' && currentState(broker) !== 'controlledShutdown';
  return {
    records,
    response: {
      isCaughtUp: request.currentMetadataOffset >= broker.registrationOffset,
      isFenced: next === 'fenced' || next === 'shutdownNow',
      shouldShutDown: next === 'shutdownNow',
    },
    afterReplay: () => {
      heartbeats.touch(broker.id, broker.epoch, monotonicMs, request.currentMetadataOffset);
      if (entersShutdown) {
        heartbeats.setControlledShutdownOffset(broker.id, context.nextOffset + records.length - 1);
      }
    },
  };
}
