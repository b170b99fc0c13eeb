/** Request and response headers. */
import { type Decoded, int16, int32, message, string } from '../schema.ts';

export const requestHeader = message(
  { name: 'RequestHeader', kind: 'header', versions: '1-2', flexible: '2+' },
  {
    requestApiKey: int16('0+'),
    requestApiVersion: int16('0+'),
    correlationId: int32('0+'),
    clientId: string('1+', { nullable: '1+', flexible: 'none' }),
  },
);
export type RequestHeader = Decoded<typeof requestHeader>;

export const responseHeader = message(
  { name: 'ResponseHeader', kind: 'header', versions: '0-1', flexible: '1+' },
  {
    correlationId: int32('0+'),
  },
);
export type ResponseHeader = Decoded<typeof responseHeader>;
