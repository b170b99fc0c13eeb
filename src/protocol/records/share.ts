/** Records of __share_group_state. */
import { array, type Decoded, int8, int16, int32, int64, message, string, struct, uuid } from '../schema.ts';

export const shareSnapshotKey = message(
  { name: 'ShareSnapshotKey', kind: 'coordinator-key', apiKey: 0, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
    topicId: uuid('0'),
    partition: int32('0'),
  },
);
export type ShareSnapshotKey = Decoded<typeof shareSnapshotKey>;

export const shareSnapshotValue = message(
  { name: 'ShareSnapshotValue', kind: 'coordinator-value', apiKey: 0, versions: '0', flexible: '0+' },
  {
    snapshotEpoch: int32('0+'),
    stateEpoch: int32('0+'),
    leaderEpoch: int32('0+'),
    startOffset: int64('0+'),
    deliveryCompleteCount: int32('0+', { tagged: '0+', tag: 0, default: -1 }),
    createTimestamp: int64('0+'),
    writeTimestamp: int64('0+'),
    stateBatches: array(
      struct('StateBatch', {
        firstOffset: int64('0+'),
        lastOffset: int64('0+'),
        deliveryState: int8('0+'),
        deliveryCount: int16('0+'),
      }),
      '0+',
    ),
  },
);
export type ShareSnapshotValue = Decoded<typeof shareSnapshotValue>;

export const shareUpdateKey = message(
  { name: 'ShareUpdateKey', kind: 'coordinator-key', apiKey: 1, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
    topicId: uuid('0'),
    partition: int32('0'),
  },
);
export type ShareUpdateKey = Decoded<typeof shareUpdateKey>;

export const shareUpdateValue = message(
  { name: 'ShareUpdateValue', kind: 'coordinator-value', apiKey: 1, versions: '0', flexible: '0+' },
  {
    snapshotEpoch: int32('0+'),
    leaderEpoch: int32('0+'),
    startOffset: int64('0+'),
    deliveryCompleteCount: int32('0+', { tagged: '0+', tag: 0, default: -1 }),
    stateBatches: array(
      struct('StateBatch', {
        firstOffset: int64('0+'),
        lastOffset: int64('0+'),
        deliveryState: int8('0+'),
        deliveryCount: int16('0+'),
      }),
      '0+',
    ),
  },
);
export type ShareUpdateValue = Decoded<typeof shareUpdateValue>;
