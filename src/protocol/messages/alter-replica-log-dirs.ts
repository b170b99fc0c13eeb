/** AlterReplicaLogDirs (API key 34). */
import { array, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const alterReplicaLogDirsRequest = message(
  {
    name: 'AlterReplicaLogDirsRequest',
    kind: 'request',
    apiKey: 34,
    versions: '1-2',
    flexible: '2+',
    listeners: ['broker'],
  },
  {
    dirs: array(
      struct('AlterReplicaLogDir', {
        path: string('0+', { mapKey: true }),
        topics: array(
          struct('AlterReplicaLogDirTopic', {
            name: string('0+', { mapKey: true, entityType: 'topicName' }),
            partitions: array('int32', '0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AlterReplicaLogDirsRequest = Decoded<typeof alterReplicaLogDirsRequest>;

export const alterReplicaLogDirsResponse = message(
  { name: 'AlterReplicaLogDirsResponse', kind: 'response', apiKey: 34, versions: '1-2', flexible: '2+' },
  {
    throttleTimeMs: int32('0+'),
    results: array(
      struct('AlterReplicaLogDirTopicResult', {
        topicName: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('AlterReplicaLogDirPartitionResult', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AlterReplicaLogDirsResponse = Decoded<typeof alterReplicaLogDirsResponse>;
