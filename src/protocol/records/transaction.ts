/** Records of __transaction_state. */
import { array, type Decoded, int8, int16, int32, int64, message, string, struct } from '../schema.ts';

export const transactionLogKey = message(
  { name: 'TransactionLogKey', kind: 'coordinator-key', apiKey: 0, versions: '0', flexible: 'none' },
  {
    transactionalId: string('0'),
  },
);
export type TransactionLogKey = Decoded<typeof transactionLogKey>;

export const transactionLogValue = message(
  { name: 'TransactionLogValue', kind: 'coordinator-value', apiKey: 0, versions: '0-1', flexible: '1+' },
  {
    producerId: int64('0+'),
    previousProducerId: int64('1+', { tagged: '1+', tag: 0, default: -1 }),
    nextProducerId: int64('1+', { tagged: '1+', tag: 1, default: -1 }),
    producerEpoch: int16('0+'),
    nextProducerEpoch: int16('1+', { tagged: '1+', tag: 3, default: -1 }),
    transactionTimeoutMs: int32('0+'),
    transactionStatus: int8('0+'),
    transactionPartitions: array(
      struct('PartitionsSchema', {
        topic: string('0+'),
        partitionIds: array('int32', '0+'),
      }),
      '0+',
      { nullable: '0+' },
    ),
    transactionLastUpdateTimestampMs: int64('0+'),
    transactionStartTimestampMs: int64('0+'),
    clientTransactionVersion: int16('1+', { tagged: '1+', tag: 2, default: 0 }),
  },
);
export type TransactionLogValue = Decoded<typeof transactionLogValue>;
