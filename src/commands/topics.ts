/** `kts topics`: kafka-topics.sh. */

import { AddressError } from '../base/address-error.ts';
import { type ListedTopic, listTopics } from '../client/admin-topics.ts';
import { type ClusterView, UnreachableError } from '../client/cluster-view.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import type { CommandError } from '../console/command-error.ts';
import { connectAdmin } from '../console/connect.ts';
import { topicsTable } from '../console/options/topics.ts';
import type { Shown } from '../console/show/shown.ts';
import { alter, COLLISION_WARNING, create, mayCollide, remove } from '../console/topics/change.ts';
import { checkTopicsOptions, type TopicsAction, topicOf } from '../console/topics/check-options.ts';
import { type DescribeResult, describe, describeText } from '../console/topics/describe.ts';
import { matching, selectTopics } from '../console/topics/select.ts';
import type { ListedRow } from '../console/topics/show.ts';

interface TopicsResult {
  readonly listed?: readonly ListedRow[];
  readonly described?: DescribeResult;
  /** What was done to which topics, or would be. */
  readonly changed?: { readonly action: TopicsAction; readonly names: readonly string[]; readonly dryRun: boolean };
}

function listedRow(cluster: ClusterView, topic: ListedTopic): ListedRow {
  const partitions = cluster.topic(topic.name)?.partitions ?? [];
  return {
    name: topic.name,
    id: topic.id,
    internal: topic.isInternal,
    partitions: partitions.length,
    replicationFactor: partitions[0]?.replicas.length ?? 0,
  };
}

export default class Topics extends Command<TopicsResult> {
  static readonly table = topicsTable;

  static strictAnswer(error: CommandError): StrictAnswer {
    if (error.cause instanceof AddressError) return { err: 'Failed to create new KafkaAdminClient\n', exitCode: 1 };
    if (error.stage !== 'run') return { err: `${error.strictText}\n`, exitCode: 1 };
    const text =
      error.cause instanceof UnreachableError
        ? `Timed out waiting for a node assignment. Call: ${error.cause.doing}`
        : error.strictText;
    return { out: `Error while executing topic command : ${text}\n`, exitCode: 1 };
  }

  async run(): Promise<TopicsResult> {
    const { context, options } = this;
    if (this.strict && !options.has('bootstrap-server')) await connectAdmin(context, options, MISSING);
    const action = checkTopicsOptions(context, options);
    const named = topicOf(context, options, action);
    const cluster = await connectAdmin(context, options, MISSING);
    try {
      if (action === 'describe') return { described: await describe(cluster, named, options) };
      if (action === 'list') {
        const topics = matching(await listTopics(cluster), named, options.has('exclude-internal'));
        return { listed: topics.map((topic) => listedRow(cluster, topic)) };
      }
      const topic = named ?? (await this.#ask(cluster, action));
      const names = await this.#change(cluster, action, topic);
      return { changed: { action, names, dryRun: this.#dryRun } };
    } finally {
      cluster.close();
    }
  }

  get #dryRun(): boolean {
    return this.options.has('dry-run');
  }

  /** The own manner only: the strict one has found fault with the options by now. */
  async #ask(cluster: ClusterView, action: 'create' | 'alter' | 'delete'): Promise<string> {
    const { askForNewTopic, askForTopic } = await import('../console/topics/ask.ts');
    const question = `which topic shall be ${action === 'alter' ? 'altered' : `${action}d`}?`;
    if (action === 'create') return askForNewTopic(this.context, question);
    return askForTopic(this.context, cluster, { question, hint: `kts topics --${action} NAME` });
  }

  async #change(
    cluster: ClusterView,
    action: 'create' | 'alter' | 'delete',
    topic: string,
  ): Promise<readonly string[]> {
    if (action === 'create') return this.#create(cluster, topic);
    const ifExists = this.options.has('if-exists');
    const names = await selectTopics(cluster, topic, { ifExists, excludeInternal: false });
    if (names.length === 0) return names;
    if (action === 'alter') await alter(cluster, names, this.options);
    else if (!this.#dryRun) await remove(cluster, names);
    return names;
  }

  async #create(cluster: ClusterView, name: string): Promise<readonly string[]> {
    if (mayCollide(name)) {
      if (this.strict) this.print(COLLISION_WARNING);
      else this.context.output.err(`${COLLISION_WARNING}\n`);
    }
    const created = await create(cluster, name, this.options);
    return created === undefined ? [] : [created];
  }

  render({ listed, described, changed }: TopicsResult): void {
    if (listed !== undefined) this.print(listed.map((row) => row.name).join('\n'));
    if (described !== undefined) this.context.output.out(describeText(described));
    if (changed?.dryRun) for (const name of changed.names) this.print(`Would ${changed.action} topic ${name}.`);
    else if (changed?.action === 'create') for (const name of changed.names) this.print(`Created topic ${name}.`);
  }

  override async show({ listed, described, changed }: TopicsResult): Promise<Shown> {
    const { showDescribed, showList } = await import('../console/topics/show.ts');
    if (listed !== undefined) return showList(listed);
    if (described !== undefined) return showDescribed(described);
    return { data: changed, sheets: [] };
  }
}

const MISSING = '--bootstrap-server must be specified';
