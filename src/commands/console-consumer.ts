/** `kts console-consumer`: kafka-console-consumer.sh. Without a group it reads the partitions directly, which joins nothing. */

import type { ClusterView } from '../client/cluster-view.ts';
import { Consumer } from '../client/consumer/consumer.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { type CommandError, withException } from '../console/command-error.ts';
import { bootstrapOf, connect } from '../console/connect.ts';
import { BulkOutput } from '../console/consumer/bulk-output.ts';
import { planConsume } from '../console/consumer/check-options.ts';
import { consumeTo } from '../console/consumer/consume.ts';
import { consumerOptionNames, planConsumer } from '../console/consumer/consumer-settings.ts';
import { makeFormatter } from '../console/consumer/formatter.ts';
import { startConsumer } from '../console/consumer/start-consumer.ts';
import { consoleConsumerTable } from '../console/options/console-consumer.ts';
import { isClosedPipe } from '../console/output.ts';
import { gatherProperties } from '../console/properties.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

const INFINITE = -1;
const NO_FILE = 'java.nio.file.NoSuchFileException';

export default class ConsoleConsumer extends Command<void> {
  static readonly table = consoleConsumerTable;

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
    const plan = planConsume(context, options);
    const names = consumerOptionNames(context, options);
    const { values, settings } = await planConsumer(context, options, names);
    const output = new BulkOutput(context.output);
    const formatter = makeFormatter(
      {
        className: options.value('formatter'),
        properties: await gatherProperties(context, options, { file: 'formatter-config', pairs: names.formatter }),
        keyDeserializer: options.value('key-deserializer'),
        valueDeserializer: options.value('value-deserializer'),
        asJava: this.strict,
        warn: (message) => context.output.err(this.strict ? `ERROR ${message}\n` : `kts: ${message}\n`),
      },
      output,
    );
    const maxMessages = options.integer('max-messages') ?? INFINITE;
    const timeoutMs = options.integer('timeout-ms') ?? INFINITE;
    const cluster = connect(context, { bootstrap, clientId: 'console-consumer', values });
    const consumer = new Consumer(cluster, settings);
    await this.#consume(cluster, consumer, { plan, formatter, output, maxMessages, timeoutMs });
  }

  async #consume(
    cluster: ClusterView,
    consumer: Consumer,
    work: Pick<Parameters<typeof consumeTo>[0], 'formatter' | 'output' | 'maxMessages' | 'timeoutMs'> & {
      readonly plan: ReturnType<typeof planConsume>;
    },
  ): Promise<void> {
    const { context, options } = this;
    const progress = { count: 0, stopped: false, quiet: false };
    const release = context.onStop((why) => {
      progress.stopped = true;
      progress.quiet = why === 'EPIPE';
      if (why === 'SIGINT') this.exitCode = 130;
      if (why === 'SIGTERM') this.exitCode = 143;
    });
    try {
      await startConsumer(context, consumer, work.plan, work.timeoutMs);
      await consumeTo({ ...work, context, consumer, progress, skipErrors: options.has('skip-message-on-error') });
      await consumer.close();
    } catch (error) {
      if (isClosedPipe(error)) progress.quiet = true;
      throw error;
    } finally {
      release();
      consumer.abort();
      cluster.close();
      if (!progress.quiet) this.#totals(progress.count);
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
