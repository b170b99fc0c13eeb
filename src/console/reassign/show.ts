/** Reassignments as data, tables and CSV. */
import type { OngoingReassignment } from '../../client/admin-partitions.ts';
import { partitionText } from '../partition-list.ts';
import type { Cell, Mark, Sheet, Shown } from '../show/shown.ts';
import type { Cancellation } from './cancel.ts';
import type { Execution } from './execute.ts';
import type { Proposal } from './generate.ts';
import type { PlanFile } from './plan.ts';
import type { Verification } from './verify.ts';

const TOPIC = { head: 'TOPIC', key: 'topic', mark: (): Mark => 'name' } as const;
const PARTITION = { head: 'PARTITION', key: 'partition', right: true } as const;

export function showOngoing(list: readonly OngoingReassignment[]): Shown {
  const sheet: Sheet = {
    columns: [
      TOPIC,
      PARTITION,
      { head: 'REPLICAS', key: 'replicas' },
      { head: 'ADDING', key: 'adding' },
      { head: 'REMOVING', key: 'removing' },
    ],
    rows: list.map((one) => [one.topic, one.partition, one.replicas, one.adding, one.removing]),
  };
  return { data: list, sheets: [sheet], empty: 'nothing is being reassigned' };
}

/** What is, and what shall be, side by side. Directories are told where one is asked for. */
function planSheet(current: PlanFile, proposed: PlanFile['partitions']): Sheet {
  const target = new Map(proposed.map((one) => [partitionText(one), one]));
  const named = proposed.some(({ log_dirs }) => log_dirs.some((directory) => directory !== 'any'));
  const rows = current.partitions.map((one): Cell[] => {
    const other = target.get(partitionText(one));
    const cells: Cell[] = [one.topic, one.partition, one.replicas, other?.replicas ?? null];
    return named ? [...cells, one.log_dirs, other?.log_dirs ?? null] : cells;
  });
  const columns = [TOPIC, PARTITION, { head: 'NOW', key: 'replicas' }, { head: 'THEN', key: 'target' }];
  const more = [
    { head: 'DIRECTORIES NOW', key: 'log_dirs' },
    { head: 'DIRECTORIES THEN', key: 'target_log_dirs' },
  ];
  return { columns: named ? [...columns, ...more] : columns, rows };
}

/** A table says too little of a plan, which is to be kept: its own text shows the JSON. */
export function showProposal({ current, proposed }: Proposal, isCsv: boolean): Shown {
  return { data: { current, proposed }, sheets: isCsv ? [planSheet(current, proposed.partitions)] : [] };
}

function filed({ partitions, moves }: Execution): PlanFile['partitions'] {
  return partitions.map(({ topic, partition, replicas }) => ({
    topic,
    partition,
    replicas,
    log_dirs: replicas.map(
      (brokerId) =>
        moves.find((one) => one.topic === topic && one.partition === partition && one.brokerId === brokerId)
          ?.directory ?? 'any',
    ),
  }));
}

export function showExecution(execution: Execution, isCsv: boolean): Shown {
  const { dryRun, rollback } = execution;
  const partitions = filed(execution);
  return {
    data: { ...(dryRun ? { dryRun } : {}), rollback, partitions },
    sheets: isCsv ? [planSheet(rollback, partitions)] : [],
  };
}

function stateMark(cell: Cell): Mark {
  return cell === 'complete' ? 'good' : cell === 'in progress' ? 'warn' : 'bad';
}

export function showVerification(verification: Verification): Shown {
  const { partitions, moves, throttles, anyUnderWay } = verification;
  const count = (state: string) => [...partitions, ...moves].filter((one) => one.state === state).length;
  const left = count('in progress');
  const others = anyUnderWay ? { note: 'other partitions are moving: the throttles stay' } : {};
  const note = left > 0 ? { note: `${left} still in progress: the throttles stay` } : others;
  const states: Sheet = {
    columns: [
      TOPIC,
      PARTITION,
      { head: 'STATE', key: 'state', mark: stateMark },
      { head: 'REPLICAS', key: 'replicas' },
      { head: 'TARGET', key: 'target' },
    ],
    rows: partitions.map((one) => [one.topic, one.partition, one.state, one.replicas, one.target]),
    ...(moves.length === 0 ? note : {}),
  };
  const directories: Sheet = {
    columns: [
      TOPIC,
      PARTITION,
      { head: 'BROKER', key: 'broker', right: true },
      { head: 'STATE', key: 'state', mark: stateMark },
      { head: 'DIRECTORY', key: 'log_dir' },
      { head: 'TARGET', key: 'target' },
    ],
    rows: moves.map((one) => [one.topic, one.partition, one.brokerId, one.state, one.current, one.directory]),
    ...note,
  };
  return {
    data: { partitions, moves, throttles },
    sheets: moves.length === 0 ? [states] : [states, directories],
    csv: states,
  };
}

export function showCancellation({ dryRun, partitions, moves }: Cancellation): Shown {
  return { data: { ...(dryRun ? { dryRun } : {}), partitions, moves }, sheets: [] };
}
