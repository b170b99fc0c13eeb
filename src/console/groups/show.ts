/** Consumer groups as data, tables and CSV. */
import type { TopicPartition } from '../../client/offsets.ts';
import type { Cell, Column, Mark, Sheet, Shown } from '../show/shown.ts';
import type { DescribedGroup, DescribeGroupsResult, OffsetRow } from './describe.ts';
import type { ListResult } from './list.ts';
import type { DeleteOffsetsResult, DeleteResult } from './remove.ts';
import type { NewOffset, ResetResult } from './reset.ts';

const NO_GROUPS = 'no groups yet; kts console-consumer TOPIC --group ID is a member of one';

function stateMark(cell: Cell): Mark | undefined {
  if (cell === 'Stable') return 'good';
  if (cell === 'Empty') return 'dim';
  return cell === 'Dead' ? 'bad' : 'warn';
}

const GROUP: Column = { head: 'GROUP', key: 'group', mark: () => 'name' };
const STATE: Column = { head: 'STATE', key: 'state', mark: stateMark };
const TOPIC: Column = { head: 'TOPIC', key: 'topic' };
const PARTITION: Column = { head: 'PARTITION', key: 'partition', right: true };

/** A sheet that is the same for people and for programs. */
function one(data: unknown, sheet: Sheet, empty = ''): Shown {
  return { data, sheets: [sheet], empty };
}

export function showList({ groups }: ListResult): Shown {
  const rows = groups.map((group) => ({
    group: group.id,
    type: group.type,
    state: group.state,
    protocol: group.protocolType,
  }));
  const sheet: Sheet = {
    columns: [GROUP, { head: 'TYPE', key: 'type' }, STATE],
    rows: rows.map((row) => [row.group, row.type, row.state]),
  };
  return one(rows, sheet, NO_GROUPS);
}

function lagOf(row: OffsetRow): number | null {
  return row.current === undefined || row.current < 0 || row.end === undefined ? null : row.end - row.current;
}

function lagMark(cell: Cell): Mark | undefined {
  return cell === 0 ? 'good' : 'warn';
}

function offsetCells(row: OffsetRow): Cell[] {
  return [
    row.topic,
    row.partition,
    row.current ?? null,
    row.end ?? null,
    lagOf(row),
    row.member?.memberId ?? null,
    row.member?.host ?? null,
    row.member?.clientId ?? null,
  ];
}

const OFFSETS: readonly Column[] = [
  TOPIC,
  PARTITION,
  { head: 'OFFSET', key: 'current_offset', right: true },
  { head: 'END', key: 'log_end_offset', right: true },
  { head: 'LAG', key: 'lag', right: true, mark: lagMark },
  { head: 'CONSUMER', key: 'consumer_id' },
  { head: 'HOST', key: 'host' },
  { head: 'CLIENT', key: 'client_id' },
];

function offsetsSheet({ group, offsets }: DescribedGroup): Sheet {
  const rows = offsets ?? [];
  const lag = rows.reduce((sum, row) => sum + (lagOf(row) ?? 0), 0);
  const isIdle = group.members.length === 0;
  return {
    title: group.id,
    detail: `${group.state}, lag: ${lag}`,
    // Nobody is there: three empty columns tell nothing.
    columns: isIdle ? OFFSETS.slice(0, 5) : OFFSETS,
    rows: rows.map((row) => (isIdle ? offsetCells(row).slice(0, 5) : offsetCells(row))),
    ...(rows.length === 0 ? { note: 'it has committed nothing' } : {}),
  };
}

function offsetsData({ group, offsets }: DescribedGroup) {
  return {
    group: group.id,
    state: group.state,
    offsets: (offsets ?? []).map((row) => ({
      topic: row.topic,
      partition: row.partition,
      currentOffset: row.current ?? null,
      logEndOffset: row.end ?? null,
      lag: lagOf(row),
      leaderEpoch: row.leaderEpoch ?? null,
      consumerId: row.member?.memberId ?? null,
      host: row.member?.host ?? null,
      clientId: row.member?.clientId ?? null,
    })),
  };
}

function partitionsText(partitions: readonly TopicPartition[] | undefined): string | null {
  if (partitions === undefined || partitions.length === 0) return null;
  const byTopic = Map.groupBy(partitions, (p) => p.topic);
  return [...byTopic].map(([topic, list]) => `${topic}:${list.map((p) => p.partition).join(',')}`).join(' ');
}

const MEMBERS: readonly Column[] = [
  { head: 'CONSUMER', key: 'consumer_id' },
  { head: 'INSTANCE', key: 'group_instance_id' },
  { head: 'HOST', key: 'host' },
  { head: 'CLIENT', key: 'client_id' },
  { head: 'COUNT', key: 'partition_count', right: true },
  { head: 'PARTITIONS', key: 'partitions' },
];

