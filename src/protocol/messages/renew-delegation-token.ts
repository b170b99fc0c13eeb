/** RenewDelegationToken (API key 39). */
import { bytes, type Decoded, int16, int32, int64, message } from '../schema.ts';

export const renewDelegationTokenRequest = message(
  {
    name: 'RenewDelegationTokenRequest',
    kind: 'request',
    apiKey: 39,
    versions: '1-2',
    flexible: '2+',
    listeners: ['broker', 'controller'],
  },
  {
    hmac: bytes('0+'),
    renewPeriodMs: int64('0+'),
  },
);
export type RenewDelegationTokenRequest = Decoded<typeof renewDelegationTokenRequest>;

export const renewDelegationTokenResponse = message(
  { name: 'RenewDelegationTokenResponse', kind: 'response', apiKey: 39, versions: '1-2', flexible: '2+' },
  {
    errorCode: int16('0+'),
    expiryTimestampMs: int64('0+'),
    throttleTimeMs: int32('0+'),
  },
);
export type RenewDelegationTokenResponse = Decoded<typeof renewDelegationTokenResponse>;
