/** Control records (keys and values in control batches). */
import { ZERO_UUID } from '../../base/uuid.ts';
import { array, type Decoded, int16, int32, int64, message, of, string, struct, uint16, uuid } from '../schema.ts';

export const controlRecordTypeSchema = message(
  { name: 'ControlRecordTypeSchema', kind: 'data', versions: '0', flexible: 'none' },
  {
    type: int16('0+'),
  },
);
export type ControlRecordTypeSchema = Decoded<typeof controlRecordTypeSchema>;

export const endTxnMarker = message(
  { name: 'EndTxnMarker', kind: 'data', versions: '0', flexible: 'none' },
  {
    coordinatorEpoch: int32('0+'),
  },
);
export type EndTxnMarker = Decoded<typeof endTxnMarker>;

export const kRaftVersionRecord = message(
  { name: 'KRaftVersionRecord', kind: 'data', versions: '0', flexible: '0+' },
  {
    version: int16('0+'),
    kRaftVersion: int16('0+'),
  },
);
export type KRaftVersionRecord = Decoded<typeof kRaftVersionRecord>;

const leaderChangeMessageVoter = struct('Voter', {
  voterId: int32('0+'),
  voterDirectoryId: uuid('1+', { default: ZERO_UUID }),
});

export const leaderChangeMessage = message(
  { name: 'LeaderChangeMessage', kind: 'data', versions: '0-1', flexible: '0+' },
  {
    version: int16('0+'),
    leaderId: int32('0+', { entityType: 'brokerId' }),
    voters: array(leaderChangeMessageVoter, '0+'),
    grantingVoters: array(leaderChangeMessageVoter, '0+'),
  },
);
export type LeaderChangeMessage = Decoded<typeof leaderChangeMessage>;

export const snapshotFooterRecord = message(
  { name: 'SnapshotFooterRecord', kind: 'data', versions: '0', flexible: '0+' },
  {
    version: int16('0+'),
  },
);
export type SnapshotFooterRecord = Decoded<typeof snapshotFooterRecord>;

export const snapshotHeaderRecord = message(
  { name: 'SnapshotHeaderRecord', kind: 'data', versions: '0', flexible: '0+' },
  {
    version: int16('0+'),
    lastContainedLogTimestamp: int64('0+'),
  },
);
export type SnapshotHeaderRecord = Decoded<typeof snapshotHeaderRecord>;

export const votersRecord = message(
  { name: 'VotersRecord', kind: 'data', versions: '0', flexible: '0+' },
  {
    version: int16('0+'),
    voters: array(
      struct('Voter', {
        voterId: int32('0+', { entityType: 'brokerId' }),
        voterDirectoryId: uuid('0+'),
        endpoints: array(
          struct('Endpoint', {
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
      }),
      '0+',
    ),
  },
);
export type VotersRecord = Decoded<typeof votersRecord>;
