/** SaslHandshake (API key 17). */
import { array, type Decoded, int16, message, string } from '../schema.ts';

export const saslHandshakeRequest = message(
  {
    name: 'SaslHandshakeRequest',
    kind: 'request',
    apiKey: 17,
    versions: '0-1',
    flexible: 'none',
    listeners: ['broker', 'controller'],
  },
  {
    mechanism: string('0+'),
  },
);
export type SaslHandshakeRequest = Decoded<typeof saslHandshakeRequest>;

export const saslHandshakeResponse = message(
  { name: 'SaslHandshakeResponse', kind: 'response', apiKey: 17, versions: '0-1', flexible: 'none' },
  {
    errorCode: int16('0+'),
    mechanisms: array('string', '0+'),
  },
);
export type SaslHandshakeResponse = Decoded<typeof saslHandshakeResponse>;
