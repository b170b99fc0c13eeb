/** UpdateRaftVoter (API key 82). */
import {
  array,
  type Decoded,
  int16,
  int32,
  message,
  of,
  STRUCT_DEFAULT,
  string,
  struct,
  uint16,
  uuid,
} from '../schema.ts';

export const updateRaftVoterRequest = message(
  {
    name: 'UpdateRaftVoterRequest',
    kind: 'request',
    apiKey: 82,
    versions: '0',
    flexible: '0+',
    listeners: ['controller'],
  },
  {
    clusterId: string('0+', { nullable: '0+' }),
    currentLeaderEpoch: int32('0+'),
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
    kRaftVersionFeature: of(
      struct('KRaftVersionFeature', {
        minSupportedVersion: int16('0+'),
        maxSupportedVersion: int16('0+'),
      }),
      '0+',
    ),
  },
);
export type UpdateRaftVoterRequest = Decoded<typeof updateRaftVoterRequest>;

export const updateRaftVoterResponse = message(
  { name: 'UpdateRaftVoterResponse', kind: 'response', apiKey: 82, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    currentLeader: of(
      struct('CurrentLeader', {
        leaderId: int32('0+', { default: -1, entityType: 'brokerId' }),
        leaderEpoch: int32('0+', { default: -1 }),
        host: string('0+'),
        port: int32('0+'),
      }),
      '0+',
      { tagged: '0+', tag: 0, default: STRUCT_DEFAULT },
    ),
  },
);
export type UpdateRaftVoterResponse = Decoded<typeof updateRaftVoterResponse>;
