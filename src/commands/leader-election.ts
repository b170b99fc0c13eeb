/** `kts leader-election`: kafka-leader-election.sh. */
import { AddressError } from '../base/address-error.ts';
import { EXIT } from '../base/kts-error.ts';
import { describeTopics } from '../client/admin-topics.ts';
import { type ClusterView, UnreachableError } from '../client/cluster-view.ts';
import type { TopicPartition } from '../client/offsets.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { CommandError } from '../console/command-error.ts';
import { bootstrapOf, checkProperties, clientProperties, connect } from '../console/connect.ts';
import { checkElectionOptions, type ElectionKind } from '../console/election/check-options.ts';
import {
  type Elections,
  elect,
  electedText,
  inSets,
  readElections,
  rehearse,
  showElections,
} from '../console/election/elections.ts';
import { javaText } from '../console/java-text.ts';
import { leaderElectionTable } from '../console/options/leader-election.ts';
import { partitionText } from '../console/partition-list.ts';
import { startProgress } from '../console/progress.ts';
import type { Shown } from '../console/show/shown.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

const TIMED_OUT = 'Timeout waiting for election results';
const NOT_ALLOWED = 'Not authorized to perform leader election';
const DEPRECATED =
  'Option --admin.config has been deprecated and will be removed in a future version. Use --command-config instead.';
const API_TIMEOUT_MS = 30_000;

export default class LeaderElection extends Command<Elections> {
  static readonly table = leaderElectionTable;

  static strictAnswer(error: CommandError): StrictAnswer {
    const { cause } = error;
    const both = (text: string) => ({ out: `${text}\n`, err: `${text}\n`, exitCode: 1 });
    if (cause instanceof UnreachableError) return both(TIMED_OUT);
    if (cause instanceof AddressError) return { err: 'Failed to create new KafkaAdminClient\n', exitCode: 1 };
    if (cause instanceof KafkaError) {
      if (cause.code === ErrorCode.REQUEST_TIMED_OUT) return both(TIMED_OUT);
      if (cause.code === ErrorCode.CLUSTER_AUTHORIZATION_FAILED) return both(NOT_ALLOWED);
      return { err: `java.util.concurrent.ExecutionException: ${javaText(cause)}\n`, exitCode: 1 };
    }
    return { err: `${error.strictText}\n`, exitCode: 1 };
  }

  async run(): Promise<Elections> {
    const { context, options } = this;
    const kind = checkElectionOptions(context, options);
    const file = options.value('path-to-json-file');
    const listed = file === undefined ? undefined : await readElections(context, file);
    const cluster = await this.#connect();
    const progress = startProgress(context, () => 'electing leaders');
    try {
      const elections = await this.#elect(cluster, kind, listed ?? (await this.#named(cluster)));
      return this.strict ? inSets(elections) : elections;
    } finally {
      progress.stop();
      cluster.close();
    }
  }

  #elect(cluster: ClusterView, kind: ElectionKind, partitions: readonly TopicPartition[] | null): Promise<Elections> {
    return this.options.has('dry-run') ? rehearse(cluster, kind, partitions) : elect(cluster, kind, partitions);
  }

  async #connect(): Promise<ClusterView> {
    const { context, options } = this;
    const old = options.value('admin.config');
    if (old !== undefined) {
      if (this.strict) context.output.out(`${DEPRECATED}\n`);
      else context.output.err('kts: --admin.config is the old name of --command-config\n');
    }
    const bootstrap = bootstrapOf(context, options, 'Missing required option(s): bootstrap-server');
    const properties = await clientProperties(context, options.value('command-config') ?? old);
    for (const [key, ms] of [
      ['default.api.timeout.ms', API_TIMEOUT_MS],
      ['request.timeout.ms', API_TIMEOUT_MS / 2],
    ] as const) {
      if (!properties.has(key)) properties.set(key, String(ms));
    }
    const checked = await checkProperties(context, 'admin', properties);
    return connect(context, { bootstrap, clientId: 'adminclient-1', checked });
  }

  /** Null: all partitions. In the own manner a topic without a partition means all of its. */
  async #named(cluster: ClusterView): Promise<readonly TopicPartition[] | null> {
    const { options } = this;
    const topic = options.value('topic') ?? (this.strict ? undefined : options.words[0]);
    if (topic === undefined) return null;
    const partition = options.integer('partition');
    if (partition !== undefined) return [{ topic, partition }];
    const found = (await describeTopics(cluster, [topic])).get(topic);
    if (found === undefined || found instanceof KafkaError) {
      throw new CommandError(`there is no topic '${topic}'`, {
        stage: 'run',
        exitCode: EXIT.notFound,
        hint: 'kts topics --list shows the topics',
        cause: found,
      });
    }
    return found.partitions.map((one) => ({ topic, partition: one.partition }));
  }

  render(elections: Elections): void {
    const { output } = this.context;
    output.out(electedText(elections));
    const { kind, failed } = elections;
    if (failed.length === 0) return;
    if (!this.strict) throw this.#failure(elections);
    for (const one of failed) {
      const where = `(${kind.toUpperCase()}) for partition: ${partitionText(one)}`;
      this.print(`Error completing leader election ${where}: ${javaText(one.error)}`);
    }
    throw new CommandError(`${failed.length} replica(s) could not be elected`, { stage: 'run' });
  }

  override async show(elections: Elections): Promise<Shown> {
    const shown = showElections(elections);
    return elections.failed.length === 0 ? shown : { ...shown, failure: this.#failure(elections) };
  }

  /** Each on stderr; the last line is the error. */
  #failure({ elected, notNeeded, failed }: Elections): CommandError {
    const lines = failed.map((one) => `${partitionText(one)}: ${one.error.message}`);
    for (const line of lines.slice(0, -1)) this.context.output.err(`kts: ${line}\n`);
    const isMissing = failed.every(({ error }) => error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const isPartly = elected.length + notNeeded.length > 0;
    return new CommandError(lines.at(-1) as string, {
      stage: 'run',
      exitCode: isPartly ? EXIT.partial : isMissing ? EXIT.notFound : EXIT.refused,
      hint: isMissing
        ? 'kts topics --describe shows the partitions of topics'
        : 'kts topics --describe shows which replicas are in sync',
    });
  }
}
