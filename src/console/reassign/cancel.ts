/** `reassign-partitions --cancel`: partitions go back to the replicas they had, replicas stay in their directories. */
import { EXIT } from '../../base/kts-error.ts';
import { alterReassignments, type ReplicaMove } from '../../client/admin-partitions.ts';
import type { TopicPartition } from '../../client/offsets.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { CommandError } from '../command-error.ts';
import { eachOnce, inOrder, partitionText } from '../partition-list.ts';
import { lookAtMoves, startMoves } from './moves.ts';
import { readPlan } from './plan.ts';
import { isDryRun, liveBrokers, ongoing, plural, type Session, TERSE } from './session.ts';
import { clearThrottles } from './throttles.ts';

export interface Cancellation {
  readonly dryRun: boolean;
  readonly partitions: readonly TopicPartition[];
  /** The directories in which they stay. */
  readonly moves: readonly ReplicaMove[];
}

async function callOff(session: Session, partitions: readonly TopicPartition[]): Promise<void> {
  const { client, say } = session;
  const node = client.ofControllers ? 'any' : 'controller';
  const wanted = partitions.map(({ topic, partition }) => ({ topic, partition, replicas: null }));
  const outcomes = await alterReassignments(client.cluster, wanted, { node }).catch((error: unknown) => {
    if (!(error instanceof KafkaError)) throw error;
    return new Map(partitions.map((one) => [partitionText(one), error]));
  });
  const lines = partitions.flatMap((one) => {
    const error = outcomes.get(partitionText(one)) ?? null;
    return error === null ? [] : [`${partitionText(one)}: ${error.message}`];
  });
  if (lines.length > 0) {
    throw new CommandError(`not cancelled: ${lines.join('; ')}`, {
      stage: 'run',
      exitCode: lines.length < partitions.length ? EXIT.partial : EXIT.refused,
      strictText: `Error cancelling partition reassignment${plural(lines.length)} for:\n${lines.join('\n')}`,
      exception: TERSE,
      hint: 'kts reassign-partitions --list shows what is under way',
    });
  }
  const names = partitions.map(partitionText).join(',');
  say(`Successfully cancelled partition reassignment${plural(partitions.length)} for: ${names}\n`);
}

/** Moves to where they are now: that ends them. */
async function activeMoves(session: Session, wanted: readonly ReplicaMove[]): Promise<ReplicaMove[]> {
  if (wanted.length === 0) return [];
  const looked = await lookAtMoves(session, wanted, await liveBrokers(session));
  return looked.flatMap(({ topic, partition, brokerId, current, future }) =>
    current === null || future === null ? [] : [{ topic, partition, brokerId, directory: current }],
  );
}

export async function cancel(session: Session, told: (cancellation: Cancellation) => void): Promise<void> {
  const { context, options, say } = session;
  const plan = await readPlan(context, options.value('reassignment-json-file') as string);
  const under = await ongoing(session, eachOnce(plan.partitions));
  const partitions = inOrder(under.filter(({ adding, removing }) => adding.length > 0 || removing.length > 0)).map(
    ({ topic, partition }) => ({ topic, partition }),
  );
  const dryRun = isDryRun(session);
  const report = (moves: readonly ReplicaMove[]) => told({ dryRun, partitions, moves });
  if (partitions.length === 0) say('None of the specified partition reassignments are active.\n');
  else if (dryRun) say(`Would cancel partition reassignments for: ${partitions.map(partitionText).join(',')}\n`);
  else {
    await callOff(session, partitions);
    report([]);
  }
  const moves = await activeMoves(session, plan.moves);
  report(moves);
  // Kafka's tool forgets to end this line.
  if (moves.length === 0)
    say(`None of the specified partition moves are active.${context.manner === 'own' ? '\n' : ''}`);
  else if (!dryRun) await startMoves(session, moves);
  for (const { topic, partition, brokerId } of dryRun ? moves : []) {
    say(`Would cancel the move of ${topic}-${partition} with broker ${brokerId}\n`);
  }
  if (!options.has('preserve-throttles') && !dryRun) await clearThrottles(session, plan.partitions);
}
