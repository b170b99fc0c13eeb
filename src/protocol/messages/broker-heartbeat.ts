/** BrokerHeartbeat (API key 63). */
import { array, bool, type Decoded, int16, int32, int64, message } from '../schema.ts';

export const brokerHeartbeatRequest = message(
  {
    name: 'BrokerHeartbeatRequest',
    kind: 'request',
    apiKey: 63,
    versions: '0-2',
    flexible: '0+',
    listeners: ['controller'],
  },
  {
    brokerId: int32('0+', { entityType: 'brokerId' }),
    brokerEpoch: int64('0+', { default: -1 }),
    currentMetadataOffset: int64('0+'),
    wantFence: bool('0+'),
    wantShutDown: bool('0+'),
    offlineLogDirs: array('uuid', '1+', { tagged: '1+', tag: 0, default: [] }),
    cordonedLogDirs: array('uuid', '2+', { nullable: '2+', tagged: '2+', tag: 1, default: null }),
  },
);
export type BrokerHeartbeatRequest = Decoded<typeof brokerHeartbeatRequest>;

export const brokerHeartbeatResponse = message(
  { name: 'BrokerHeartbeatResponse', kind: 'response', apiKey: 63, versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    isCaughtUp: bool('0+', { default: false }),
    isFenced: bool('0+', { default: true }),
    shouldShutDown: bool('0+'),
  },
);
export type BrokerHeartbeatResponse = Decoded<typeof brokerHeartbeatResponse>;
