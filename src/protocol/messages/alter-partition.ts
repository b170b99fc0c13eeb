/** AlterPartition (API key 56). */
import { array, type Decoded, int8, int16, int32, int64, message, struct, uuid } from '../schema.ts';

export const alterPartitionRequest = message(
  {
    name: 'AlterPartitionRequest',
    kind: 'request',
    apiKey: 56,
    versions: '2-3',
    flexible: '0+',
    listeners: ['controller'],
  },
  {
    brokerId: int32('0+', { entityType: 'brokerId' }),
    brokerEpoch: int64('0+', { default: -1 }),
    topics: array(
      struct('TopicData', {
        topicId: uuid('2+', { ignorable: true }),
        partitions: array(
          struct('PartitionData', {
            partitionIndex: int32('0+'),
            leaderEpoch: int32('0+'),
            newIsr: array('int32', '0-2', { default: [], entityType: 'brokerId' }),
            newIsrWithEpochs: array(
              struct('BrokerState', {
                brokerId: int32('3+', { default: 0, entityType: 'brokerId' }),
                brokerEpoch: int64('3+', { default: -1 }),
              }),
              '3+',
              { default: [] },
            ),
            leaderRecoveryState: int8('1+', { default: 0 }),
            partitionEpoch: int32('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AlterPartitionRequest = Decoded<typeof alterPartitionRequest>;

export const alterPartitionResponse = message(
  { name: 'AlterPartitionResponse', kind: 'response', apiKey: 56, versions: '2-3', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    topics: array(
      struct('TopicData', {
        topicId: uuid('2+', { ignorable: true }),
        partitions: array(
          struct('PartitionData', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
            leaderId: int32('0+', { entityType: 'brokerId' }),
            leaderEpoch: int32('0+'),
            isr: array('int32', '0+', { entityType: 'brokerId' }),
            leaderRecoveryState: int8('1+', { default: 0, ignorable: true }),
            partitionEpoch: int32('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AlterPartitionResponse = Decoded<typeof alterPartitionResponse>;
