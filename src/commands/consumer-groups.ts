/** `kts consumer-groups`: kafka-consumer-groups.sh. */
import { EXIT } from '../base/kts-error.ts';
import { UnreachableError } from '../client/cluster-view.ts';
import { Coordinators } from '../client/coordinator.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { CommandError, withException } from '../console/command-error.ts';
import { connectAdmin } from '../console/connect.ts';
import { checkGroupsOptions, groupsOf } from '../console/groups/check-options.ts';
import { type DescribeGroupsResult, describeGroups, describeGroupsText } from '../console/groups/describe.ts';
import { consumerGroups, type GroupsClient, javaText } from '../console/groups/groups-client.ts';
import { type ListResult, list, listText } from '../console/groups/list.ts';
import {
  type DeleteOffsetsResult,
  type DeleteResult,
  deleteGroupOffsets,
  deleteGroups,
  deleteOffsetsText,
  deleteText,
} from '../console/groups/remove.ts';
import { type ResetResult, resetOffsets, resetText } from '../console/groups/reset.ts';
import { consumerGroupsTable } from '../console/options/consumer-groups.ts';

interface GroupsResult {
  readonly text?: string;
  readonly listed?: ListResult;
  readonly described?: DescribeGroupsResult;
  readonly reset?: ResetResult;
  readonly deleted?: DeleteResult;
  readonly deletedOffsets?: DeleteOffsetsResult;
}

export default class ConsumerGroups extends Command<GroupsResult> {
  static readonly table = consumerGroupsTable;

  /** Every failure of the work leaves on stdout, and with 0. */
  static strictAnswer(error: CommandError): StrictAnswer {
    if (error.stage === 'usage') {
      const text = error.exception ? `Exception in thread "main" ${withException(error)}` : error.strictText;
      return { err: `${text}\n`, exitCode: 1 };
    }
    let text = error.stage === 'start' ? withException(error) : error.strictText;
    if (error.cause instanceof UnreachableError) {
      const { doing } = error.cause;
      text =
        doing === 'findAllBrokers'
          ? 'java.util.concurrent.ExecutionException: org.apache.kafka.common.KafkaException: Failed to find brokers to send ListGroups'
          : `org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. Call: ${doing}`;
    }
    return { out: `\nError: Executing consumer group command failed due to ${text}\n`, exitCode: 0 };
  }

  async run(): Promise<GroupsResult> {
    const { context, options } = this;
    if (this.strict && !options.has('validate-regex') && !options.has('bootstrap-server')) {
      throw new CommandError(MISSING, { stage: 'usage' });
    }
    const action = checkGroupsOptions(context, options);
    if (action === 'validate-regex') return { text: validateRegex(options.value('validate-regex') ?? '') };
    const timeoutMs = options.integerOrDefault('timeout');
    const cluster = await connectAdmin(context, options, MISSING, { apiTimeoutMs: timeoutMs });
    const client: GroupsClient = { cluster, coordinators: new Coordinators(cluster), timeoutMs };
    try {
      if (action === 'list') return { listed: await list(client, options) };
      const groups = await this.#groups(client);
      if (action === 'describe') return { described: await describeGroups(client, groups, options) };
      if (action === 'reset-offsets') return { reset: await resetOffsets(client, context, options, groups) };
      if (action === 'delete') return { deleted: await deleteGroups(client, groups) };
      const [group] = groups;
      return { deletedOffsets: await deleteGroupOffsets(client, group as string, options.values('topic')) };
    } finally {
      cluster.close();
    }
  }

  /** --all-groups, and in the own manner --describe alone, mean every group. */
  async #groups(client: GroupsClient): Promise<readonly string[]> {
    const named = groupsOf(this.context, this.options);
    return named.length > 0 ? named : (await consumerGroups(client)).map((group) => group.id);
  }

  render(result: GroupsResult): void {
    const { output } = this.context;
    if (result.text !== undefined) this.print(result.text);
    if (result.listed !== undefined) output.out(listText(result.listed));
    if (result.described !== undefined) {
      for (const { out, err } of describeGroupsText(result.described)) {
        if (err !== '') output.err(err);
        output.out(out);
      }
    }
    this.#renderReset(result.reset);
    this.#renderDeleted(result.deleted);
    this.#renderDeletedOffsets(result.deletedOffsets);
  }

  #renderReset(reset: ResetResult | undefined): void {
    if (reset === undefined) return;
    const { output } = this.context;
    if (this.strict) output.out(resetText(reset));
    else {
      if (reset.offsets.length > 0) output.out(resetText({ ...reset, refused: [] }));
      this.#fail(reset.refused, reset.offsets.length > 0);
    }
  }

  #renderDeleted(deleted: DeleteResult | undefined): void {
    if (deleted === undefined) return;
    const { output } = this.context;
    if (this.strict || deleted.failed.length === 0) output.out(deleteText(deleted));
    else {
      if (deleted.deleted.length > 0) output.out(deleteText({ ...deleted, failed: [] }));
      const lines = deleted.failed.map(({ group, error }) => `group '${group}' was not deleted: ${error.message}`);
      this.#fail(lines, deleted.deleted.length > 0);
    }
  }

  #renderDeletedOffsets(deleted: DeleteOffsetsResult | undefined): void {
    if (deleted === undefined) return;
    const { output } = this.context;
    if (this.strict || deleted.rows.every((row) => row.error === null)) output.out(deleteOffsetsText(deleted));
    else {
      const good = deleted.rows.filter((row) => row.error === null);
      if (good.length > 0) output.out(deleteOffsetsText({ ...deleted, error: undefined, rows: good }));
      const bad = deleted.rows.filter((row) => row.error !== null);
      const lines = bad.map(
        (row) => `${row.topic}${row.partition === undefined ? '' : `-${row.partition}`}: ${row.error?.message}`,
      );
      this.#fail(lines, good.length > 0);
    }
  }

  /** What was not done, in the own manner: on stderr, and never with 0. */
  #fail(lines: readonly string[], partly: boolean): void {
    if (lines.length === 0) return;
    for (const line of lines.slice(0, -1)) this.context.output.err(`kts: ${line}\n`);
    throw new CommandError(lines.at(-1) as string, {
      stage: 'run',
      exitCode: partly ? EXIT.partial : EXIT.refused,
      hint: 'kts consumer-groups --describe shows the group',
    });
  }
}

const MISSING = 'Missing required argument "[bootstrap-server]"';

/** Brokers take RE2's syntax, whose common part with JavaScript's is checked here. */
function validateRegex(pattern: string): string {
  try {
    new RegExp(pattern, 'u');
    return `The regular expression \`${pattern}\` is valid.`;
  } catch (error) {
    const reason = javaText(error);
    const why = /class/i.test(reason)
      ? 'missing closing ]'
      : /group|parenthes/i.test(reason)
        ? 'missing closing )'
        : reason;
    return `The regular expression \`${pattern}\` is invalid: ${why}.`;
  }
}
