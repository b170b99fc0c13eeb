/** `consumer-groups --reset-offsets`: the new offset of each partition by the scenario, kept within what the log has. */
import { EXIT } from '../../base/kts-error.ts';
import { commitOffsets, describeGroup, fetchOffsets } from '../../client/admin-groups.ts';
import { listTopics } from '../../client/admin-topics.ts';
import { toKafkaError } from '../../client/error-text.ts';
import { listOffsets, OffsetSpec, partitionKey, type TopicPartition } from '../../client/offsets.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { CommandContext } from '../command.ts';
import { CommandError, usageError } from '../command-error.ts';
import { javaText } from '../java-text.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { parseDuration } from '../time.ts';
import { noSuchTopic } from '../topics/select.ts';
import type { GroupsClient } from './groups-client.ts';

export interface NewOffset extends TopicPartition {
  readonly group: string;
  readonly offset: number;
}

export interface ResetResult {
  readonly offsets: readonly NewOffset[];
  readonly export: boolean;
  readonly groups: number;
  /** Groups that were left alone, and why. */
  readonly refused: readonly string[];
}

/** `topic`, or `topic:0,1`. */
export function parseTopicWord(word: string): {
  readonly topic: string;
  readonly partitions: readonly number[] | undefined;
} {
  const colon = word.indexOf(':');
  if (colon < 0) return { topic: word, partitions: undefined };
  const partitions = word
    .slice(colon + 1)
    .split(',')
    .map((part) => {
      if (/^\d+$/.test(part)) return Number(part);
      const strictText = `Invalid partition '${part}' specified in topic arg '${word}''`;
      throw usageError(`'${part}' is not a partition`, 'for example --topic orders:0,1', strictText);
    });
  return { topic: word.slice(0, colon), partitions };
}

function unknownPartitions(partitions: readonly TopicPartition[]): CommandError {
  const names = partitions.map((p) => `${p.topic}-${p.partition}`).join(', ');
  return new CommandError(`there is no partition ${names}`, {
    stage: 'run',
    exitCode: EXIT.notFound,
    strictText: `The partitions "${names}" do not exist`,
    hint: 'kts topics --describe shows the partitions',
  });
}

/** The partitions that topic words name, which must exist. */
export async function partitionsOfWords(client: GroupsClient, words: readonly string[]): Promise<TopicPartition[]> {
  const parsed = words.map(parseTopicWord);
  const topics = [...new Set(parsed.map((word) => word.topic))];
  await client.cluster.refresh(topics);
  const missing = topics.find((topic) => client.cluster.topic(topic)?.errorCode !== 0);
  // What else there is, for the words of the error; the view of the topics that were asked for stays.
  const known = missing === undefined ? [] : (await listTopics(client.cluster)).map((topic) => topic.name);
  return parsed.flatMap(({ topic, partitions }) => {
    const view = client.cluster.topic(topic);
    if (view === undefined || view.errorCode !== 0) {
      const error = toKafkaError(view?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      throw new CommandError(`there is no topic '${topic}'`, {
        stage: 'run',
        exitCode: EXIT.notFound,
        strictText: error.message,
        hint: noSuchTopic(topic, known).hint ?? '',
        cause: error,
      });
    }
    if (partitions === undefined) return view.partitions.map(({ partition }) => ({ topic, partition }));
    const missing = partitions.filter((p) => view.partitions[p] === undefined);
    if (missing.length > 0) throw unknownPartitions(missing.map((partition) => ({ topic, partition })));
    return partitions.map((partition) => ({ topic, partition }));
  });
}

function parseDateTime(text: string): number {
  const refuse = (strictText: string) =>
    new CommandError(`'${text}' is not a time`, {
      stage: 'run',
      exitCode: EXIT.usage,
      strictText: `java.text.ParseException: ${strictText}`,
      hint: 'for example 2026-01-31T12:00:00.000, or with +02:00 or Z behind it',
    });
  if (!text.includes('T'))
    throw refuse("Error parsing timestamp. It does not contain a 'T' according to ISO8601 format");
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`;
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}(?:Z|[+-]\d{2}:?\d{2})$/.test(zoned)) {
    throw refuse(`Unparseable date: "${zoned}"`);
  }
  return Date.parse(zoned);
}

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new CommandError(`'${text}' is not a duration`, {
    stage: 'run',
    exitCode: EXIT.usage,
    strictText: 'Text cannot be parsed to a Duration',
    hint: 'for example PT1H30M or P2D',
  });
}

/** What the library that reads the file in Kafka's tool says. */
const NO_LINES =
  'com.fasterxml.jackson.databind.exc.MismatchedInputException: No content to map due to end-of-input\n at [Source: (StringReader); line: UNKNOWN, column: UNKNOWN]';

/** group, topic, partition and offset by line; the group's column only when several groups are meant. */
function parseCsv(context: CommandContext, path: string, groups: readonly string[]): NewOffset[] {
  let text: string;
  try {
    text = context.runtime.files.readFileSync(path).toString('utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read`, {
      stage: 'run',
      exitCode: EXIT.notFound,
      strictText: `java.io.IOException: Unable to read file ${path}`,
      hint: '--export prints such a file',
      cause: error,
    });
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) {
    throw new CommandError(`${path} holds no offsets`, {
      stage: 'run',
      exitCode: EXIT.usage,
      strictText: NO_LINES,
      hint: 'a line is TOPIC,PARTITION,OFFSET; --export prints such a file',
    });
  }
  return lines.flatMap((line) => {
    const cells = line.split(',').map((cell) => cell.trim());
    const withGroup = cells.length === 4;
    const [topic, partition, offset] = withGroup ? cells.slice(1) : cells;
    if (topic === undefined || !/^\d+$/.test(partition ?? '') || !/^-?\d+$/.test(offset ?? '')) {
      throw new CommandError(`'${line}' is not a line of offsets`, {
        stage: 'run',
        exitCode: EXIT.usage,
        hint: 'a line is TOPIC,PARTITION,OFFSET, or GROUP,TOPIC,PARTITION,OFFSET',
      });
    }
    const meant = withGroup ? [cells[0] as string] : groups.slice(0, 1);
    return meant.map((group) => ({ group, topic, partition: Number(partition), offset: Number(offset) }));
  });
}

