/** PushTelemetry (API key 72). */
import { bool, bytes, type Decoded, int8, int16, int32, message, uuid } from '../schema.ts';

export const pushTelemetryRequest = message(
  { name: 'PushTelemetryRequest', kind: 'request', apiKey: 72, versions: '0', flexible: '0+', listeners: ['broker'] },
  {
    clientInstanceId: uuid('0+'),
    subscriptionId: int32('0+'),
    terminating: bool('0+'),
    compressionType: int8('0+'),
    metrics: bytes('0+'),
  },
);
export type PushTelemetryRequest = Decoded<typeof pushTelemetryRequest>;

export const pushTelemetryResponse = message(
  { name: 'PushTelemetryResponse', kind: 'response', apiKey: 72, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
  },
);
export type PushTelemetryResponse = Decoded<typeof pushTelemetryResponse>;
