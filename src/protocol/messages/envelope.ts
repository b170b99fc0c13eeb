/** Envelope (API key 58). */
import { bytes, type Decoded, int16, message } from '../schema.ts';

export const envelopeRequest = message(
  { name: 'EnvelopeRequest', kind: 'request', apiKey: 58, versions: '0', flexible: '0+', listeners: ['controller'] },
  {
    requestData: bytes('0+'),
    requestPrincipal: bytes('0+', { nullable: '0+' }),
    clientHostAddress: bytes('0+'),
  },
);
export type EnvelopeRequest = Decoded<typeof envelopeRequest>;

export const envelopeResponse = message(
  { name: 'EnvelopeResponse', kind: 'response', apiKey: 58, versions: '0', flexible: '0+' },
  {
    responseData: bytes('0+', { nullable: '0+', default: null }),
    errorCode: int16('0+'),
  },
);
export type EnvelopeResponse = Decoded<typeof envelopeResponse>;
