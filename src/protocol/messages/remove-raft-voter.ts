/** RemoveRaftVoter (API key 81). */
import { type Decoded, int16, int32, message, string, uuid } from '../schema.ts';

export const removeRaftVoterRequest = message(
  {
    name: 'RemoveRaftVoterRequest',
    kind: 'request',
    apiKey: 81,
    versions: '0',
    flexible: '0+',
    listeners: ['controller', 'broker'],
  },
  {
    clusterId: string('0+', { nullable: '0+' }),
    voterId: int32('0+'),
    voterDirectoryId: uuid('0+'),
  },
);
export type RemoveRaftVoterRequest = Decoded<typeof removeRaftVoterRequest>;

export const removeRaftVoterResponse = message(
  { name: 'RemoveRaftVoterResponse', kind: 'response', apiKey: 81, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', ignorable: true }),
  },
);
export type RemoveRaftVoterResponse = Decoded<typeof removeRaftVoterResponse>;
