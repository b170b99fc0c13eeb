/** `kts console-consumer`: kafka-console-consumer.sh. Without a group it makes one up, and reads while it is still joining. */
import type { ClusterView } from '../client/cluster-view.ts';
import { Consumer } from '../client/consumer/consumer.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { type CommandError, withException } from '../console/command-error.ts';
import { bootstrapOf, connect } from '../console/connect.ts';
import { BulkOutput } from '../console/consumer/bulk-output.ts';
import { type ConsumePlan, planConsume } from '../console/consumer/check-options.ts';
import { consumeTo } from '../console/consumer/consume.ts';
import { consumerOptionNames, planConsumer } from '../console/consumer/consumer-settings.ts';
import { makeFormatter } from '../console/consumer/formatter.ts';
import { Printed } from '../console/consumer/printed.ts';
import type { RecordFormat } from '../console/consumer/record-formats.ts';
import { startConsumer } from '../console/consumer/start-consumer.ts';
import { consoleConsumerTable } from '../console/options/console-consumer.ts';
import { isClosedPipe } from '../console/output.ts';
import { counted, startProgress } from '../console/progress.ts';
import { gatherProperties } from '../console/properties.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

const INFINITE = -1;
const NO_FILE = 'java.nio.file.NoSuchFileException';

type Printing = Pick<Parameters<typeof consumeTo>[0], 'formatter' | 'accepts'> & {
  readonly gathering: RecordFormat | undefined;
  readonly output: BulkOutput;
};
type Work = Printing & {
  readonly plan: ConsumePlan;
  readonly maxMessages: number;
  readonly timeoutMs: number;
};

export default class ConsoleConsumer extends Command<void> {
  static readonly table = consoleConsumerTable;
  static readonly ownOutput = true;

  static strictAnswer(error: CommandError): StrictAnswer {
    if (error.stage === 'usage') return { err: `${error.strictText}\n`, exitCode: 1 };
    if (error.exception === NO_FILE)
      return { err: `Exception in thread "main" ${withException(error)}\n`, exitCode: 1 };
    // Kafka's tool ends with 0 when the brokers refuse, and with 1 when it cannot begin or print.
    const refused = error.stage === 'run' && error.cause instanceof KafkaError;
    return { err: `ERROR ${withException(error)}\n`, exitCode: refused ? 0 : 1 };
  }

  async run(): Promise<void> {
    const { context, options } = this;
    const bootstrap = bootstrapOf(context, options, 'Missing required argument "[bootstrap-server]"');
    const plan = await planConsume(context, options);
    const names = consumerOptionNames(context, options);
    const { checked, settings } = await planConsumer(context, options, names);
    const printing = await this.#printing(names.formatter);
    const maxMessages = this.#maxMessages();
    const timeoutMs = options.integer('timeout-ms') ?? INFINITE;
    const cluster = connect(context, { bootstrap, clientId: 'console-consumer', checked });
    const consumer = new Consumer(cluster, settings);
    await this.#consume(cluster, consumer, {
      plan: await this.#withTopic(cluster, plan),
      ...printing,
      maxMessages,
      timeoutMs,
    });
  }

  /** In the own manner a topic may still be missing. */
  async #withTopic(cluster: ClusterView, plan: ConsumePlan): Promise<ConsumePlan> {
    if (plan.topic !== undefined || plan.include !== undefined) return plan;
    try {
      const { topicToRead } = await import('../console/topics/ask.ts');
      return { ...plan, topic: await topicToRead(this.context, cluster) };
    } catch (error) {
      cluster.close();
      throw error;
    }
  }

  async #printing(formatterPairs: string): Promise<Printing> {
    const { context, options } = this;
    const output = new BulkOutput(context.output);
    const grep = options.value('grep');
    const accepts = grep === undefined ? undefined : (await import('../console/consumer/grep.ts')).grepFilter(grep);
    if (options.has('output')) {
      const { makeRecordFormat } = await import('../console/consumer/own-output.ts');
      const made = await makeRecordFormat(context, options, output);
      if (made !== undefined) return { output, accepts, formatter: made.format, gathering: made };
    }
    const formatter = await makeFormatter(
      {
        className: options.value('formatter'),
        properties: await gatherProperties(context, options, { file: 'formatter-config', pairs: formatterPairs }),
        keyDeserializer: options.value('key-deserializer'),
        valueDeserializer: options.value('value-deserializer'),
        asJava: this.strict,
        warn: (message) => context.output.err(this.strict ? `ERROR ${message}\n` : `kts: ${message}\n`),
      },
      output,
    );
    return { output, accepts, formatter, gathering: undefined };
  }

  async #consume(cluster: ClusterView, consumer: Consumer, work: Work): Promise<void> {
    const { context, options } = this;
    const progress = { count: 0, stopped: false, quiet: false };
    const release = context.onStop((why) => {
      progress.stopped = true;
      progress.quiet = why === 'EPIPE';
      if (why === 'SIGINT') this.exitCode = 130;
      if (why === 'SIGTERM') this.exitCode = 143;
    });
    // Where records are printed on the terminal they are the progress.
    const spinner = context.output.outIsTerminal
      ? undefined
      : startProgress(context, () => `${counted(progress.count, 'record')} so far`);
    try {
      const printed = new Printed(work.output, consumer, work.gathering);
      const listener = { onRevoked: () => printed.flush() };
      const ends = await startConsumer(context, consumer, work.plan, { waitMs: work.timeoutMs, listener });
      const skipErrors = options.has('skip-message-on-error');
      if (ends !== 'late') await consumeTo({ ...work, printed, context, consumer, progress, skipErrors, ends });
      await consumer.close();
    } catch (error) {
      if (isClosedPipe(error)) progress.quiet = true;
      throw error;
    } finally {
      spinner?.stop();
      release();
      consumer.abort();
      cluster.close();
      if (!progress.quiet) this.#totals(progress.count);
    }
  }

  /** Kafka's tool has begun by then. */
  #maxMessages(): number {
    try {
      return this.options.integer('max-messages') ?? INFINITE;
    } catch (error) {
      if (this.strict) this.#totals(0);
      throw error;
    }
  }

  #totals(count: number): void {
    const { output } = this.context;
    if (this.options.has('enable-systest-events')) output.out('shutdown_complete\n');
    output.flush();
    output.err(`Processed a total of ${count} messages\n`);
  }

  render(): void {}
}
