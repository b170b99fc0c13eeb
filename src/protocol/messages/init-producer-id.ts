/** InitProducerId (API key 22). */
import { bool, type Decoded, int16, int32, int64, message, string } from '../schema.ts';

export const initProducerIdRequest = message(
  {
    name: 'InitProducerIdRequest',
    kind: 'request',
    apiKey: 22,
    versions: '0-6',
    flexible: '2+',
    listeners: ['broker'],
  },
  {
    transactionalId: string('0+', { nullable: '0+', entityType: 'transactionalId' }),
    transactionTimeoutMs: int32('0+'),
    producerId: int64('3+', { default: -1, entityType: 'producerId' }),
    producerEpoch: int16('3+', { default: -1 }),
    enable2Pc: bool('6+', { default: false }),
    keepPreparedTxn: bool('6+', { default: false }),
  },
);
export type InitProducerIdRequest = Decoded<typeof initProducerIdRequest>;

export const initProducerIdResponse = message(
  { name: 'InitProducerIdResponse', kind: 'response', apiKey: 22, versions: '0-6', flexible: '2+' },
  {
    throttleTimeMs: int32('0+', { ignorable: true }),
    errorCode: int16('0+'),
    producerId: int64('0+', { default: -1, entityType: 'producerId' }),
    producerEpoch: int16('0+'),
    ongoingTxnProducerId: int64('6+', { default: -1, entityType: 'producerId' }),
    ongoingTxnProducerEpoch: int16('6+', { default: -1 }),
  },
);
export type InitProducerIdResponse = Decoded<typeof initProducerIdResponse>;
