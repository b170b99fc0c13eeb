/** `reassign-partitions --generate`: where the partitions of topics could go. Nothing is moved. */
import { EXIT } from '../../base/kts-error.ts';
import { placementRefusal, placeOnBrokers, type UsableBroker } from '../../base/placement.ts';
import { CommandError } from '../command-error.ts';
import { checkTopics, type PlacedPartition, type PlanFile, parseBrokers, planFile, readTopics } from './plan.ts';
import { brokersHint, directoriesOf, type LiveBroker, liveBrokers, type Session, topicsByName } from './session.ts';

export interface Proposal {
  readonly current: PlanFile;
  readonly proposed: PlanFile;
}

/** Those that are there; without a list all of them. */
function chosenBrokers(session: Session, live: readonly LiveBroker[], wanted: readonly number[] | undefined) {
  const { context } = session;
  if (wanted === undefined) return live;
  const unknown = wanted.filter((id) => !live.some((broker) => broker.id === id));
  // Kafka leaves them out without a word.
  if (unknown.length > 0 && context.manner === 'own') {
    const brokers = `broker${unknown.length === 1 ? '' : 's'} ${unknown.join(', ')}`;
    context.output.err(`kts: there is no ${brokers}, and none is proposed; ${brokersHint(live)}\n`);
  }
  return live.filter(({ id }) => wanted.includes(id));
}

function usable({ options }: Session, brokers: readonly LiveBroker[]): UsableBroker[] {
  const heedsRacks = !options.has('disable-rack-aware');
  const rackless = brokers.filter(({ rack }) => rack === null).length;
  if (heedsRacks && rackless > 0 && rackless < brokers.length) {
    throw new CommandError('some of these brokers have a rack, and some have none', {
      stage: 'run',
      exitCode: EXIT.refused,
      strictText:
        'Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment without rack information.',
      hint: '--disable-rack-aware pays no heed to racks',
    });
  }
  return brokers.map(({ id, rack }) => ({ id, rack: heedsRacks ? rack : null, fenced: false }));
}

function place(session: Session, partitions: readonly PlacedPartition[], brokers: readonly UsableBroker[]) {
  const { random } = session.context.runtime;
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  return [...byTopic].flatMap(([topic, list]) => {
    const replicationFactor = list[0]?.replicas.length ?? 0;
    const refusal = placementRefusal(brokers, replicationFactor);
    if (refusal !== undefined) {
      throw new CommandError(`${topic} has ${replicationFactor} replicas, and there are ${brokers.length} brokers`, {
        stage: 'run',
        exitCode: EXIT.refused,
        strictText: refusal,
        hint: 'name more brokers',
      });
    }
    const placed = placeOnBrokers(brokers, random, { partitions: list.length, replicationFactor });
    return placed.map((replicas, partition) => ({ topic, partition, replicas }));
  });
}

export async function generate(session: Session): Promise<Proposal> {
  const { context, options, say } = session;
  const list = options.value('broker-list');
  const wanted = list === undefined ? undefined : parseBrokers(list);
  const file = options.value('topics-to-move-json-file');
  const names = file === undefined ? checkTopics(options.words) : await readTopics(context, file);
  const topics = await topicsByName(session, names);
  const partitions = [...topics.values()].flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partition, replicas }) => ({ topic, partition, replicas })),
  );
  const live = await liveBrokers(session);
  const brokers = usable(session, chosenBrokers(session, live, wanted));
  const proposed = planFile(place(session, partitions, brokers));
  const replicas = partitions.flatMap((one) => one.replicas.map((brokerId) => ({ ...one, brokerId })));
  const current = planFile(partitions, await directoriesOf(session, replicas, live));
  say(`Current partition replica assignment\n${JSON.stringify(current)}\n\n`);
  say(`Proposed partition reassignment configuration\n${JSON.stringify(proposed)}\n`);
  return { current, proposed };
}