function memberCells({ group }: DescribedGroup): Cell[][] {
  return group.members.map((member) => [
    member.memberId,
    member.instanceId,
    member.host,
    member.clientId,
    member.assignment.length,
    partitionsText(member.assignment),
  ]);
}

function membersSheet(described: DescribedGroup): Sheet {
  const { group } = described;
  const rows = memberCells(described);
  const detail = `${group.state}, members: ${group.members.length}`;
  return {
    title: group.id,
    detail,
    columns: MEMBERS,
    rows,
    ...(rows.length === 0 ? { note: 'it has no active members' } : {}),
  };
}

function membersData({ group }: DescribedGroup) {
  return {
    group: group.id,
    state: group.state,
    members: group.members.map((member) => ({
      consumerId: member.memberId,
      groupInstanceId: member.instanceId,
      host: member.host,
      clientId: member.clientId,
      epoch: member.epoch ?? null,
      assignment: member.assignment,
      targetAssignment: member.targetAssignment ?? null,
    })),
  };
}

function stateRow({ group, coordinator }: DescribedGroup): Cell[] {
  return [group.id, coordinator, group.assignor === '' ? null : group.assignor, group.state, group.members.length];
}

function stateData({ group, coordinator }: DescribedGroup) {
  return {
    group: group.id,
    type: group.type,
    state: group.state,
    coordinator,
    assignor: group.assignor === '' ? null : group.assignor,
    groupEpoch: group.groupEpoch ?? null,
    targetAssignmentEpoch: group.targetEpoch ?? null,
    members: group.members.length,
  };
}

export function showDescribed({ what, groups }: DescribeGroupsResult): Shown {
  if (what === 'state') {
    const columns: Column[] = [
      GROUP,
      { head: 'COORDINATOR', key: 'coordinator' },
      { head: 'ASSIGNOR', key: 'assignment_strategy' },
      STATE,
      { head: 'MEMBERS', key: 'members', right: true },
    ];
    return one(groups.map(stateData), { columns, rows: groups.map(stateRow) }, NO_GROUPS);
  }
  const members = what === 'members';
  return {
    data: members ? groups.map(membersData) : groups.map(offsetsData),
    sheets: groups.map(members ? membersSheet : offsetsSheet),
    csv: {
      columns: [GROUP, ...(members ? MEMBERS : OFFSETS)],
      rows: groups.flatMap((described) => {
        const rows = members ? memberCells(described) : (described.offsets ?? []).map(offsetCells);
        return rows.map((cells) => [described.group.id, ...cells]);
      }),
    },
    empty: NO_GROUPS,
  };
}

export function showReset({ offsets }: ResetResult, failure: Error | undefined): Shown {
  const rows = offsets.map((offset: NewOffset) => ({
    group: offset.group,
    topic: offset.topic,
    partition: offset.partition,
    newOffset: offset.offset,
  }));
  const sheet: Sheet = {
    columns: [GROUP, TOPIC, PARTITION, { head: 'NEW OFFSET', key: 'new_offset', right: true }],
    rows: rows.map((row) => [row.group, row.topic, row.partition, row.newOffset]),
  };
  return { ...one(rows, sheet), ...(failure === undefined ? {} : { failure }) };
}

export function showDeleted({ deleted, failed }: DeleteResult, failure: Error | undefined): Shown {
  const rows = [
    ...deleted.map((group) => ({ group, deleted: true, error: null })),
    ...failed.map(({ group, error }) => ({ group, deleted: false, error: error.message })),
  ];
  const sheet: Sheet = {
    columns: [GROUP, { head: 'DELETED', key: 'deleted' }, { head: 'WHY NOT', key: 'error', mark: () => 'bad' }],
    rows: rows.map((row) => [row.group, row.deleted, row.error]),
  };
  return { ...one(rows, sheet), ...(failure === undefined ? {} : { failure }) };
}

export function showDeletedOffsets(result: DeleteOffsetsResult, failure: Error | undefined): Shown {
  const rows = result.rows.map((row) => ({
    group: result.group,
    topic: row.topic,
    partition: row.partition ?? null,
    deleted: row.error === null,
    error: row.error?.message ?? null,
  }));
  const sheet: Sheet = {
    columns: [GROUP, TOPIC, PARTITION, { head: 'DELETED', key: 'deleted' }, { head: 'WHY NOT', key: 'error' }],
    rows: rows.map((row) => [row.group, row.topic, row.partition, row.deleted, row.error]),
  };
  return { ...one(rows, sheet), ...(failure === undefined ? {} : { failure }) };
}
