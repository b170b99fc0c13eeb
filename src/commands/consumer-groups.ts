/** `kts consumer-groups`: kafka-consumer-groups.sh. */
import { EXIT } from '../base/kts-error.ts';
import { UnreachableError } from '../client/cluster-view.ts';
import { Coordinators } from '../client/coordinator.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { CommandError, withException } from '../console/command-error.ts';
import { connectAdmin } from '../console/connect.ts';
import { checkGroupsOptions, groupsOf } from '../console/groups/check-options.ts';
import { type DescribeGroupsResult, describeGroups, describeGroupsText } from '../console/groups/describe.ts';
import { consumerGroups, type GroupsClient } from '../console/groups/groups-client.ts';
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
import { javaText } from '../console/java-text.ts';
import { consumerGroupsTable } from '../console/options/consumer-groups.ts';
import { counted, startProgress } from '../console/progress.ts';
import type { Shown } from '../console/show/shown.ts';

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
      if (action === 'reset-offsets') return { reset: await this.#reset(client, groups) };
      if (action === 'delete') return { deleted: await deleteGroups(client, groups, this.#dryRun) };
      const [group] = groups;
      const words = options.values('topic');
      return { deletedOffsets: await deleteGroupOffsets(client, group as string, words, this.#dryRun) };
    } finally {
      cluster.close();
    }
  }

  async #reset(client: GroupsClient, groups: readonly string[]): Promise<ResetResult> {
    const spinner = startProgress(this.context, () => `resetting the offsets of ${counted(groups.length, 'group')}`);
    try {
      return await resetOffsets(client, this.context, this.options, groups);
    } finally {
      spinner.stop();
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

  override async show(result: GroupsResult): Promise<Shown | undefined> {
    const show = await import('../console/groups/show.ts');
    const { listed, described, reset, deleted, deletedOffsets } = result;
    if (listed !== undefined) return show.showList(listed);
    if (described !== undefined) return show.showDescribed(described);
    if (reset !== undefined) return show.showReset(reset, this.#resetFailure(reset));
    if (deleted !== undefined) return this.#words(show.showDeleted(deleted, this.#deleteFailure(deleted)));
    if (deletedOffsets !== undefined) {
      return this.#words(show.showDeletedOffsets(deletedOffsets, this.#deleteOffsetsFailure(deletedOffsets)));
    }
    return undefined;
  }

  /** What would be deleted is said in words, not in a table. */
  #words(shown: Shown): Shown {
    return this.#dryRun ? { ...shown, data: { dryRun: true, groups: shown.data }, sheets: [] } : shown;
  }

  get #dryRun(): boolean {
    return !this.strict && this.options.has('dry-run');
  }

  #renderReset(reset: ResetResult | undefined): void {
    if (reset === undefined) return;
    const { output } = this.context;
    if (this.strict) output.out(resetText(reset));
    else {
      if (reset.offsets.length > 0) output.out(resetText({ ...reset, refused: [] }));
      this.#throw(this.#resetFailure(reset));
    }
  }

  #resetFailure(reset: ResetResult): Error | undefined {
    return this.#failure(reset.refused, reset.offsets.length > 0);
  }

  #renderDeleted(deleted: DeleteResult | undefined): void {
    if (deleted === undefined) return;
    const { output } = this.context;
    if (this.#dryRun) for (const group of deleted.deleted) this.print(`Would delete group ${group}.`);
    else if (this.strict || deleted.failed.length === 0) output.out(deleteText(deleted));
    else if (deleted.deleted.length > 0) output.out(deleteText({ ...deleted, failed: [] }));
    if (!this.strict) this.#throw(this.#deleteFailure(deleted));
  }

  #deleteFailure(deleted: DeleteResult): Error | undefined {
    const lines = deleted.failed.map(({ group, error }) => `group '${group}' was not deleted: ${error.message}`);
    return this.#failure(lines, deleted.deleted.length > 0);
  }

  #renderDeletedOffsets(deleted: DeleteOffsetsResult | undefined): void {
    if (deleted === undefined) return;
    const { output } = this.context;
    const good = deleted.rows.filter((row) => row.error === null);
    if (this.#dryRun) {
      for (const row of good) this.print(`Would delete the offset of ${row.topic}-${row.partition}.`);
    } else if (this.strict || good.length === deleted.rows.length) output.out(deleteOffsetsText(deleted));
    else if (good.length > 0) output.out(deleteOffsetsText({ ...deleted, error: undefined, rows: good }));
    if (!this.strict) this.#throw(this.#deleteOffsetsFailure(deleted));
  }

  #deleteOffsetsFailure(deleted: DeleteOffsetsResult): Error | undefined {
    const bad = deleted.rows.filter((row) => row.error !== null);
    const lines = bad.map(
      (row) => `${row.topic}${row.partition === undefined ? '' : `-${row.partition}`}: ${row.error?.message}`,
    );
    return this.#failure(lines, bad.length < deleted.rows.length);
  }

  /** What was not done, in the own manner: on stderr, and never with 0. The last line is the error. */
  #failure(lines: readonly string[], partly: boolean): CommandError | undefined {
    if (lines.length === 0) return undefined;
    for (const line of lines.slice(0, -1)) this.context.output.err(`kts: ${line}\n`);
    return new CommandError(lines.at(-1) as string, {
      stage: 'run',
      exitCode: partly ? EXIT.partial : EXIT.refused,
      hint: 'kts consumer-groups --describe shows the group',
    });
  }

  #throw(failure: Error | undefined): void {
    if (failure !== undefined) throw failure;
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
