/** ListGroups, DescribeGroups and DeleteGroups. The first two see groups that are committed. */
import { ErrorCode } from '../protocol/error-codes.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { ClassicMember } from './classic-member.ts';
import type { GroupOffsets } from './group-offsets.ts';
import type { ForeignGroupType, GroupRecord } from './group-records.ts';
import { foreignTombstones } from './group-table.ts';
import { answer, type CoordinatorResult, type ShardContext } from './shard-context.ts';

export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly groupState: string;
  readonly groupType: string;
}

export interface DescribedGroup {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly protocolType: string;
  readonly protocolData: string;
  readonly members: readonly DescribedMember[];
}

export interface DescribedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly memberMetadata: Uint8Array;
  readonly memberAssignment: Uint8Array;
}

export interface GroupFilter {
  /** Lower case; empty: all. */
  readonly states: ReadonlySet<string>;
  /** Lower case; empty: all. */
  readonly types: ReadonlySet<string>;
}

/** From here on a group that does not exist is an error; before, it was a dead group. */
const GROUP_ID_NOT_FOUND_FROM = 6;
const NO_BYTES = new Uint8Array(0);
const PROTOCOL_TYPES: Readonly<Record<ForeignGroupType, string>> = {
  Consumer: 'consumer',
  Share: 'share',
  Streams: 'streams',
};

export class GroupQueries {
  readonly #context: ShardContext;
  readonly #offsets: GroupOffsets;

  constructor(context: ShardContext, offsets: GroupOffsets) {
    this.#context = context;
    this.#offsets = offsets;
  }

  list(filter: GroupFilter): ListedGroup[] {
    const { groups } = this.#context;
    const listed: ListedGroup[] = [];
    for (const group of groups.committed()) {
      listed.push({
        groupId: group.groupId,
        protocolType: group.protocolType ?? '',
        groupState: group.state,
        groupType: 'Classic',
      });
    }
    for (const { groupId, type } of groups.foreignGroups()) {
      if (groups.get(groupId, 'committed') !== undefined) continue;
      // Nobody can be in it here.
      listed.push({ groupId, protocolType: PROTOCOL_TYPES[type], groupState: 'Empty', groupType: type });
    }
    return listed.filter(
      ({ groupState, groupType }) =>
        (filter.states.size === 0 || filter.states.has(groupState.toLowerCase())) &&
        (filter.types.size === 0 || filter.types.has(groupType.toLowerCase())),
    );
  }

  describe(apiVersion: number, groupId: string): DescribedGroup {
    const { groups } = this.#context;
    const group = groups.get(groupId, 'committed');
    if (group !== undefined) return describeGroup(group);
    const isForeign = groups.foreign(groupId) !== undefined;
    const isError = apiVersion >= GROUP_ID_NOT_FOUND_FROM;
    const message = isForeign ? `Group ${groupId} is not a classic group.` : `Group ${groupId} not found.`;
    // Tools ask ConsumerGroupDescribe first, which says INVALID_GROUP_ID; here they fall back to this API and must too.
    const errorCode = groupId === '' ? ErrorCode.INVALID_GROUP_ID : ErrorCode.GROUP_ID_NOT_FOUND;
    return {
      errorCode: isError ? errorCode : ErrorCode.NONE,
      errorMessage: isError && groupId !== '' ? message : null,
      groupId,
      groupState: 'Dead',
      protocolType: '',
      protocolData: '',
      members: [],
    };
  }

  /** Each group's error code. Groups without error are deleted together with their offsets. */
  delete(groupIds: readonly string[]): CoordinatorResult<ReadonlyMap<string, number>> {
    const { groups, logger } = this.#context;
    const records: GroupRecord[] = [];
    const results = new Map<string, number>();
    const deleted: string[] = [];
    let offsetCount = 0;
    for (const groupId of groupIds) {
      const group = groups.get(groupId);
      const foreign = groups.foreign(groupId);
      const errorCode = deleteRefusal(group, foreign !== undefined);
      results.set(groupId, errorCode);
      if (errorCode !== ErrorCode.NONE) continue;
      const offsets = this.#offsets.tombstones(groupId);
      offsetCount += offsets.length;
      records.push(...offsets);
      if (group !== undefined) records.push({ kind: 'group-metadata', group: groupId, value: null });
      if (foreign !== undefined) records.push(...foreignTombstones(foreign));
      deleted.push(groupId);
    }
    if (deleted.length > 0)
      logger.info(
        `The following groups were deleted: ${deleted.join(', ')}. A total of ${offsetCount} offsets were removed.`,
      );
    return answer(results, records);
  }
}

function deleteRefusal(group: ClassicGroup | undefined, isForeign: boolean): number {
  if (group === undefined) return isForeign ? ErrorCode.NONE : ErrorCode.GROUP_ID_NOT_FOUND;
  if (group.state === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND;
  return group.state === 'Empty' ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
}

function describeGroup(group: ClassicGroup): DescribedGroup {
  const { groupId, state } = group;
  // Between two generations there is no protocol to describe by.
  const protocolName = state === 'Stable' ? (group.protocolName ?? '') : '';
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId,
    groupState: state,
    protocolType: group.protocolType ?? '',
    protocolData: protocolName,
    members: Array.from(group.members(), (member) => describeMember(member, protocolName)),
  };
}

function describeMember(member: ClassicMember, protocolName: string): DescribedMember {
  const { memberId, groupInstanceId, clientId, clientHost, assignment } = member;
  const memberMetadata = member.metadata(protocolName) ?? NO_BYTES;
  return { memberId, groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment: assignment };
}
