/** The control records of the metadata log and of snapshots: who leads, who votes, where a snapshot begins and ends. */

import { int16At } from '../protocol/batch.ts';
import { buildControlBatch, type ControlRecordInput } from '../protocol/batch-builder.ts';
import { decodeMessage, encodeMessage } from '../protocol/codec.ts';
import { ProtocolError } from '../protocol/kafka-error.ts';
import { forEachRecord } from '../protocol/record.ts';
import {
  kRaftVersionRecord,
  leaderChangeMessage,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  votersRecord,
} from '../protocol/records/control.ts';
import { type Voter, votersFromRecord, votersToRecord } from './voters.ts';

const ControlType = {
  leaderChange: 2,
  snapshotHeader: 3,
  snapshotFooter: 4,
  kraftVersion: 5,
  kraftVoters: 6,
} as const;

function controlKey(type: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, type);
}

/** The voters by id alone, also under kraft.version 1: 4.3.1 writes version 0. */
export function leaderChangeRecord(
  leaderId: number,
  voterIds: readonly number[],
  granting: readonly number[],
): ControlRecordInput {
  const voters = voterIds.map((voterId) => ({ voterId }));
  const grantingVoters = granting.map((voterId) => ({ voterId }));
  const value = { version: 0, leaderId, voters, grantingVoters };
  return { key: controlKey(ControlType.leaderChange), value: encodeMessage(leaderChangeMessage, 0, value) };
}

export function kraftVersionRecord(level: number): ControlRecordInput {
  const value = encodeMessage(kRaftVersionRecord, 0, { version: 0, kRaftVersion: level });
  return { key: controlKey(ControlType.kraftVersion), value };
}

export function kraftVotersRecord(voters: readonly Voter[]): ControlRecordInput {
  return {
    key: controlKey(ControlType.kraftVoters),
    value: encodeMessage(votersRecord, 0, votersToRecord(voters)),
  };
}

export function snapshotHeader(lastContainedLogTimestamp: number): ControlRecordInput {
  const value = encodeMessage(snapshotHeaderRecord, 0, { version: 0, lastContainedLogTimestamp });
  return { key: controlKey(ControlType.snapshotHeader), value };
}

export function snapshotFooter(): ControlRecordInput {
  return {
    key: controlKey(ControlType.snapshotFooter),
    value: encodeMessage(snapshotFooterRecord, 0, { version: 0 }),
  };
}

export interface BatchPlace {
  readonly baseOffset: number;
  readonly epoch: number;
  readonly nowMs: number;
}

export function controlBatch(records: readonly ControlRecordInput[], place: BatchPlace): Buffer {
  return buildControlBatch(records, place.nowMs, {
    baseOffset: place.baseOffset,
    partitionLeaderEpoch: place.epoch,
  });
}

/** What a control batch says that matters to the quorum; undefined where it says nothing. */
export interface ControlContent {
  kraftVersion?: number;
  voters?: readonly Voter[];
  leaderId?: number;
  headerTimestampMs?: number;
  isFooter?: boolean;
}

export function readControlBatch(bytes: Uint8Array, at: number): ControlContent {
  const content: ControlContent = {};
  forEachRecord(bytes, at, (record) => {
    const { key, value } = record;
    if (key === null || key.length < 4 || value === null)
      throw new ProtocolError('a control record without key or value');
    const type = int16At(key, 2);
    // Every one of them begins with its own version.
    const version = int16At(value, 0);
    switch (type) {
      case ControlType.leaderChange:
        content.leaderId = decodeMessage(leaderChangeMessage, version, value).leaderId;
        return;
      case ControlType.snapshotHeader:
        content.headerTimestampMs = decodeMessage(snapshotHeaderRecord, version, value).lastContainedLogTimestamp;
        return;
      case ControlType.snapshotFooter:
        content.isFooter = true;
        return;
      case ControlType.kraftVersion:
        content.kraftVersion = decodeMessage(kRaftVersionRecord, version, value).kRaftVersion;
        return;
      case ControlType.kraftVoters:
        content.voters = votersFromRecord(decodeMessage(votersRecord, version, value));
        return;
      default:
        throw new ProtocolError(`unknown control record type ${type} in the metadata log`);
    }
  });
  return content;
}
