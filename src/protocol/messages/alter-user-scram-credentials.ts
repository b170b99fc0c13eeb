/** AlterUserScramCredentials (API key 51). */
import { array, bytes, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const alterUserScramCredentialsRequest = message(
  {
    name: 'AlterUserScramCredentialsRequest',
    kind: 'request',
    apiKey: 51,
    versions: '0',
    flexible: '0+',
    listeners: ['broker', 'controller'],
  },
  {
    deletions: array(
      struct('ScramCredentialDeletion', {
        name: string('0+'),
        mechanism: int8('0+'),
      }),
      '0+',
    ),
    upsertions: array(
      struct('ScramCredentialUpsertion', {
        name: string('0+'),
        mechanism: int8('0+'),
        iterations: int32('0+'),
        salt: bytes('0+'),
        saltedPassword: bytes('0+'),
      }),
      '0+',
    ),
  },
);
export type AlterUserScramCredentialsRequest = Decoded<typeof alterUserScramCredentialsRequest>;

export const alterUserScramCredentialsResponse = message(
  { name: 'AlterUserScramCredentialsResponse', kind: 'response', apiKey: 51, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    results: array(
      struct('AlterUserScramCredentialsResult', {
        user: string('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
      '0+',
    ),
  },
);
export type AlterUserScramCredentialsResponse = Decoded<typeof alterUserScramCredentialsResponse>;
