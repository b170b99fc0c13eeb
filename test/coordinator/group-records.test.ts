import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord, type GroupRecord } from '../../src/coordinator/group-records.ts';
import { baseOffsetAt, baseTimestampAt } from '../../src/protocol/batch.ts';
import { buildBatch } from '../../src/protocol/batch-builder.ts';
import { ProtocolError } from '../../src/protocol/kafka-error.ts';
import { readRecords } from '../../src/protocol/record.ts';
import { kafkaBatches } from './kafka-logs.ts';

function reencoded(batch: Buffer): Buffer {
  const timestamp = baseTimestampAt(batch, 0);
  const records = readRecords(batch).map(({ key, value, offset }) => {
    const decoded = decodeRecord(key as Buffer, value, offset) as GroupRecord;
    return { ...encodeRecord(decoded), timestamp };
  });
  const baseOffset = baseOffsetAt(batch, 0);
  return buildBatch(records, { baseOffset, partitionLeaderEpoch: batch.readInt32BE(12), baseSequence: 0 });
}

describe('records of groups', () => {
  it.each([26, 27, 47])('decode and encode to the bytes that Kafka wrote (partition %i)', (partition) => {
    for (const batch of kafkaBatches(partition)) expect(reencoded(batch).toString('hex')).toBe(batch.toString('hex'));
  });

  it('say what Kafka meant', () => {
    const [first, second, third] = kafkaBatches(27).flatMap((batch) =>
      readRecords(batch).map(({ key, value, offset }) => decodeRecord(key as Buffer, value, offset)),
    );
    expect(first).toMatchObject({ kind: 'group-metadata', group: 'fixstatic', value: { generation: 0, leader: null } });
    expect(second).toMatchObject({
      kind: 'group-metadata',
      value: {
        protocolType: 'consumer',
        protocol: 'range',
        members: [{ groupInstanceId: 'inst1', clientHost: '/127.0.0.1', rebalanceTimeout: 300_000 }],
      },
    });
    expect(third).toMatchObject({
      kind: 'offset-commit',
      topic: 'g1',
      partition: 0,
      value: { offset: 10, leaderEpoch: 0, topicId: '70GhYGlKSs-8W0IMJkO5EQ', expireTimestampMs: -1 },
    });
  });

  it('of other kinds of groups are told apart, with their group', () => {
    const records = kafkaBatches(18).flatMap((batch) =>
      readRecords(batch).map(({ key, value, offset }) => decodeRecord(key as Buffer, value, offset)),
    );
    const foreign = records.filter((record) => record?.kind === 'foreign');
    expect(foreign).toHaveLength(9);
    expect(new Set(foreign.map((record) => record?.group))).toEqual(new Set(['newproto']));
    expect(foreign.filter((record) => record?.kind === 'foreign' && record.isTombstone)).toHaveLength(3);
  });

  it('with an expire timestamp are written in the one version that has it', () => {
    const record: GroupRecord = {
      kind: 'offset-commit',
      group: 'g',
      topic: 't',
      partition: 3,
      value: {
        offset: 7,
        leaderEpoch: 2,
        metadata: 'm',
        commitTimestampMs: 1_000,
        expireTimestampMs: 2_000,
        topicId: '70GhYGlKSs-8W0IMJkO5EQ',
        recordOffset: -1,
      },
    };
    const { key, value } = encodeRecord(record);
    expect((value as Buffer).toString('hex')).toBe(
      '0001' + '0000000000000007' + '00016d' + '00000000000003e8' + '00000000000007d0',
    );
    expect(decodeRecord(key, value, 5)).toMatchObject({ value: { expireTimestampMs: 2_000, leaderEpoch: -1 } });
  });

  it('of old versions are read', () => {
    const legacyKey = Buffer.from('0000' + '000167' + '000174' + '00000001', 'hex');
    const legacyValue = Buffer.from('0000' + '0000000000000009' + '0000' + '00000000000003e8', 'hex');
    expect(decodeRecord(legacyKey, legacyValue, 0)).toMatchObject({
      kind: 'offset-commit',
      group: 'g',
      topic: 't',
      partition: 1,
      value: { offset: 9, commitTimestampMs: 1_000, expireTimestampMs: -1 },
    });
    const groupKey = Buffer.from('0002' + '000167', 'hex');
    const version0 = Buffer.from('0000' + '0000' + '00000002' + 'ffff' + 'ffff' + '00000000', 'hex');
    expect(decodeRecord(groupKey, version0, 0)).toMatchObject({
      kind: 'group-metadata',
      value: { generation: 2, protocol: null, currentStateTimestamp: -1, members: [] },
    });
  });

  it('of unknown types are passed over; damaged ones are a ProtocolError', () => {
    expect(decodeRecord(Buffer.from([0, 99, 1]), Buffer.alloc(4), 0)).toBeNull();
    expect(() => decodeRecord(Buffer.from([0, 1, 0, 9, 1]), null, 0)).toThrow(ProtocolError);
  });
});
