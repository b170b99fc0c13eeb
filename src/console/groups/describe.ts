/** `consumer-groups --describe`: offsets and lag, members, state; in Kafka's columns. */
import { describeGroup, fetchOffsets, type GroupDescription, type GroupMember } from '../../client/admin-groups.ts';
import { listOffsets, OffsetSpec, partitionKey, type TopicPartition } from '../../client/offsets.ts';
import { addressText } from '../../network/address.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { type GroupsClient, groupError } from './groups-client.ts';

export interface OffsetRow extends TopicPartition {
  readonly current: number | undefined;
  readonly end: number | undefined;
  readonly leaderEpoch: number | undefined;
  readonly member: GroupMember | undefined;
}

export interface DescribedGroup {
  readonly group: GroupDescription;
  readonly coordinator: string;
  /** Of the description of offsets. */
  readonly offsets: readonly OffsetRow[] | undefined;
}

export interface DescribeGroupsResult {
  readonly what: 'offsets' | 'members' | 'state';
  readonly verbose: boolean;
  readonly groups: readonly DescribedGroup[];
}

async function offsetRows(client: GroupsClient, group: GroupDescription): Promise<OffsetRow[]> {
  const deadline = client.cluster.deadline(client.timeoutMs);
  const committed = await fetchOffsets(client.cluster, client.coordinators, group.id, { deadline });
  const owners = new Map<string, { partition: TopicPartition; member: GroupMember }>();
  for (const member of group.members) {
    for (const partition of member.assignment) {
      owners.set(partitionKey(partition.topic, partition.partition), { partition, member });
    }
  }
  const partitions = new Map<string, TopicPartition>();
  for (const [key, { partition }] of owners) partitions.set(key, partition);
  for (const [key, { topic, partition }] of committed) partitions.set(key, { topic, partition });
  const queries = [...partitions.values()].map((p) => ({ ...p, timestamp: OffsetSpec.latest }));
  const ends = await listOffsets(client.cluster, queries, { deadline, failFast: true });
  const rows = [...partitions].map(([key, partition]) => {
    const end = ends.get(key);
    return {
      topic: partition.topic,
      partition: partition.partition,
      current: committed.get(key)?.offset,
      end: end === undefined || end.errorCode !== 0 ? undefined : end.offset,
      leaderEpoch: committed.get(key)?.leaderEpoch,
      member: owners.get(key)?.member,
    };
  });
  return rows.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
}

export async function describeGroups(
  client: GroupsClient,
  names: readonly string[],
  options: ParsedOptions,
): Promise<DescribeGroupsResult> {
  const what = options.has('members') ? 'members' : options.has('state') ? 'state' : 'offsets';
  const groups: DescribedGroup[] = [];
  for (const name of names) {
    try {
      const deadline = client.cluster.deadline(client.timeoutMs);
      const group = await describeGroup(client.cluster, client.coordinators, name, deadline);
      const broker = client.cluster.broker(group.coordinator);
      const coordinator = broker === undefined ? '-' : `${addressText(broker)}  (${group.coordinator})`;
      groups.push({ group, coordinator, offsets: what === 'offsets' ? await offsetRows(client, group) : undefined });
    } catch (error) {
      throw await groupError(client, name, error);
    }
  }
  return { what, verbose: options.has('verbose'), groups };
}

