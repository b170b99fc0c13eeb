/** BrokerRegistration (API key 62). */
import { array, bool, type Decoded, int16, int32, int64, message, string, struct, uint16, uuid } from '../schema.ts';

export const brokerRegistrationRequest = message(
  {
    name: 'BrokerRegistrationRequest',
    kind: 'request',
    apiKey: 62,
    versions: '0-4',
    flexible: '0+',
    listeners: ['controller'],
  },
  {
    brokerId: int32('0+', { entityType: 'brokerId' }),
    clusterId: string('0+'),
    incarnationId: uuid('0+'),
    listeners: array(
      struct('Listener', {
        name: string('0+', { mapKey: true }),
        host: string('0+'),
        port: uint16('0+'),
        securityProtocol: int16('0+'),
      }),
      '0+',
    ),
    features: array(
      struct('Feature', {
        name: string('0+', { mapKey: true }),
        minSupportedVersion: int16('0+'),
        maxSupportedVersion: int16('0+'),
      }),
      '0+',
    ),
    rack: string('0+', { nullable: '0+' }),
    isMigratingZkBroker: bool('1+', { default: false }),
    logDirs: array('uuid', '2+', { default: [], ignorable: true }),
    previousBrokerEpoch: int64('3+', { default: -1, ignorable: true }),
  },
);
export type BrokerRegistrationRequest = Decoded<typeof brokerRegistrationRequest>;

export const brokerRegistrationResponse = message(
  { name: 'BrokerRegistrationResponse', kind: 'response', apiKey: 62, versions: '0-4', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
  },
);
export type BrokerRegistrationResponse = Decoded<typeof brokerRegistrationResponse>;
