/** AddRaftVoter (API key 80). */
import { array, bool, type Decoded, int16, int32, message, string, struct, uint16, uuid } from '../schema.ts';

export const addRaftVoterRequest = message(
  {
    name: 'AddRaftVoterRequest',
    kind: 'request',
    apiKey: 80,
    versions: '0-1',
    flexible: '0+',
    listeners: ['controller', 'broker'],
  },
  {
    clusterId: string('0+', { nullable: '0+' }),
    timeoutMs: int32('0+'),
    voterId: int32('0+'),
    voterDirectoryId: uuid('0+'),
    listeners: array(
      struct('Listener', {
        name: string('0+', { mapKey: true }),
        host: string('0+'),
        port: uint16('0+'),
      }),
      '0+',
    ),
    ackWhenCommitted: bool('1+', { default: true }),
  },
);
export type AddRaftVoterRequest = Decoded<typeof addRaftVoterRequest>;

export const addRaftVoterResponse = message(
  { name: 'AddRaftVoterResponse', kind: 'response', apiKey: 80, versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', ignorable: true }),
  },
);
export type AddRaftVoterResponse = Decoded<typeof addRaftVoterResponse>;
