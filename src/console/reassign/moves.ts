/** Moves of replicas between the directories of their brokers: begun, and looked at. */
import { EXIT } from '../../base/kts-error.ts';
import { alterReplicaLogDirs, type ReplicaMove } from '../../client/admin-partitions.ts';
import { pause } from '../../client/backoff.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { CommandError } from '../command-error.ts';
import { partitionText } from '../partition-list.ts';
import { movesInOrder, replicaText } from './plan.ts';
import { type LiveBroker, placesOf, plural, type Session, TERSE } from './session.ts';

const AGAIN_MS = 100;

/** Those that a broker has taken up. Some may have to come to their broker first: that takes no effect yet. */
async function startSome({ client }: Session, pending: readonly ReplicaMove[]): Promise<ReplicaMove[]> {
  const answers = await alterReplicaLogDirs(client.cluster, pending);
  const started: ReplicaMove[] = [];
  for (const [i, error] of answers.entries()) {
    const move = pending[i] as ReplicaMove;
    if (error === null) started.push(move);
    else if (error.code !== ErrorCode.REPLICA_NOT_AVAILABLE) {
      const what = `${partitionText(move)} of broker ${move.brokerId} cannot be moved to ${move.directory}`;
      throw new CommandError(`${what}: ${error.message}`, {
        stage: 'run',
        // The partitions have begun to move to their brokers by now.
        exitCode: EXIT.partial,
        strictText: `Failed to alter dir for ${replicaText(move)}`,
        hint: 'log_dirs takes directories of log.dirs, or any',
      });
    }
  }
  return started;
}

/** Begins all of them, and says so of each as it is begun. */
export async function startMoves(session: Session, moves: readonly ReplicaMove[]): Promise<void> {
  const { context, options, say } = session;
  const { runtime } = context;
  const startMs = runtime.clock.monotonicMs();
  const timeoutMs = options.integerOrDefault('timeout');
  let pending = moves;
  for (;;) {
    const started = await startSome(session, pending);
    for (const move of movesInOrder(started)) {
      const where = `${partitionText(move)} with broker ${move.brokerId}`;
      say(`Successfully started moving log directory to ${move.directory} for replica ${where} \n`);
    }
    pending = pending.filter((move) => !started.includes(move));
    if (pending.length === 0) return;
    if (runtime.clock.monotonicMs() - startMs >= timeoutMs) throw timedOut(pending);
    session.doing(`waiting until brokers have replicas to move: ${pending.length} left`);
    await pause(runtime, AGAIN_MS);
  }
}

function timedOut(pending: readonly ReplicaMove[]): CommandError {
  const names = movesInOrder(pending).map(replicaText).join(',');
  return new CommandError(`the brokers have not begun to move ${names.replaceAll(',', ', ')} to its directory`, {
    stage: 'run',
    exitCode: EXIT.partial,
    strictText: `Timed out before log directory move${plural(pending.length)} could be started for: ${names}`,
    exception: TERSE,
    hint: 'a replica has to come to its broker first; --timeout waits longer, and --additional goes on with the plan',
  });
}

/**
 * `cancelled`: it is in another directory, and not on its way. `elsewhere`: on its way to another one. `away`: its broker
 * is, which Kafka's tool waits for in vain.
 */
type MoveState = 'complete' | 'in progress' | 'elsewhere' | 'cancelled' | 'missing' | 'away';

export interface LookedMove extends ReplicaMove {
  readonly state: MoveState;
  readonly current: string | null;
  readonly future: string | null;
}

function stateOf(move: ReplicaMove, current: string | undefined, future: string | undefined): MoveState {
  if (current === undefined) return 'missing';
  if (future === undefined) return current === move.directory ? 'complete' : 'cancelled';
  return future === move.directory ? 'in progress' : 'elsewhere';
}

export async function lookAtMoves(
  session: Session,
  moves: readonly ReplicaMove[],
  live: readonly LiveBroker[],
): Promise<LookedMove[]> {
  const waits = session.context.manner === 'strict' || session.client.ofControllers;
  const isAway = ({ brokerId }: ReplicaMove) => !waits && !live.some(({ id }) => id === brokerId);
  const asked = moves.filter((move) => !isAway(move));
  const places = await placesOf(session, asked, live);
  return movesInOrder(moves).map((move) => {
    if (isAway(move)) return { ...move, state: 'away', current: null, future: null };
    const { current, future } = places.get(replicaText(move)) ?? {};
    return { ...move, state: stateOf(move, current, future), current: current ?? null, future: future ?? null };
  });
}

export function moveText(move: LookedMove): string {
  const where = `${partitionText(move)} on broker ${move.brokerId}`;
  switch (move.state) {
    case 'away':
      return `Broker ${move.brokerId} is away: where replica ${replicaText(move)} is cannot be told.`;
    case 'missing':
      return `Partition ${partitionText(move)} is not found in any live log dir on broker ${move.brokerId}. There is likely an offline log directory on the broker.`;
    case 'in progress':
      return `Reassignment of replica ${replicaText(move)} is still in progress.`;
    case 'elsewhere':
      return `Partition ${where} is being moved to log dir ${move.future} instead of ${move.directory}.`;
    case 'cancelled':
      return `Partition ${where} is not being moved from log dir ${move.current} to ${move.directory}.`;
    case 'complete':
      return `Reassignment of replica ${replicaText(move)} completed successfully.`;
  }
}
