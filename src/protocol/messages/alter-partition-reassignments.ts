/** AlterPartitionReassignments (API key 45). */
import { array, bool, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const alterPartitionReassignmentsRequest = message(
  {
    name: 'AlterPartitionReassignmentsRequest',
    kind: 'request',
    apiKey: 45,
    versions: '0-1',
    flexible: '0+',
    listeners: ['broker', 'controller'],
  },
  {
    timeoutMs: int32('0+', { default: 60000 }),
    allowReplicationFactorChange: bool('1+', { default: true }),
    topics: array(
      struct('ReassignableTopic', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('ReassignablePartition', {
            partitionIndex: int32('0+'),
            replicas: array('int32', '0+', { nullable: '0+', default: null, entityType: 'brokerId' }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AlterPartitionReassignmentsRequest = Decoded<typeof alterPartitionReassignmentsRequest>;

export const alterPartitionReassignmentsResponse = message(
  { name: 'AlterPartitionReassignmentsResponse', kind: 'response', apiKey: 45, versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    allowReplicationFactorChange: bool('1+', { default: true, ignorable: true }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    responses: array(
      struct('ReassignableTopicResponse', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('ReassignablePartitionResponse', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
            errorMessage: string('0+', { nullable: '0+' }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AlterPartitionReassignmentsResponse = Decoded<typeof alterPartitionReassignmentsResponse>;
