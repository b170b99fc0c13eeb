/** DescribeDelegationToken (API key 41). */
import { array, bytes, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

export const describeDelegationTokenRequest = message(
  {
    name: 'DescribeDelegationTokenRequest',
    kind: 'request',
    apiKey: 41,
    versions: '1-3',
    flexible: '2+',
    listeners: ['broker', 'controller'],
  },
  {
    owners: array(
      struct('DescribeDelegationTokenOwner', {
        principalType: string('0+'),
        principalName: string('0+'),
      }),
      '0+',
      { nullable: '0+' },
    ),
  },
);
export type DescribeDelegationTokenRequest = Decoded<typeof describeDelegationTokenRequest>;

export const describeDelegationTokenResponse = message(
  { name: 'DescribeDelegationTokenResponse', kind: 'response', apiKey: 41, versions: '1-3', flexible: '2+' },
  {
    errorCode: int16('0+'),
    tokens: array(
      struct('DescribedDelegationToken', {
        principalType: string('0+'),
        principalName: string('0+'),
        tokenRequesterPrincipalType: string('3+', { default: '' }),
        tokenRequesterPrincipalName: string('3+', { default: '' }),
        issueTimestamp: int64('0+'),
        expiryTimestamp: int64('0+'),
        maxTimestamp: int64('0+'),
        tokenId: string('0+'),
        hmac: bytes('0+'),
        renewers: array(
          struct('DescribedDelegationTokenRenewer', {
            principalType: string('0+'),
            principalName: string('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    throttleTimeMs: int32('0+'),
  },
);
export type DescribeDelegationTokenResponse = Decoded<typeof describeDelegationTokenResponse>;
