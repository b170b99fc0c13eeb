/** ListPartitionReassignments (API key 46). */
import { array, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const listPartitionReassignmentsRequest = message(
  {
    name: 'ListPartitionReassignmentsRequest',
    kind: 'request',
    apiKey: 46,
    versions: '0',
    flexible: '0+',
    listeners: ['broker', 'controller'],
  },
  {
    timeoutMs: int32('0+', { default: 60000 }),
    topics: array(
      struct('ListPartitionReassignmentsTopics', {
        name: string('0+', { entityType: 'topicName' }),
        partitionIndexes: array('int32', '0+'),
      }),
      '0+',
      { nullable: '0+', default: null },
    ),
  },
);
export type ListPartitionReassignmentsRequest = Decoded<typeof listPartitionReassignmentsRequest>;

export const listPartitionReassignmentsResponse = message(
  { name: 'ListPartitionReassignmentsResponse', kind: 'response', apiKey: 46, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    topics: array(
      struct('OngoingTopicReassignment', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('OngoingPartitionReassignment', {
            partitionIndex: int32('0+'),
            replicas: array('int32', '0+', { entityType: 'brokerId' }),
            addingReplicas: array('int32', '0+', { entityType: 'brokerId' }),
            removingReplicas: array('int32', '0+', { entityType: 'brokerId' }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type ListPartitionReassignmentsResponse = Decoded<typeof listPartitionReassignmentsResponse>;
