/** AssignReplicasToDirs (API key 73). */
import { array, type Decoded, int16, int32, int64, message, struct, uuid } from '../schema.ts';

export const assignReplicasToDirsRequest = message(
  {
    name: 'AssignReplicasToDirsRequest',
    kind: 'request',
    apiKey: 73,
    versions: '0',
    flexible: '0+',
    listeners: ['controller'],
  },
  {
    brokerId: int32('0+', { entityType: 'brokerId' }),
    brokerEpoch: int64('0+', { default: -1 }),
    directories: array(
      struct('DirectoryData', {
        id: uuid('0+'),
        topics: array(
          struct('TopicData', {
            topicId: uuid('0+'),
            partitions: array(
              struct('PartitionData', {
                partitionIndex: int32('0+'),
              }),
              '0+',
            ),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AssignReplicasToDirsRequest = Decoded<typeof assignReplicasToDirsRequest>;

export const assignReplicasToDirsResponse = message(
  { name: 'AssignReplicasToDirsResponse', kind: 'response', apiKey: 73, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    directories: array(
      struct('DirectoryData', {
        id: uuid('0+'),
        topics: array(
          struct('TopicData', {
            topicId: uuid('0+'),
            partitions: array(
              struct('PartitionData', {
                partitionIndex: int32('0+'),
                errorCode: int16('0+'),
              }),
              '0+',
            ),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AssignReplicasToDirsResponse = Decoded<typeof assignReplicasToDirsResponse>;
