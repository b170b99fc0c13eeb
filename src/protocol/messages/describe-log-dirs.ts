/** DescribeLogDirs (API key 35). */
import { array, bool, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

export const describeLogDirsRequest = message(
  {
    name: 'DescribeLogDirsRequest',
    kind: 'request',
    apiKey: 35,
    versions: '1-5',
    flexible: '2+',
    listeners: ['broker'],
  },
  {
    topics: array(
      struct('DescribableLogDirTopic', {
        topic: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array('int32', '0+'),
      }),
      '0+',
      { nullable: '0+' },
    ),
  },
);
export type DescribeLogDirsRequest = Decoded<typeof describeLogDirsRequest>;

export const describeLogDirsResponse = message(
  { name: 'DescribeLogDirsResponse', kind: 'response', apiKey: 35, versions: '1-5', flexible: '2+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('3+', { default: 0, ignorable: true }),
    results: array(
      struct('DescribeLogDirsResult', {
        errorCode: int16('0+'),
        logDir: string('0+'),
        topics: array(
          struct('DescribeLogDirsTopic', {
            name: string('0+', { entityType: 'topicName' }),
            partitions: array(
              struct('DescribeLogDirsPartition', {
                partitionIndex: int32('0+'),
                partitionSize: int64('0+'),
                offsetLag: int64('0+'),
                isFutureKey: bool('0+'),
              }),
              '0+',
            ),
          }),
          '0+',
        ),
        totalBytes: int64('4+', { default: -1, ignorable: true }),
        usableBytes: int64('4+', { default: -1, ignorable: true }),
        isCordoned: bool('5+', { default: false, ignorable: true }),
      }),
      '0+',
    ),
  },
);
export type DescribeLogDirsResponse = Decoded<typeof describeLogDirsResponse>;