interface Ends {
  readonly earliest: ReadonlyMap<string, number>;
  readonly latest: ReadonlyMap<string, number>;
}

async function offsetsAt(client: GroupsClient, partitions: readonly TopicPartition[], timestamp: number) {
  const deadline = client.cluster.deadline(client.timeoutMs);
  const answers = await listOffsets(
    client.cluster,
    partitions.map((p) => ({ ...p, timestamp })),
    {
      deadline,
      failFast: true,
    },
  );
  const missing = [...answers.values()].filter((answer) => answer.errorCode !== 0);
  if (missing.length > 0) throw unknownPartitions(missing);
  return new Map([...answers].map(([key, answer]) => [key, answer.offset]));
}

class Reset {
  readonly #client: GroupsClient;
  readonly #context: CommandContext;
  readonly #options: ParsedOptions;

  constructor(client: GroupsClient, context: CommandContext, options: ParsedOptions) {
    this.#client = client;
    this.#context = context;
    this.#options = options;
  }

  #note(text: string): void {
    if (this.#context.manner === 'strict') this.#context.output.out(text);
    else this.#context.output.err(text);
  }

  async plan(group: string, partitions: readonly TopicPartition[]): Promise<NewOffset[]> {
    const wanted = await this.#wanted(group, partitions);
    const latest = await offsetsAt(this.#client, partitions, OffsetSpec.latest);
    const earliest = await offsetsAt(this.#client, partitions, OffsetSpec.earliest);
    return partitions.map(({ topic, partition }) => {
      const key = partitionKey(topic, partition);
      const offset = this.#clamp(key, wanted.get(key) ?? latest.get(key) ?? 0, { earliest, latest });
      return { group, topic, partition, offset };
    });
  }

  #clamp(key: string, offset: number, ends: Ends): number {
    const low = ends.earliest.get(key) ?? 0;
    const high = ends.latest.get(key) ?? 0;
    if (offset < low) {
      this.#context.output.err(
        `WARN New offset (${offset}) is lower than earliest offset for topic partition ${key}. Value will be set to ${low}\n`,
      );
      return low;
    }
    if (offset > high) {
      this.#context.output.err(
        `WARN New offset (${offset}) is higher than latest offset for topic partition ${key}. Value will be set to ${high}\n`,
      );
      return high;
    }
    return offset;
  }

  async #wanted(group: string, partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    const options = this.#options;
    if (options.has('to-earliest')) return offsetsAt(this.#client, partitions, OffsetSpec.earliest);
    if (options.has('to-latest')) return offsetsAt(this.#client, partitions, OffsetSpec.latest);
    const fixed = options.integer('to-offset');
    if (fixed !== undefined) return new Map(partitions.map((p) => [partitionKey(p.topic, p.partition), fixed]));
    if (options.has('to-datetime')) return this.#byTime(partitions, parseDateTime(options.value('to-datetime') ?? ''));
    if (options.has('by-duration')) {
      const ago = durationOf(options.value('by-duration') ?? '');
      return this.#byTime(partitions, this.#context.runtime.clock.nowMs() - ago);
    }
    return this.#fromCurrent(group, partitions);
  }

  /** --to-current and --shift-by. */
  async #fromCurrent(group: string, partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    const { cluster, coordinators, timeoutMs } = this.#client;
    const shift = this.#options.integer('shift-by');
    const committed = await fetchOffsets(cluster, coordinators, group, {
      partitions,
      deadline: cluster.deadline(timeoutMs),
    });
    const without = partitions.filter((p) => !committed.has(partitionKey(p.topic, p.partition)));
    if (without.length > 0 && shift !== undefined) {
      const names = without.map((p) => `${p.topic}-${p.partition}`).join(', ');
      const message = `Cannot shift offset for partition ${names} since there is no current committed offset`;
      throw new CommandError(message, {
        stage: 'usage',
        hint: 'reset them to an offset first',
        exitCode: EXIT.refused,
      });
    }
    const wanted = new Map([...committed].map(([key, { offset }]) => [key, offset + (shift ?? 0)]));
    return wanted;
  }

  /** A partition without a younger record goes to its end. */
  async #byTime(partitions: readonly TopicPartition[], timestamp: number): Promise<ReadonlyMap<string, number>> {
    const found = await offsetsAt(this.#client, partitions, Math.max(0, timestamp));
    const wanted = new Map<string, number>();
    for (const { topic, partition } of partitions) {
      const key = partitionKey(topic, partition);
      const offset = found.get(key) ?? -1;
      if (offset >= 0) wanted.set(key, offset);
      else
        this.#note(
          `\nWarn: Partition ${partition} from topic ${topic} is empty. Falling back to latest known offset.\n`,
        );
    }
    return wanted;
  }
}

