/** ExpireDelegationToken (API key 40). */
import { bytes, type Decoded, int16, int32, int64, message } from '../schema.ts';

export const expireDelegationTokenRequest = message(
  {
    name: 'ExpireDelegationTokenRequest',
    kind: 'request',
    apiKey: 40,
    versions: '1-2',
    flexible: '2+',
    listeners: ['broker', 'controller'],
  },
  {
    hmac: bytes('0+'),
    expiryTimePeriodMs: int64('0+'),
  },
);
export type ExpireDelegationTokenRequest = Decoded<typeof expireDelegationTokenRequest>;

export const expireDelegationTokenResponse = message(
  { name: 'ExpireDelegationTokenResponse', kind: 'response', apiKey: 40, versions: '1-2', flexible: '2+' },
  {
    errorCode: int16('0+'),
    expiryTimestampMs: int64('0+'),
    throttleTimeMs: int32('0+'),
  },
);
export type ExpireDelegationTokenResponse = Decoded<typeof expireDelegationTokenResponse>;
