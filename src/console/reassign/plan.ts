/**
 * Plans of `reassign-partitions`: which replicas partitions shall have, and in which directories. They are read and
 * written in the form of Kafka's JSON; what is wrong with one is found before anything is asked of a broker.
 */
import type { ReplicaMove } from '../../client/admin-partitions.ts';
import type { TopicPartition } from '../../client/offsets.ts';
import type { CommandContext } from '../command.ts';
import { inSetOrder, numbersInSetOrder, partitionsInSetOrder } from '../java-order.ts';
import { asArray, asInteger, asList, asObject, asString, field, fileError, parseJson, readText } from '../json-file.ts';
import { compareNames, inOrder, partitionText } from '../partition-list.ts';

const VERSION = 1;
/** The broker's own choice of a directory. */
const ANY = 'any';

export interface PlacedPartition extends TopicPartition {
  readonly replicas: readonly number[];
}

export interface Plan {
  readonly partitions: readonly PlacedPartition[];
  /** Of replicas whose directory is named. */
  readonly moves: readonly ReplicaMove[];
}

export interface PlanFile {
  readonly version: 1;
  readonly partitions: readonly (PlacedPartition & { readonly log_dirs: readonly string[] })[];
}

export function replicaText(move: Omit<ReplicaMove, 'directory'>): string {
  return `${partitionText(move)}-${move.brokerId}`;
}

/** By broker first. */
export function movesInOrder<T extends Omit<ReplicaMove, 'directory'>>(list: readonly T[]): T[] {
  return list.toSorted(
    (a, b) => a.brokerId - b.brokerId || compareNames(a.topic, b.topic) || a.partition - b.partition,
  );
}

/** What stands there more than once. */
function twice<T>(list: readonly T[], keyOf: (item: T) => unknown = (item) => item): T[] {
  const seen = new Set<unknown>();
  const found = new Map<unknown, T>();
  for (const item of list) {
    if (seen.has(keyOf(item))) found.set(keyOf(item), item);
    seen.add(keyOf(item));
  }
  return [...found.values()];
}

function checkVersion(object: Readonly<Record<string, unknown>>): void {
  if (!Object.hasOwn(object, 'version')) return;
  const version = asInteger(object['version']);
  if (version === VERSION) return;
  throw fileError(`"version" is ${version}, and there is 1 only`, `Not supported version field value ${version}`);
}

// ---- what to move ----

/** Broker ids, as they were typed. */
export function parseBrokers(text: string): number[] {
  // Java leaves empty words off at the end.
  const words = /^,+$/.test(text) ? [] : text.replace(/,+$/, '').split(',');
  const ids = words.map((word) => {
    if (!/^[+-]?\d+$/.test(word) || (Number(word) | 0) !== Number(word)) {
      throw fileError(`'${word}' is not a broker id`, `For input string: "${word}"`, 'for example --broker-list 1,2,3');
    }
    return Number(word);
  });
  const double = numbersInSetOrder(twice(ids));
  if (double.length > 0) {
    const strict = `Broker list contains duplicate entries: [${double.join(', ')}]`;
    throw fileError(`broker ${double.join(', ')} is named twice`, strict);
  }
  return ids;
}

export function checkTopics(topics: readonly string[]): readonly string[] {
  const double = inSetOrder(twice(topics), (topic) => topic);
  if (double.length === 0) return topics;
  const strict = `List of topics to reassign contains duplicate entries: [${double.join(', ')}]`;
  throw fileError(`topic ${double.join(', ')} is named twice`, strict);
}

export async function readTopics(context: CommandContext, path: string): Promise<readonly string[]> {
  const text = await readText(context, path);
  const root = asObject(parseJson(context, text, path, 'The input string is not a valid JSON'));
  checkVersion(root);
  const list = Object.hasOwn(root, 'topics') ? asArray(root['topics']) : [];
  return checkTopics(list.map((item) => asString(field(asObject(item), 'topic'))));
}

// ---- plans ----

export async function readPlan(context: CommandContext, path: string): Promise<Plan> {
  const root = asObject(parseJson(context, await readText(context, path), path));
  checkVersion(root);
  const partitions: PlacedPartition[] = [];
  const moves = new Map<string, ReplicaMove>();
  for (const item of Object.hasOwn(root, 'partitions') ? asArray(root['partitions']) : []) {
    const fields = asObject(item);
    const topic = asString(field(fields, 'topic'));
    const partition = asInteger(field(fields, 'partition'));
    const replicas = asList(field(fields, 'replicas'), asInteger);
    const dirs = Object.hasOwn(fields, 'log_dirs') ? asList(fields['log_dirs'], asString) : replicas.map(() => ANY);
    if (replicas.length !== dirs.length) {
      throw fileError(
        `${topic}-${partition} has ${replicas.length} replicas and ${dirs.length} log_dirs`,
        `Size of replicas list [${replicas.join(', ')}] is different from size of log dirs list [${dirs.join(', ')}] for partition ${topic}-${partition}`,
      );
    }
    partitions.push({ topic, partition, replicas });
    for (const [i, directory] of dirs.entries()) {
      if (directory === ANY) continue;
      const move = { topic, partition, brokerId: replicas[i] as number, directory };
      moves.set(replicaText(move), move);
    }
  }
  return { partitions, moves: [...moves.values()] };
}

/** What a plan that is to be executed has to be. */
export function checkPlan({ partitions }: Plan): void {
  if (partitions.length === 0) {
    throw fileError('the plan has no partitions', 'Partition reassignment list cannot be empty');
  }
  const empty = partitions.find(({ replicas }) => replicas.length === 0);
  if (empty !== undefined) {
    throw fileError(`${partitionText(empty)} has no replicas`, 'Partition replica list cannot be empty');
  }
  const double = partitionsInSetOrder(twice(partitions, partitionText)).map(partitionText);
  if (double.length > 0) {
    const strict = `Partition reassignment contains duplicate topic partitions: ${double.join(',')}`;
    throw fileError(`the plan names ${double.join(', ')} twice`, strict);
  }
  const wrong = partitions.flatMap((one) => {
    const ids = numbersInSetOrder(twice(one.replicas)).join(',');
    return ids === '' ? [] : [`${partitionText(one)} contains multiple entries for ${ids}`];
  });
  if (wrong.length > 0) {
    const strict = `Partition replica lists may not contain duplicate entries: ${wrong.join('. ')}`;
    throw fileError(`a broker holds a partition once: ${wrong.join(', ')}`, strict);
  }
}

/** `directories`: by replica, where they are known. */
export function planFile(
  partitions: readonly PlacedPartition[],
  directories: ReadonlyMap<string, string> = new Map(),
): PlanFile {
  return {
    version: VERSION,
    partitions: inOrder(partitions).map(({ topic, partition, replicas }) => ({
      topic,
      partition,
      replicas,
      log_dirs: replicas.map((brokerId) => directories.get(replicaText({ topic, partition, brokerId })) ?? ANY),
    })),
  };
}
