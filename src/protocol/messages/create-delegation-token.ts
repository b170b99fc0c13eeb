/** CreateDelegationToken (API key 38). */
import { array, bytes, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

export const createDelegationTokenRequest = message(
  {
    name: 'CreateDelegationTokenRequest',
    kind: 'request',
    apiKey: 38,
    versions: '1-3',
    flexible: '2+',
    listeners: ['broker', 'controller'],
  },
  {
    ownerPrincipalType: string('3+', { nullable: '3+', default: '' }),
    ownerPrincipalName: string('3+', { nullable: '3+', default: '' }),
    renewers: array(
      struct('CreatableRenewers', {
        principalType: string('0+'),
        principalName: string('0+'),
      }),
      '0+',
    ),
    maxLifetimeMs: int64('0+'),
  },
);
export type CreateDelegationTokenRequest = Decoded<typeof createDelegationTokenRequest>;

export const createDelegationTokenResponse = message(
  { name: 'CreateDelegationTokenResponse', kind: 'response', apiKey: 38, versions: '1-3', flexible: '2+' },
  {
    errorCode: int16('0+'),
    principalType: string('0+'),
    principalName: string('0+'),
    tokenRequesterPrincipalType: string('3+', { default: '' }),
    tokenRequesterPrincipalName: string('3+', { default: '' }),
    issueTimestampMs: int64('0+'),
    expiryTimestampMs: int64('0+'),
    maxTimestampMs: int64('0+'),
    tokenId: string('0+'),
    hmac: bytes('0+'),
    throttleTimeMs: int32('0+'),
  },
);
export type CreateDelegationTokenResponse = Decoded<typeof createDelegationTokenResponse>;
