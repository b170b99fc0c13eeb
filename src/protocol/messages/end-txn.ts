/** EndTxn (API key 26). */
import { bool, type Decoded, int16, int32, int64, message, string } from '../schema.ts';

export const endTxnRequest = message(
  { name: 'EndTxnRequest', kind: 'request', apiKey: 26, versions: '0-5', flexible: '3+', listeners: ['broker'] },
  {
    transactionalId: string('0+', { entityType: 'transactionalId' }),
    producerId: int64('0+', { entityType: 'producerId' }),
    producerEpoch: int16('0+'),
    committed: bool('0+'),
  },
);
export type EndTxnRequest = Decoded<typeof endTxnRequest>;

export const endTxnResponse = message(
  { name: 'EndTxnResponse', kind: 'response', apiKey: 26, versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    producerId: int64('5+', { default: -1, ignorable: true, entityType: 'producerId' }),
    producerEpoch: int16('5+', { default: -1, ignorable: true }),
  },
);
export type EndTxnResponse = Decoded<typeof endTxnResponse>;
