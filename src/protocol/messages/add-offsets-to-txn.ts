/** AddOffsetsToTxn (API key 25). */
import { type Decoded, int16, int32, int64, message, string } from '../schema.ts';

export const addOffsetsToTxnRequest = message(
  {
    name: 'AddOffsetsToTxnRequest',
    kind: 'request',
    apiKey: 25,
    versions: '0-4',
    flexible: '3+',
    listeners: ['broker'],
  },
  {
    transactionalId: string('0+', { entityType: 'transactionalId' }),
    producerId: int64('0+', { entityType: 'producerId' }),
    producerEpoch: int16('0+'),
    groupId: string('0+', { entityType: 'groupId' }),
  },
);
export type AddOffsetsToTxnRequest = Decoded<typeof addOffsetsToTxnRequest>;

export const addOffsetsToTxnResponse = message(
  { name: 'AddOffsetsToTxnResponse', kind: 'response', apiKey: 25, versions: '0-4', flexible: '3+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
  },
);
export type AddOffsetsToTxnResponse = Decoded<typeof addOffsetsToTxnResponse>;
