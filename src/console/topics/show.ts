/** Topics as data, tables and CSV. */
import type { Cell, Mark, Sheet, Shown } from '../show/shown.ts';
import type { DescribedTopic, DescribeResult } from './describe.ts';

export interface ListedRow {
  readonly name: string;
  readonly id: string;
  readonly internal: boolean;
  readonly partitions: number;
  readonly replicationFactor: number;
}

export function showList(rows: readonly ListedRow[]): Shown {
  const sheet: Sheet = {
    columns: [
      { head: 'TOPIC', key: 'topic', mark: () => 'name' },
      { head: 'PARTITIONS', key: 'partitions', right: true },
      { head: 'REPLICAS', key: 'replication_factor', right: true },
      { head: 'INTERNAL', key: 'internal', mark: (cell) => (cell === 'yes' ? 'dim' : undefined) },
    ],
    rows: rows.map((row) => [row.name, row.partitions, row.replicationFactor, row.internal ? 'yes' : '']),
  };
  const csv: Sheet = {
    columns: ['topic', 'topic_id', 'partitions', 'replication_factor', 'internal'].map((key) => ({ head: key, key })),
    rows: rows.map((row) => [row.name, row.id, row.partitions, row.replicationFactor, row.internal]),
  };
  return { data: rows, sheets: [sheet], csv, empty: 'no topics yet; kts topics --create NAME makes one' };
}

const noLeader = (cell: Cell): Mark | undefined => (cell === 'none' ? 'bad' : undefined);

function partitionCells(topic: DescribedTopic): Cell[][] {
  return topic.partitions.map((p) => [
    p.partition,
    p.leader < 0 ? 'none' : p.leader,
    p.replicas,
    p.isr,
    p.elr,
    p.lastKnownElr,
  ]);
}

function configsText(topic: DescribedTopic): string {
  return topic.configs.map((config) => `${config.name}=${config.value}`).join(', ');
}

function topicSheet(topic: DescribedTopic, show: DescribeResult['show']): Sheet {
  const few = topic.partitions.filter((p) => p.isr.length < p.replicas.length).length;
  const behind = few === 0 ? {} : { note: `${few} of these partitions lack replicas in sync` };
  const factor = topic.partitions[0]?.replicas.length ?? 0;
  const configs = topic.configs.length === 0 ? '' : `; ${configsText(topic)}`;
  const detail = `${topic.id}; partitions: ${topic.partitions.length}, replicas: ${factor}${configs}`;
  const elr = topic.partitions.some((p) => (p.elr?.length ?? 0) + (p.lastKnownElr?.length ?? 0) > 0);
  const columns: Sheet['columns'] = [
    { head: 'PARTITION', key: 'partition', right: true },
    { head: 'LEADER', key: 'leader', right: true, mark: noLeader },
    { head: 'REPLICAS', key: 'replicas' },
    { head: 'IN SYNC', key: 'isr' },
    { head: 'ELIGIBLE', key: 'elr' },
    { head: 'LAST ELIGIBLE', key: 'last_known_elr' },
  ];
  const rows = partitionCells(topic);
  return {
    title: topic.name,
    detail,
    columns: elr ? columns : columns.slice(0, 4),
    rows: show.partitions ? rows.map((cells) => (elr ? cells : cells.slice(0, 4))) : [],
    ...behind,
  };
}

function topicData(topic: DescribedTopic, show: DescribeResult['show']) {
  return {
    name: topic.name,
    id: topic.id,
    internal: topic.isInternal,
    configs: Object.fromEntries(topic.configs.map((config) => [config.name, config.value])),
    ...(show.partitions
      ? {
          partitions: topic.partitions.map((p) => ({
            partition: p.partition,
            leader: p.leader < 0 ? null : p.leader,
            replicas: p.replicas,
            isr: p.isr,
            elr: p.elr,
            lastKnownElr: p.lastKnownElr,
          })),
        }
      : {}),
  };
}

/** Partitions that a filter has left may be none: such a topic is not shown. */
export function showDescribed({ topics, show }: DescribeResult): Shown {
  const kept = show.topics ? topics : topics.filter((topic) => topic.partitions.length > 0);
  const head = ['topic', 'topic_id', 'partition', 'leader', 'replicas', 'isr', 'elr', 'last_known_elr'];
  const configs = ['topic', 'topic_id', 'configs'];
  const csv: Sheet = show.partitions
    ? {
        columns: head.map((key) => ({ head: key, key })),
        rows: kept.flatMap((topic) =>
          partitionCells(topic).map((cells) => [
            topic.name,
            topic.id,
            cells[0] as Cell,
            leaderCell(cells[1] as Cell),
            ...cells.slice(2),
          ]),
        ),
      }
    : {
        columns: configs.map((key) => ({ head: key, key })),
        rows: kept.map((topic) => [topic.name, topic.id, configsText(topic)]),
      };
  return {
    data: kept.map((topic) => topicData(topic, show)),
    sheets: kept.map((topic) => topicSheet(topic, show)),
    csv,
    empty: show.topics ? 'no topics yet; kts topics --create NAME makes one' : 'no such partitions',
  };
}

function leaderCell(cell: Cell): Cell {
  return cell === 'none' ? null : cell;
}
