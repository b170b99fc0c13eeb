/** DescribeTransactions (API key 65). */
import { array, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

export const describeTransactionsRequest = message(
  {
    name: 'DescribeTransactionsRequest',
    kind: 'request',
    apiKey: 65,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    transactionalIds: array('string', '0+', { entityType: 'transactionalId' }),
  },
);
export type DescribeTransactionsRequest = Decoded<typeof describeTransactionsRequest>;

export const describeTransactionsResponse = message(
  { name: 'DescribeTransactionsResponse', kind: 'response', apiKey: 65, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    transactionStates: array(
      struct('TransactionState', {
        errorCode: int16('0+'),
        transactionalId: string('0+', { entityType: 'transactionalId' }),
        transactionState: string('0+'),
        transactionTimeoutMs: int32('0+'),
        transactionStartTimeMs: int64('0+'),
        producerId: int64('0+', { entityType: 'producerId' }),
        producerEpoch: int16('0+'),
        topics: array(
          struct('TopicData', {
            topic: string('0+', { mapKey: true, entityType: 'topicName' }),
            partitions: array('int32', '0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type DescribeTransactionsResponse = Decoded<typeof describeTransactionsResponse>;