/** Columns of these least widths; the last one is padded only when it has a width. */
function columns(rows: readonly (readonly string[])[], least: readonly number[]): string {
  const widths = least.map((width, i) =>
    width === 0 ? 0 : Math.max(width, ...rows.map((row) => (row[i] ?? '').length)),
  );
  return rows.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] as number)).join(' ')}\n`).join('');
}

function orDash(value: number | string | undefined): string {
  return value === undefined || value === '' || value === -1 ? '-' : String(value);
}

function offsetsText({ group, offsets }: DescribedGroup, verbose: boolean): string {
  if (offsets === undefined || offsets.length === 0) return '';
  const head = ['GROUP', 'TOPIC', 'PARTITION', ...(verbose ? ['LEADER-EPOCH'] : [])];
  const rows = [[...head, 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG', 'CONSUMER-ID', 'HOST', 'CLIENT-ID']];
  for (const row of offsets) {
    const lag = row.current === undefined || row.end === undefined ? undefined : row.end - row.current;
    rows.push([
      group.id,
      row.topic,
      String(row.partition),
      ...(verbose ? [orDash(row.leaderEpoch)] : []),
      orDash(row.current),
      orDash(row.end),
      lag === undefined ? '-' : String(lag),
      orDash(row.member?.memberId),
      orDash(row.member?.host),
      orDash(row.member?.clientId),
    ]);
  }
  return `\n${columns(rows, [15, 15, 10, ...(verbose ? [15] : []), 15, 15, 15, 15, 15, 0])}`;
}

function assignmentText(partitions: readonly TopicPartition[] | undefined): string {
  if (partitions === undefined || partitions.length === 0) return '-';
  const byTopic = new Map<string, number[]>();
  for (const p of partitions) byTopic.set(p.topic, [...(byTopic.get(p.topic) ?? []), p.partition]);
  return [...byTopic]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([topic, list]) => `${topic}:${list.sort((a, b) => a - b).join(',')}`)
    .join(';');
}

function membersText({ group }: DescribedGroup, verbose: boolean): string {
  const withInstance = group.members.some((member) => member.instanceId !== null);
  const more = verbose ? ['CURRENT-EPOCH', 'CURRENT-ASSIGNMENT', 'TARGET-EPOCH', 'TARGET-ASSIGNMENT'] : [];
  const instance = withInstance ? ['GROUP-INSTANCE-ID'] : [];
  const rows = [['GROUP', 'CONSUMER-ID', ...instance, 'HOST', 'CLIENT-ID', '#PARTITIONS', ...more]];
  for (const member of group.members) {
    rows.push([
      group.id,
      member.memberId,
      ...(withInstance ? [orDash(member.instanceId ?? undefined)] : []),
      member.host,
      member.clientId,
      String(member.assignment.length),
      ...(verbose
        ? [
            orDash(member.epoch),
            assignmentText(member.assignment),
            orDash(group.targetEpoch),
            assignmentText(member.targetAssignment),
          ]
        : []),
    ]);
  }
  const least = [
    15,
    15,
    ...(withInstance ? [17] : []),
    15,
    15,
    verbose ? 15 : 16,
    ...(verbose ? [15, 20, 15, 20] : []),
  ];
  return `\n${columns(rows, least)}`;
}

function stateText({ group, coordinator }: DescribedGroup, verbose: boolean): string {
  const more = verbose ? ['GROUP-EPOCH', 'TARGET-ASSIGNMENT-EPOCH'] : [];
  const rows = [
    ['GROUP', 'COORDINATOR (ID)', 'ASSIGNMENT-STRATEGY', 'STATE', ...more, '#MEMBERS'],
    [
      group.id,
      coordinator,
      orDash(group.assignor),
      group.state,
      ...(verbose ? [orDash(group.groupEpoch), orDash(group.targetEpoch)] : []),
      String(group.members.length),
    ],
  ];
  return `\n${columns(rows, [15, 25, 20, 20, ...(verbose ? [15, 25] : []), 0])}`;
}

const TEXTS = { offsets: offsetsText, members: membersText, state: stateText };

/** What goes to stdout, and the notes for people, group by group. */
export function describeGroupsText(result: DescribeGroupsResult): { readonly out: string; readonly err: string }[] {
  return result.groups.map((described) => {
    const { id, state } = described.group;
    let err = '';
    if (state === 'Empty') err = `\nConsumer group '${id}' has no active members.\n`;
    else if (/Rebalance$|^Assigning$|^Reconciling$/.test(state))
      err = `\nWarning: Consumer group '${id}' is rebalancing.\n`;
    return { out: TEXTS[result.what](described, result.verbose), err };
  });
}
