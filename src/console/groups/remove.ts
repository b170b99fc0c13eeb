/** `consumer-groups --delete` and `--delete-offsets`. */
import { deleteGroup, deleteOffsets, describeGroup } from '../../client/admin-groups.ts';
import { toKafkaError } from '../../client/error-text.ts';
import type { TopicPartition } from '../../client/offsets.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { javaText } from '../java-text.ts';
import type { GroupsClient } from './groups-client.ts';
import { parseTopicWord } from './reset.ts';

export interface DeleteResult {
  readonly deleted: readonly string[];
  readonly failed: readonly { readonly group: string; readonly error: KafkaError }[];
}

/** Why a group cannot be deleted, without trying. */
async function obstacle(client: GroupsClient, group: string): Promise<KafkaError | null> {
  try {
    const { state } = await describeGroup(client.cluster, client.coordinators, group);
    return state === 'Empty' || state === 'Dead' ? null : toKafkaError(ErrorCode.NON_EMPTY_GROUP);
  } catch (error) {
    if (error instanceof KafkaError) return error;
    throw error;
  }
}

/** `dryRun`: only tells what would be deleted. */
export async function deleteGroups(
  client: GroupsClient,
  groups: readonly string[],
  dryRun = false,
): Promise<DeleteResult> {
  const deleted: string[] = [];
  const failed: { group: string; error: KafkaError }[] = [];
  for (const group of groups) {
    const error = dryRun
      ? await obstacle(client, group)
      : await deleteGroup(client.coordinators, group, client.cluster.deadline(client.timeoutMs));
    if (error === null) deleted.push(group);
    else failed.push({ group, error });
  }
  return { deleted, failed };
}

function quoted(groups: readonly string[]): string {
  return groups.map((group) => `'${group}'`).join(', ');
}

export function deleteText(result: DeleteResult): string {
  const { deleted, failed } = result;
  if (failed.length === 0) return `Deletion of requested consumer groups (${quoted(deleted)}) was successful.\n`;
  let text = '\nError: Deletion of some consumer groups failed:\n';
  for (const { group, error } of failed) text += `* Group '${group}' could not be deleted due to: ${javaText(error)}\n`;
  if (deleted.length > 0) text += `\nThese consumer groups were deleted successfully: ${quoted(deleted)}\n`;
  return text;
}

export interface DeleteOffsetsResult {
  readonly group: string;
  /** What went wrong with the group as a whole, or with one partition at least. */
  readonly error: string | undefined;
  readonly rows: readonly {
    readonly topic: string;
    readonly partition: number | undefined;
    readonly error: KafkaError | null;
  }[];
}

export async function deleteGroupOffsets(
  client: GroupsClient,
  group: string,
  words: readonly string[],
  dryRun = false,
): Promise<DeleteOffsetsResult> {
  const parsed = words.map(parseTopicWord);
  await client.cluster.refresh([...new Set(parsed.map((word) => word.topic))]);
  const partitions: TopicPartition[] = [];
  const rows: { topic: string; partition: number | undefined; error: KafkaError | null }[] = [];
  for (const { topic, partitions: named } of parsed) {
    const view = client.cluster.topic(topic);
    if (named !== undefined) partitions.push(...named.map((partition) => ({ topic, partition })));
    else if (view === undefined || view.errorCode !== 0) {
      rows.push({ topic, partition: undefined, error: toKafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) });
    } else partitions.push(...view.partitions.map(({ partition }) => ({ topic, partition })));
  }
  if (dryRun) rows.push(...partitions.map((partition) => ({ ...partition, error: null })));
  if (dryRun || partitions.length === 0) return { group, error: undefined, rows };
  try {
    const outcomes = await deleteOffsets(
      client.coordinators,
      group,
      partitions,
      client.cluster.deadline(client.timeoutMs),
    );
    for (const { partition, error } of outcomes.values()) rows.push({ ...partition, error });
    const some = [...outcomes.values()].some((outcome) => outcome.error !== null);
    return {
      group,
      error: some ? 'Encountered some partition-level error, see the follow-up details.' : undefined,
      rows,
    };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return {
      group,
      error: error.message,
      rows: [...rows, ...partitions.map((partition) => ({ ...partition, error }))],
    };
  }
}

export function deleteOffsetsText(result: DeleteOffsetsResult): string {
  const width = Math.max(15, ...result.rows.map((row) => row.topic.length));
  const line = (topic: string, partition: string, status: string) =>
    `${topic.padEnd(width)} ${partition.padEnd(10)} ${status.padEnd(15)}\n`;
  const head =
    result.error === undefined
      ? `Request succeeded for deleting offsets from group ${result.group}.\n`
      : `\nError: ${result.error}\n`;
  const rows = result.rows.map((row) =>
    line(
      row.topic,
      row.partition === undefined ? '-' : String(row.partition),
      row.error === null ? 'Successful' : `Error: ${javaText(row.error)}`,
    ),
  );
  return `${head}\n${line('TOPIC', 'PARTITION', 'STATUS')}${rows.join('')}`;
}
