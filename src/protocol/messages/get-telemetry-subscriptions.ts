/** GetTelemetrySubscriptions (API key 71). */
import { array, bool, type Decoded, int16, int32, message, uuid } from '../schema.ts';

export const getTelemetrySubscriptionsRequest = message(
  {
    name: 'GetTelemetrySubscriptionsRequest',
    kind: 'request',
    apiKey: 71,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    clientInstanceId: uuid('0+'),
  },
);
export type GetTelemetrySubscriptionsRequest = Decoded<typeof getTelemetrySubscriptionsRequest>;

export const getTelemetrySubscriptionsResponse = message(
  { name: 'GetTelemetrySubscriptionsResponse', kind: 'response', apiKey: 71, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    clientInstanceId: uuid('0+'),
    subscriptionId: int32('0+'),
    acceptedCompressionTypes: array('int8', '0+'),
    pushIntervalMs: int32('0+'),
    telemetryMaxBytes: int32('0+'),
    deltaTemporality: bool('0+'),
    requestedMetrics: array('string', '0+'),
  },
);
export type GetTelemetrySubscriptionsResponse = Decoded<typeof getTelemetrySubscriptionsResponse>;