/** Empty, dead or missing groups may be reset; others have members that would not notice. */
async function refusal(client: GroupsClient, group: string): Promise<string | undefined> {
  try {
    const { state } = await describeGroup(client.cluster, client.coordinators, group);
    if (state === 'Empty' || state === 'Dead') return undefined;
    return `Assignments can only be reset if the group '${group}' is inactive, but the current state is ${state}.`;
  } catch (error) {
    if (error instanceof KafkaError && error.code === ErrorCode.GROUP_ID_NOT_FOUND) return undefined;
    throw error;
  }
}

export async function resetOffsets(
  client: GroupsClient,
  context: CommandContext,
  options: ParsedOptions,
  groups: readonly string[],
): Promise<ResetResult> {
  const reset = new Reset(client, context, options);
  const file = options.value('from-file');
  const rows = file === undefined ? undefined : parseCsv(context, file, groups);
  const named = options.has('all-topics') ? undefined : options.values('topic');
  const offsets: NewOffset[] = [];
  const refused: string[] = [];
  for (const group of groups) {
    const why = await refusal(client, group);
    if (why !== undefined) {
      refused.push(why);
      continue;
    }
    const own = rows?.filter((row) => row.group === group);
    if (own?.length === 0) {
      refused.push(`No reset plan for group ${group} found`);
      continue;
    }
    const planned =
      own === undefined
        ? await reset.plan(group, await scope(client, group, named))
        : await clampRows(client, context, own);
    offsets.push(...planned);
    if (options.has('execute') && planned.length > 0) await execute(client, group, planned);
  }
  return { offsets, export: options.has('export'), groups: groups.length, refused };
}

async function scope(
  client: GroupsClient,
  group: string,
  words: readonly string[] | undefined,
): Promise<TopicPartition[]> {
  if (words !== undefined) return partitionsOfWords(client, words);
  const committed = await fetchOffsets(client.cluster, client.coordinators, group);
  return [...committed.values()].map(({ topic, partition }) => ({ topic, partition }));
}

async function clampRows(
  client: GroupsClient,
  context: CommandContext,
  rows: readonly NewOffset[],
): Promise<NewOffset[]> {
  const latest = await offsetsAt(client, rows, OffsetSpec.latest);
  const earliest = await offsetsAt(client, rows, OffsetSpec.earliest);
  return rows.map((row) => {
    const key = partitionKey(row.topic, row.partition);
    const offset = Math.min(latest.get(key) ?? 0, Math.max(earliest.get(key) ?? 0, row.offset));
    if (offset !== row.offset) {
      const side = offset < row.offset ? 'higher than latest' : 'lower than earliest';
      context.output.err(
        `WARN New offset (${row.offset}) is ${side} offset for topic partition ${key}. Value will be set to ${offset}\n`,
      );
    }
    return { ...row, offset };
  });
}

async function execute(client: GroupsClient, group: string, offsets: readonly NewOffset[]): Promise<void> {
  const outcomes = await commitOffsets(client.coordinators, group, offsets);
  for (const { partition, error } of outcomes.values()) {
    if (error === null) continue;
    throw new CommandError(`${partition.topic}-${partition.partition} was not reset: ${error.message}`, {
      stage: 'run',
      exitCode: EXIT.refused,
      strictText: javaText(error),
      cause: error,
    });
  }
}

export function resetText(result: ResetResult): string {
  let text = result.refused.map((why) => `\nError: ${why}\n`).join('');
  if (result.export) {
    const cells = (o: NewOffset) => [...(result.groups > 1 ? [o.group] : []), o.topic, o.partition, o.offset].join(',');
    return `${text}${result.offsets.map((o) => `${cells(o)}\n`).join('')}\n`;
  }
  const group = Math.max(15, ...result.offsets.map((o) => o.group.length));
  const topic = Math.max(15, ...result.offsets.map((o) => o.topic.length));
  const line = (g: string, t: string, p: string, o: string) =>
    `${g.padEnd(group)} ${t.padEnd(topic)} ${p.padEnd(10)} ${o}\n`;
  text += `\n${line('GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET')}`;
  return text + result.offsets.map((o) => line(o.group, o.topic, String(o.partition), String(o.offset))).join('');
}
