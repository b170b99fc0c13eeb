/** `kts topics`: kafka-topics.sh. */

import { AddressError } from '../base/address-error.ts';
import { listTopics } from '../client/admin-topics.ts';
import { UnreachableError } from '../client/cluster-view.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import type { CommandError } from '../console/command-error.ts';
import { connectAdmin } from '../console/connect.ts';
import { topicsTable } from '../console/options/topics.ts';
import { alter, COLLISION_WARNING, create, mayCollide, remove } from '../console/topics/change.ts';
import { checkTopicsOptions, topicOf } from '../console/topics/check-options.ts';
import { type DescribeResult, describe, describeText } from '../console/topics/describe.ts';
import { matching, selectTopics } from '../console/topics/select.ts';

interface TopicsResult {
  readonly created?: string;
  readonly names?: readonly string[];
  readonly described?: DescribeResult;
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
    const topic = topicOf(context, options);
    const cluster = await connectAdmin(context, options, MISSING);
    try {
      if (action === 'create') return await this.#create(cluster, topic as string);
      if (action === 'describe') return { described: await describe(cluster, topic, options) };
      if (action === 'list') {
        const excludeInternal = options.has('exclude-internal');
        return { names: matching(await listTopics(cluster), topic, excludeInternal).map((t) => t.name) };
      }
      const ifExists = options.has('if-exists');
      const names = await selectTopics(cluster, topic, { ifExists, excludeInternal: false });
      if (names.length > 0) await (action === 'alter' ? alter(cluster, names, options) : remove(cluster, names));
      return {};
    } finally {
      cluster.close();
    }
  }

  async #create(cluster: Parameters<typeof create>[0], name: string): Promise<TopicsResult> {
    if (mayCollide(name)) {
      if (this.strict) this.print(COLLISION_WARNING);
      else this.context.output.err(`${COLLISION_WARNING}\n`);
    }
    const created = await create(cluster, name, this.options);
    return created === undefined ? {} : { created };
  }

  render(result: TopicsResult): void {
    if (result.created !== undefined) this.print(`Created topic ${result.created}.`);
    if (result.names !== undefined) this.print(result.names.join('\n'));
    if (result.described !== undefined) this.context.output.out(describeText(result.described));
  }
}

const MISSING = '--bootstrap-server must be specified';
