/** DescribeUserScramCredentials (API key 50). */
import { array, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const describeUserScramCredentialsRequest = message(
  {
    name: 'DescribeUserScramCredentialsRequest',
    kind: 'request',
    apiKey: 50,
    versions: '0',
    flexible: '0+',
    listeners: ['broker', 'controller'],
  },
  {
    users: array(
      struct('UserName', {
        name: string('0+'),
      }),
      '0+',
      { nullable: '0+' },
    ),
  },
);
export type DescribeUserScramCredentialsRequest = Decoded<typeof describeUserScramCredentialsRequest>;

export const describeUserScramCredentialsResponse = message(
  { name: 'DescribeUserScramCredentialsResponse', kind: 'response', apiKey: 50, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    results: array(
      struct('DescribeUserScramCredentialsResult', {
        user: string('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        credentialInfos: array(
          struct('CredentialInfo', {
            mechanism: int8('0+'),
            iterations: int32('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type DescribeUserScramCredentialsResponse = Decoded<typeof describeUserScramCredentialsResponse>;
