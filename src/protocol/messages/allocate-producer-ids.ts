/** AllocateProducerIds (API key 67). */
import { type Decoded, int16, int32, int64, message } from '../schema.ts';

export const allocateProducerIdsRequest = message(
  {
    name: 'AllocateProducerIdsRequest',
    kind: 'request',
    apiKey: 67,
    versions: '0',
    flexible: '0+',
    listeners: ['controller'],
  },
  {
    brokerId: int32('0+', { entityType: 'brokerId' }),
    brokerEpoch: int64('0+', { default: -1 }),
  },
);
export type AllocateProducerIdsRequest = Decoded<typeof allocateProducerIdsRequest>;

export const allocateProducerIdsResponse = message(
  { name: 'AllocateProducerIdsResponse', kind: 'response', apiKey: 67, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    producerIdStart: int64('0+', { entityType: 'producerId' }),
    producerIdLen: int32('0+'),
  },
);
export type AllocateProducerIdsResponse = Decoded<typeof allocateProducerIdsResponse>;
