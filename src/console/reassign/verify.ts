/** `reassign-partitions --verify`: how far a plan is. Once nothing is under way any more, the throttles go. */
import { describeTopics } from '../../client/admin-topics.ts';
import { pause } from '../../client/backoff.ts';
import type { TopicPartition } from '../../client/offsets.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { CommandError } from '../command-error.ts';
import { eachOnce, inOrder, partitionText } from '../partition-list.ts';
import { type LookedMove, lookAtMoves, moveText } from './moves.ts';
import { type PlacedPartition, readPlan } from './plan.ts';
import { isDryRun, liveBrokers, ongoing, type Session } from './session.ts';
import { clearThrottles } from './throttles.ts';

const LAG_MS = 200;

export interface LookedPartition extends TopicPartition {
  /** `differs`: nothing is under way, and the replicas are others. */
  readonly state: 'complete' | 'in progress' | 'differs';
  readonly replicas: readonly number[];
  readonly target: readonly number[];
}

export interface Verification {
  readonly partitions: readonly LookedPartition[];
  readonly moves: readonly LookedMove[];
  readonly throttles: 'cleared' | 'cleared in part' | 'kept';
  /** Something moves still, be it of this plan or of another one. */
  readonly anyUnderWay: boolean;
}

/** The present replicas; none where there is no such topic or partition. */
async function presentReplicas({ client, context }: Session, targets: readonly TopicPartition[]) {
  const topics = await describeTopics(client.cluster, [...new Set(targets.map(({ topic }) => topic))]);
  return ({ topic, partition }: TopicPartition): readonly number[] => {
    const found = topics.get(topic);
    if (found === undefined) return [];
    if (found instanceof KafkaError) {
      if (found.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return [];
      throw found;
    }
    if (partition === found.partitions.length && context.manner === 'strict') {
      // Kafka's tool counts wrongly by one, and falls over the first partition that is not there.
      throw new CommandError(`Index ${partition} out of bounds for length ${partition}`, { stage: 'run' });
    }
    return found.partitions.find((one) => one.partition === partition)?.replicas ?? [];
  };
}

async function lookOnce(session: Session, targets: readonly PlacedPartition[]) {
  const under = await ongoing(session);
  const underWay = new Map(under.map((one) => [partitionText(one), one.replicas]));
  const still = targets.filter((one) => !underWay.has(partitionText(one)));
  const presentOf = await presentReplicas(session, still);
  const looked = inOrder(eachOnce(targets)).map(({ topic, partition, replicas: target }): LookedPartition => {
    const moving = underWay.get(partitionText({ topic, partition }));
    const replicas = moving ?? presentOf({ topic, partition });
    const isThere = replicas.length === target.length && replicas.every((id, i) => id === target[i]);
    const state = moving !== undefined ? 'in progress' : isThere ? 'complete' : 'differs';
    return { topic, partition, state, replicas, target };
  });
  return { looked, anyReassigned: under.length > 0 };
}

/** Brokers, who tell the replicas, hear of the end of a move later than the controller, who tells what moves. */
async function lookAtPartitions(session: Session, targets: readonly PlacedPartition[]) {
  const first = await lookOnce(session, targets);
  const { context } = session;
  if (context.manner === 'strict' || first.looked.every(({ state }) => state !== 'differs')) return first;
  await pause(context.runtime, LAG_MS);
  return lookOnce(session, targets);
}

function stateText({ topic, partition, state, replicas, target }: LookedPartition): string {
  const name = partitionText({ topic, partition });
  if (state === 'complete') return `Reassignment of partition ${name} is completed.\n`;
  if (state === 'in progress') return `Reassignment of partition ${name} is still in progress.\n`;
  return `There is no active reassignment of partition ${name}, but replica set is ${replicas.join(',')} rather than ${target.join(',')}.\n`;
}

export async function verify(session: Session, told: (verification: Verification) => void): Promise<void> {
  const { context, options, say } = session;
  const { partitions: targets, moves } = await readPlan(context, options.value('reassignment-json-file') as string);
  const { looked: partitions, anyReassigned } = await lookAtPartitions(session, targets);
  say(`Status of partition reassignment:\n${partitions.map(stateText).join('')}`);
  const lookedMoves = moves.length === 0 ? [] : await lookAtMoves(session, moves, await liveBrokers(session));
  say(`${lookedMoves.map(moveText).join('\n')}\n`);
  const anyMoves = lookedMoves.some(({ state }) => state === 'in progress' || state === 'elsewhere');
  const anyUnderWay = anyReassigned || anyMoves;
  const tell = (throttles: Verification['throttles']) =>
    told({ partitions, moves: lookedMoves, throttles, anyUnderWay });
  tell('kept');
  if (anyUnderWay || options.has('preserve-throttles') || isDryRun(session)) return;
  tell('cleared in part');
  await clearThrottles(session, targets);
  tell('cleared');
}
