/** UnregisterBroker (API key 64). */
import { type Decoded, int16, int32, message, string } from '../schema.ts';

export const unregisterBrokerRequest = message(
  {
    name: 'UnregisterBrokerRequest',
    kind: 'request',
    apiKey: 64,
    versions: '0',
    flexible: '0+',
    listeners: ['broker', 'controller'],
  },
  {
    brokerId: int32('0+', { entityType: 'brokerId' }),
  },
);
export type UnregisterBrokerRequest = Decoded<typeof unregisterBrokerRequest>;

export const unregisterBrokerResponse = message(
  { name: 'UnregisterBrokerResponse', kind: 'response', apiKey: 64, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
);
export type UnregisterBrokerResponse = Decoded<typeof unregisterBrokerResponse>;
