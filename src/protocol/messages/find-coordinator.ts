/** FindCoordinator (API key 10). */
import { array, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const findCoordinatorRequest = message(
  {
    name: 'FindCoordinatorRequest',
    kind: 'request',
    apiKey: 10,
    versions: '0-6',
    flexible: '3+',
    listeners: ['broker'],
  },
  {
    key: string('0-3', { default: '' }),
    keyType: int8('1+', { default: 0 }),
    coordinatorKeys: array('string', '4+', { default: [] }),
  },
);
export type FindCoordinatorRequest = Decoded<typeof findCoordinatorRequest>;

export const findCoordinatorResponse = message(
  { name: 'FindCoordinatorResponse', kind: 'response', apiKey: 10, versions: '0-6', flexible: '3+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    errorCode: int16('0-3', { default: 0 }),
    errorMessage: string('1-3', { nullable: '1-3', default: '', ignorable: true }),
    nodeId: int32('0-3', { default: 0, entityType: 'brokerId' }),
    host: string('0-3', { default: '' }),
    port: int32('0-3', { default: 0 }),
    coordinators: array(
      struct('Coordinator', {
        key: string('4+', { default: '' }),
        nodeId: int32('4+', { default: 0, entityType: 'brokerId' }),
        host: string('4+', { default: '' }),
        port: int32('4+', { default: 0 }),
        errorCode: int16('4+', { default: 0 }),
        errorMessage: string('4+', { nullable: '4+', default: '', ignorable: true }),
      }),
      '4+',
      { default: [] },
    ),
  },
);
export type FindCoordinatorResponse = Decoded<typeof findCoordinatorResponse>;
