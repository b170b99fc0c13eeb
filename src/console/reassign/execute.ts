/** `reassign-partitions --execute`: starts the moves of a plan, under throttles where they are wanted. */
import { EXIT } from '../../base/kts-error.ts';
import { alterReassignments, type OngoingReassignment, type ReplicaMove } from '../../client/admin-partitions.ts';
import type { TopicPartition } from '../../client/offsets.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { CommandError } from '../command-error.ts';
import { numbersInSetOrder, partitionsInSetOrder } from '../java-order.ts';
import { inOrder, partitionText } from '../partition-list.ts';
import { startMoves } from './moves.ts';
import { checkPlan, type PlacedPartition, type Plan, type PlanFile, planFile, readPlan } from './plan.ts';
import {
  brokersHint,
  directoriesOf,
  isDryRun,
  type LiveBroker,
  liveBrokers,
  ongoing,
  plural,
  type Session,
  TERSE,
  topicsByName,
} from './session.ts';
import { movements, throttleBrokers, throttleDirectories } from './throttles.ts';

export interface Execution {
  readonly dryRun: boolean;
  /** The plan that leads back. */
  readonly rollback: PlanFile;
  readonly partitions: readonly PlacedPartition[];
  readonly moves: readonly ReplicaMove[];
}

function refuseSecond(): CommandError {
  return new CommandError('partitions are being reassigned already', {
    stage: 'run',
    exitCode: EXIT.refused,
    strictText:
      'Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle by resubmitting the current reassignment.',
    exception: TERSE,
    hint: '--additional starts this beside it; kts reassign-partitions --list shows what is under way',
  });
}

function checkBrokers(plan: Plan, live: readonly LiveBroker[]): void {
  const wanted = numbersInSetOrder([...new Set(plan.partitions.flatMap(({ replicas }) => replicas))]);
  const unknown = wanted.find((id) => !live.some((broker) => broker.id === id));
  if (unknown === undefined) return;
  throw new CommandError(`there is no broker ${unknown}`, {
    stage: 'run',
    exitCode: EXIT.notFound,
    strictText: `Unknown broker id ${unknown}`,
    hint: brokersHint(live),
  });
}

/** Where the partitions of the plan are now. */
async function presentOf(session: Session, { partitions }: Plan): Promise<PlacedPartition[]> {
  const topics = await topicsByName(
    session,
    partitions.map(({ topic }) => topic),
  );
  const missing: TopicPartition[] = [];
  const present = partitions.flatMap(({ topic, partition }) => {
    const there = topics.get(topic)?.partitions.find((one) => one.partition === partition);
    if (there === undefined) missing.push({ topic, partition });
    return there === undefined ? [] : [{ topic, partition, replicas: there.replicas }];
  });
  if (missing.length === 0) return present;
  const names = partitionsInSetOrder(missing).map(partitionText).join(', ');
  throw new CommandError(`there is no partition ${names}`, {
    stage: 'run',
    exitCode: EXIT.notFound,
    strictText: `org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Unable to find partition: ${names}`,
    hint: 'kts topics --describe shows the partitions of topics',
  });
}

/** By partition, in order; a refusal of everything is one of each. */
async function refusals({ client, options }: Session, { partitions }: Plan): Promise<[PlacedPartition, KafkaError][]> {
  const keepReplicationFactor = options.has('disallow-replication-factor-change');
  try {
    const outcomes = await alterReassignments(client.cluster, partitions, { keepReplicationFactor });
    return inOrder(partitions).flatMap((one): [PlacedPartition, KafkaError][] => {
      const error = outcomes.get(partitionText(one)) ?? null;
      return error === null ? [] : [[one, error]];
    });
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return inOrder(partitions).map((one) => [one, error]);
  }
}

async function start(session: Session, plan: Plan): Promise<void> {
  const refused = await refusals(session, plan);
  if (refused.length > 0) {
    const lines = refused.map(([one, error]) => `${partitionText(one)}: ${error.message}`);
    throw new CommandError(`not reassigned: ${lines.join('; ')}`, {
      stage: 'run',
      exitCode: refused.length < plan.partitions.length ? EXIT.partial : EXIT.refused,
      strictText: `Error reassigning partition(s):\n${lines.join('\n')}`,
      exception: TERSE,
      hint: isThrottled(session)
        ? 'the throttles are set: --verify takes them away once nothing moves'
        : 'kts reassign-partitions --list shows what is under way',
    });
  }
  session.say(`Successfully started partition reassignment${plural(plan.partitions.length)} for ${namesOf(plan)}\n`);
}

/** By option, as Kafka's tool calls them. */
const THROTTLES = [
  ['throttle', 'inter-broker'],
  ['replica-alter-log-dirs-throttle', 'replica-alter-dir'],
] as const;

function isThrottled({ options }: Session): boolean {
  return THROTTLES.some(([name]) => options.integerOrDefault(name) >= 0);
}

function namesOf({ partitions }: Plan): string {
  return inOrder(partitions).map(partitionText).join(',');
}

interface Seen {
  readonly under: readonly OngoingReassignment[];
  readonly present: readonly PlacedPartition[];
  readonly live: readonly LiveBroker[];
}

async function throttle(session: Session, plan: Plan, { under, present, live }: Seen): Promise<void> {
  const { options, say } = session;
  if (!isThrottled(session)) return;
  say(
    'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.\n',
  );
  const rate = options.integerOrDefault('throttle');
  if (rate >= 0) {
    const replicasOf = new Map(present.map((one) => [partitionText(one), one.replicas]));
    await throttleBrokers(session, movements(under, plan.partitions, replicasOf), { rate, live });
  }
  const directoryRate = options.integerOrDefault('replica-alter-log-dirs-throttle');
  if (directoryRate < 0) return;
  const ids = plan.moves.map(({ brokerId }) => brokerId);
  await throttleDirectories(session, ids, directoryRate);
}

/** `told`: gets to know what is done although it fails in the middle. */
export async function execute(session: Session, told: (execution: Execution) => void): Promise<void> {
  const { context, options, say } = session;
  const plan = await readPlan(context, options.value('reassignment-json-file') as string);
  checkPlan(plan);
  const under = await ongoing(session);
  if (under.length > 0 && !options.has('additional')) throw refuseSecond();
  const live = await liveBrokers(session);
  checkBrokers(plan, live);
  const present = await presentOf(session, plan);
  const replicas = present.flatMap((one) => one.replicas.map((brokerId) => ({ ...one, brokerId })));
  const rollback = planFile(present, await directoriesOf(session, replicas, live));
  say(`Current partition replica assignment\n\n${JSON.stringify(rollback)}\n\n`);
  say('Save this to use as the --reassignment-json-file option during rollback\n');
  told({ dryRun: isDryRun(session), rollback, ...plan });
  if (isDryRun(session)) return rehearse(session, plan);
  await throttle(session, plan, { under, present, live });
  await start(session, plan);
  if (plan.moves.length > 0) await startMoves(session, plan.moves);
}

function rehearse({ options, say }: Session, plan: Plan): void {
  for (const [option, what] of THROTTLES) {
    const rate = options.integerOrDefault(option);
    if (rate >= 0) say(`Would set the ${what} throttle limit to ${rate} B/s\n`);
  }
  say(`Would start partition reassignment${plural(plan.partitions.length)} for ${namesOf(plan)}\n`);
  for (const { topic, partition, brokerId, directory } of plan.moves) {
    say(`Would move the replica of ${topic}-${partition} with broker ${brokerId} to ${directory}\n`);
  }
}
