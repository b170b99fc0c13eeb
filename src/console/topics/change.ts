/** `topics --create`, `--alter` and `--delete`. What Kafka's tool finds wrong by itself is found here in its words. */
import { EXIT } from '../../base/kts-error.ts';
import {
  createPartitions,
  createTopics,
  deleteTopics,
  describeTopics,
  type NewTopic,
} from '../../client/admin-topics.ts';
import type { ClusterView } from '../../client/cluster-view.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { CommandError } from '../command-error.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';

export const COLLISION_WARNING =
  "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.";

function wrong(message: string, strictText: string, hint: string): CommandError {
  return new CommandError(message, { stage: 'run', exitCode: EXIT.usage, strictText, hint });
}

/** A refusal of a broker, with a way out for the common ones. */
function refused(error: KafkaError, hints: Readonly<Record<number, string>>): CommandError {
  const hint = hints[error.code];
  return new CommandError(error.message, {
    stage: 'run',
    exitCode: error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION ? EXIT.notFound : EXIT.refused,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Brokers by partition: `1:2,2:3`. */
function parseAssignment(text: string): number[][] {
  const hint = '1:2,2:3 puts partition 0 on brokers 1 and 2, partition 1 on 2 and 3';
  return text.split(',').map((part, partition, all) => {
    const brokers = part.split(':').map((word) => {
      const trimmed = word.trim();
      if (!/^[+-]?\d+$/.test(trimmed))
        throw wrong(`'${trimmed}' is not a broker id`, `For input string: "${trimmed}"`, hint);
      return Number(trimmed);
    });
    const twice = brokers.filter((broker, i) => brokers.indexOf(broker) !== i);
    if (twice.length > 0) {
      const list = [...new Set(twice)].join(',');
      const strict = `Partition replica lists may not contain duplicate entries: ${list}`;
      throw wrong(`partition ${partition} names broker ${list} twice`, strict, hint);
    }
    if (brokers.length !== (all[0] as string).split(':').length) {
      const strict = `Partition ${partition} has different replication factor: [${brokers.join(', ')}]`;
      throw wrong('every partition needs the same number of brokers', strict, hint);
    }
    return brokers;
  });
}

function parseConfigs(pairs: readonly string[]): Record<string, string> {
  const configs: Record<string, string> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 0) {
      throw wrong(
        `--config takes key=value, not '${pair}'`,
        'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
        'for example --config retention.ms=60000',
      );
    }
    configs[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim();
  }
  return configs;
}

function newTopic(name: string, options: ParsedOptions): NewTopic {
  const partitions = options.integer('partitions');
  const replicationFactor = options.integer('replication-factor');
  if (partitions !== undefined && partitions < 1) {
    throw wrong(
      '--partitions must be at least 1',
      'The partitions must be greater than 0',
      'for example --partitions 3',
    );
  }
  if (replicationFactor !== undefined && (replicationFactor < 1 || replicationFactor > 32767)) {
    const strict = 'The replication factor must be between 1 and 32767 inclusive';
    throw wrong('--replication-factor must be between 1 and 32767', strict, 'at most the number of brokers');
  }
  const configs = parseConfigs(options.values('config'));
  const assignment = options.value('replica-assignment');
  if (name === '') {
    const strict = "The given topic name '' cannot be represented in a request.";
    throw wrong('a topic name cannot be empty', strict, 'kts topics --create NAME');
  }
  return {
    name,
    configs,
    ...(partitions === undefined ? {} : { partitions }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(assignment === undefined ? {} : { assignment: parseAssignment(assignment) }),
  };
}

/** Whether metric names of this topic may collide with another's. */
export function mayCollide(name: string): boolean {
  return name.includes('.') || name.includes('_');
}

/** The name, or undefined when it was there already and that was allowed. */
export async function create(cluster: ClusterView, name: string, options: ParsedOptions): Promise<string | undefined> {
  const topic = newTopic(name, options);
  const outcomes = await createTopics(cluster, [topic], { validateOnly: options.has('dry-run') });
  const error = outcomes.get(name) ?? null;
  if (error === null) return name;
  if (error.code === ErrorCode.TOPIC_ALREADY_EXISTS && options.has('if-not-exists')) return undefined;
  throw refused(error, {
    [ErrorCode.TOPIC_ALREADY_EXISTS]: '--if-not-exists makes this no error',
    [ErrorCode.INVALID_REPLICATION_FACTOR]: '--replication-factor can be at most the number of brokers',
    [ErrorCode.INVALID_CONFIG]: 'the configs of topics are listed in the reference',
    [ErrorCode.INVALID_TOPIC_EXCEPTION]: "names have up to 249 letters, digits, '.', '_' and '-'",
  });
}

export async function alter(cluster: ClusterView, names: readonly string[], options: ParsedOptions): Promise<void> {
  const count = options.integer('partitions') as number;
  const text = options.value('replica-assignment');
  const assignment = text === undefined ? undefined : parseAssignment(text);
  let existing = new Map<string, number>();
  if (assignment !== undefined) {
    const described = await describeTopics(cluster, names);
    existing = new Map([...described].map(([name, t]) => [name, t instanceof KafkaError ? 0 : t.partitions.length]));
  }
  const changes = names.map((name) => ({
    name,
    count,
    ...(assignment === undefined ? {} : { assignment: assignment.slice(existing.get(name) ?? 0) }),
  }));
  const outcomes = await createPartitions(cluster, changes, { validateOnly: options.has('dry-run') });
  for (const error of outcomes.values()) {
    if (error !== null) throw refused(error, { [ErrorCode.INVALID_PARTITIONS]: 'partitions can only be added' });
  }
}

export async function remove(cluster: ClusterView, names: readonly string[]): Promise<void> {
  for (const error of (await deleteTopics(cluster, names)).values()) {
    if (error !== null) throw refused(error, { [ErrorCode.TOPIC_DELETION_DISABLED]: 'see delete.topic.enable' });
  }
}
