/** CreatePartitions (API key 37). */
import { array, bool, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const createPartitionsRequest = message(
  {
    name: 'CreatePartitionsRequest',
    kind: 'request',
    apiKey: 37,
    versions: '0-3',
    flexible: '2+',
    listeners: ['broker', 'controller'],
  },
  {
    topics: array(
      struct('CreatePartitionsTopic', {
        name: string('0+', { mapKey: true, entityType: 'topicName' }),
        count: int32('0+'),
        assignments: array(
          struct('CreatePartitionsAssignment', {
            brokerIds: array('int32', '0+', { entityType: 'brokerId' }),
          }),
          '0+',
          { nullable: '0+' },
        ),
      }),
      '0+',
    ),
    timeoutMs: int32('0+'),
    validateOnly: bool('0+'),
  },
);
export type CreatePartitionsRequest = Decoded<typeof createPartitionsRequest>;

export const createPartitionsResponse = message(
  { name: 'CreatePartitionsResponse', kind: 'response', apiKey: 37, versions: '0-3', flexible: '2+' },
  {
    throttleTimeMs: int32('0+'),
    results: array(
      struct('CreatePartitionsTopicResult', {
        name: string('0+', { entityType: 'topicName' }),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
      }),
      '0+',
    ),
  },
);
export type CreatePartitionsResponse = Decoded<typeof createPartitionsResponse>;
