/** ListTransactions (API key 66). */
import { array, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

export const listTransactionsRequest = message(
  {
    name: 'ListTransactionsRequest',
    kind: 'request',
    apiKey: 66,
    versions: '0-2',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    stateFilters: array('string', '0+'),
    producerIdFilters: array('int64', '0+', { entityType: 'producerId' }),
    durationFilter: int64('1+', { default: -1 }),
    transactionalIdPattern: string('2+', { nullable: '2+', default: null }),
  },
);
export type ListTransactionsRequest = Decoded<typeof listTransactionsRequest>;

export const listTransactionsResponse = message(
  { name: 'ListTransactionsResponse', kind: 'response', apiKey: 66, versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    unknownStateFilters: array('string', '0+'),
    transactionStates: array(
      struct('TransactionState', {
        transactionalId: string('0+', { entityType: 'transactionalId' }),
        producerId: int64('0+', { entityType: 'producerId' }),
        transactionState: string('0+'),
      }),
      '0+',
    ),
  },
);
export type ListTransactionsResponse = Decoded<typeof listTransactionsResponse>;
