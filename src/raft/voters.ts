/** The voters of a quorum, as configured (static, kraft.version 0) or as the log has them (dynamic, kraft.version 1). */
import { type Uuid, ZERO_UUID } from '../base/uuid.ts';
import type { VotersRecord } from '../protocol/records/control.ts';

export interface VoterEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface Voter {
  readonly id: number;
  /** ZERO_UUID in a static quorum, where an id alone names a voter. */
  readonly directoryId: Uuid;
  readonly endpoints: readonly VoterEndpoint[];
  readonly kraftVersion: { readonly min: number; readonly max: number };
}

/** What this software can follow. */
export const SUPPORTED_KRAFT_VERSION: Voter['kraftVersion'] = { min: 0, max: 1 };

export function staticVoter(id: number, endpoint: VoterEndpoint): Voter {
  return { id, directoryId: ZERO_UUID, endpoints: [endpoint], kraftVersion: { min: 0, max: 0 } };
}

export function votersFromRecord(record: VotersRecord): Voter[] {
  return record.voters.map((voter) => ({
    id: voter.voterId,
    directoryId: voter.voterDirectoryId,
    endpoints: voter.endpoints,
    kraftVersion: {
      min: voter.kRaftVersionFeature.minSupportedVersion,
      max: voter.kRaftVersionFeature.maxSupportedVersion,
    },
  }));
}

export function votersToRecord(voters: readonly Voter[]): VotersRecord {
  return {
    version: 0,
    voters: voters.map((voter) => ({
      voterId: voter.id,
      voterDirectoryId: voter.directoryId,
      endpoints: voter.endpoints,
      kRaftVersionFeature: {
        minSupportedVersion: voter.kraftVersion.min,
        maxSupportedVersion: voter.kraftVersion.max,
      },
    })),
  };
}

export function sameEndpoints(a: readonly VoterEndpoint[], b: readonly VoterEndpoint[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => one.name === b[i]?.name && one.host === b[i]?.host && one.port === b[i]?.port)
  );
}

/** In a static quorum an id is enough; in a dynamic one a voter is its id and its directory: a wiped disk is somebody else. */
export function isSameVoter(voter: Voter, key: { readonly id: number; readonly directoryId: Uuid }): boolean {
  return voter.id === key.id && (voter.directoryId === ZERO_UUID || voter.directoryId === key.directoryId);
}
