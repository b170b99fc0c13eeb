/** What a leader writes about the quorum: the first records of its epoch, and the voters of one that becomes dynamic. */
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { type ControlContent, kraftVersionRecord, kraftVotersRecord, leaderChangeRecord } from './control-records.ts';
import type { ToldVoter } from './membership.ts';
import { SUPPORTED_KRAFT_VERSION, sameEndpoints, type Voter, type VoterEndpoint } from './voters.ts';

export interface EpochStart {
  readonly leaderId: number;
  /** Who has voted for it. */
  readonly granting: readonly number[];
  readonly voters: readonly Voter[];
  readonly kraftVersion: number;
  readonly localEndpoints: readonly VoterEndpoint[];
  /** The log is empty: only `format` knows the voters. */
  readonly isFirst: boolean;
}

/** The first batch of an epoch names its leader; a log that only `format` has touched gets its voters in it as well. */
export function epochRecords(start: EpochStart) {
  const { leaderId, granting, voters, kraftVersion, isFirst } = start;
  const voterIds = voters.map(({ id }) => id);
  const records = [leaderChangeRecord(leaderId, voterIds, granting)];
  const control: ControlContent = {};
  if (kraftVersion < 1) return { records, control };
  const current = withLocalEndpoints(start);
  if (isFirst) {
    control.kraftVersion = kraftVersion;
    records.push(kraftVersionRecord(kraftVersion));
  }
  if (isFirst || current !== voters) {
    control.voters = current;
    records.push(kraftVotersRecord(current));
  }
  return { records, control };
}

/** This node's listeners may have moved since the voters were written. */
function withLocalEndpoints({ leaderId, voters, localEndpoints: endpoints }: EpochStart): readonly Voter[] {
  const mine = voters.find(({ id }) => id === leaderId);
  if (mine === undefined || endpoints.length === 0 || sameEndpoints(mine.endpoints, endpoints)) return voters;
  return voters.map((voter) => (voter === mine ? { ...voter, endpoints } : voter));
}

/** A voter of a static quorum with what it has told of itself since the leader leads. */
export function dynamicVoter(voter: Voter, told: ToldVoter | null): Voter {
  if (told === null) {
    const message = `Cannot set kraft.version to 1 before voter ${voter.id} has told its directory id; try again in a few seconds`;
    throw new KafkaError(ErrorCode.INVALID_UPDATE_VERSION, message);
  }
  const endpoints = told.endpoints.length > 0 ? told.endpoints : voter.endpoints;
  return { ...voter, directoryId: told.directoryId, endpoints, kraftVersion: SUPPORTED_KRAFT_VERSION };
}
