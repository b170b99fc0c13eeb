/** ControllerRegistration (API key 70). */
import { array, bool, type Decoded, int16, int32, message, string, struct, uint16, uuid } from '../schema.ts';

export const controllerRegistrationRequest = message(
  {
    name: 'ControllerRegistrationRequest',
    kind: 'request',
    apiKey: 70,
    versions: '0',
    flexible: '0+',
    listeners: ['controller'],
  },
  {
    controllerId: int32('0+'),
    incarnationId: uuid('0+'),
    zkMigrationReady: bool('0+'),
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
  },
);
export type ControllerRegistrationRequest = Decoded<typeof controllerRegistrationRequest>;

export const controllerRegistrationResponse = message(
  { name: 'ControllerRegistrationResponse', kind: 'response', apiKey: 70, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
);
export type ControllerRegistrationResponse = Decoded<typeof controllerRegistrationResponse>;
