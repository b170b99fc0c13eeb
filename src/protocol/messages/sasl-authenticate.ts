/** SaslAuthenticate (API key 36). */
import { bytes, type Decoded, int16, int64, message, string } from '../schema.ts';

export const saslAuthenticateRequest = message(
  {
    name: 'SaslAuthenticateRequest',
    kind: 'request',
    apiKey: 36,
    versions: '0-2',
    flexible: '2+',
    listeners: ['broker', 'controller'],
  },
  {
    authBytes: bytes('0+'),
  },
);
export type SaslAuthenticateRequest = Decoded<typeof saslAuthenticateRequest>;

export const saslAuthenticateResponse = message(
  { name: 'SaslAuthenticateResponse', kind: 'response', apiKey: 36, versions: '0-2', flexible: '2+' },
  {
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    authBytes: bytes('0+'),
    sessionLifetimeMs: int64('1+', { default: 0, ignorable: true }),
  },
);
export type SaslAuthenticateResponse = Decoded<typeof saslAuthenticateResponse>;
