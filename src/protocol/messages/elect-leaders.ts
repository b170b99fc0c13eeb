/** ElectLeaders (API key 43). */
import { array, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const electLeadersRequest = message(
  {
    name: 'ElectLeadersRequest',
    kind: 'request',
    apiKey: 43,
    versions: '0-2',
    flexible: '2+',
    listeners: ['broker', 'controller'],
  },
  {
    electionType: int8('1+', { default: 0 }),
    topicPartitions: array(
      struct('TopicPartitions', {
        topic: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array('int32', '0+'),
      }),
      '0+',
      { nullable: '0+' },
    ),
    timeoutMs: int32('0+', { default: 60000 }),
  },
);
export type ElectLeadersRequest = Decoded<typeof electLeadersRequest>;

export const electLeadersResponse = message(
  { name: 'ElectLeadersResponse', kind: 'response', apiKey: 43, versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('1+', { default: 0 }),
    replicaElectionResults: array(
      struct('ReplicaElectionResult', {
        topic: string('0+', { entityType: 'topicName' }),
        partitionResult: array(
          struct('PartitionResult', {
            partitionId: int32('0+'),
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
export type ElectLeadersResponse = Decoded<typeof electLeadersResponse>;
