/** `kts console-producer`: kafka-console-producer.sh. */
import { EXIT } from '../base/kts-error.ts';
import { type ClusterView, UnreachableError } from '../client/cluster-view.ts';
import { toKafkaError } from '../client/error-text.ts';
import { Producer } from '../client/producer/producer.ts';
import { Command, type StopReason, type StrictAnswer } from '../console/command.ts';
import { CommandError, usageError, withException } from '../console/command-error.ts';
import { bootstrapOf, connect, readPropertiesFile } from '../console/connect.ts';
import { defaultTopic } from '../console/defaults.ts';
import { oneWord } from '../console/one-word.ts';
import { consoleProducerTable } from '../console/options/console-producer.ts';
import { OptionError } from '../console/parser/option-error.ts';
import { linesInBackground } from '../console/producer/background-lines.ts';
import { type FeedOptions, feedLines } from '../console/producer/feed.ts';
import { LineParser, lineParserSettings } from '../console/producer/line-parser.ts';
import { planProducer, producerOptionNames } from '../console/producer/producer-settings.ts';
import { counted, startProgress } from '../console/progress.ts';
import { parsePairs } from '../console/properties.ts';
import { ErrorCode, errorRow } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

const LINE_READER = 'org.apache.kafka.tools.LineMessageReader';
/** How long records that were read are still brought away after Ctrl-C. */
const STOP_MS = 5_000;

/** How long the brokers may take to make a topic. */
const TOPIC_MS = 3_000;

interface Totals {
  readonly records: number;
  readonly failed: number;
  readonly firstError: Error | undefined;
}

export default class ConsoleProducer extends Command<Totals> {
  static readonly table = consoleProducerTable;
  #failed = 0;
  #firstError: Error | undefined;

  static strictAnswer(error: CommandError): StrictAnswer {
    const text = error.cause instanceof OptionError ? error.strictText : withException(error);
    return { err: `${text}\n`, exitCode: 1 };
  }

  async run(): Promise<Totals> {
    const { context, options } = this;
    const word = this.strict ? undefined : (oneWord(options, options.has('topic')) ?? defaultTopic(context));
    const named = options.value('topic') ?? word;
    if (named === undefined && this.strict) {
      throw usageError(
        'which topic shall the lines go to?',
        'kts console-producer --topic NAME',
        'Missing required argument "[topic]"',
      );
    }
    const names = producerOptionNames(context, options);
    const bootstrap = bootstrapOf(context, options, 'Error while validating the bootstrap address');
    const plan = await planProducer(context, options, names);
    const parser = await this.#parser(names.reader);
    const cluster = connect(context, {
      bootstrap,
      clientId: 'console-producer',
      checked: plan.checked,
    });
    const isPlain = parser === undefined && !options.has('sync') && !options.has('dry-run');
    const inBackground = linesInBackground(context.input(), plan.settings, this.strict);
    const pieces = isPlain ? inBackground(0, false) : undefined;
    try {
      const topic = named ?? (await this.#ask(cluster));
      if (options.has('dry-run')) {
        const { rehearse } = await import('../console/producer/rehearsal.ts');
        await rehearse({ context, cluster, topic, settings: plan.settings, parser });
        return { records: 0, failed: 0, firstError: undefined };
      }
      if (!this.strict) await this.#checkTopic(cluster, topic);
      const producer = new Producer(cluster, plan.settings);
      const records = await this.#feed(producer, topic, { parser, pieces, inBackground });
      return { records, failed: this.#failed, firstError: this.#firstError };
    } finally {
      pieces?.abandon();
      cluster.close();
    }
  }

  /** Brokers may make the topic; when they do not, a person need not wait for `max.block.ms` to learn it. */
  async #checkTopic(cluster: ClusterView, topic: string): Promise<void> {
    const deadline = cluster.deadline(TOPIC_MS);
    for (let attempt = 0; ; attempt++) {
      await cluster.refresh([topic], { create: true });
      if (cluster.topic(topic)?.errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return;
      if (deadline.passed) break;
      await cluster.pause(attempt, deadline);
    }
    const { listTopics } = await import('../client/admin-topics.ts');
    const { noSuchTopic } = await import('../console/topics/select.ts');
    throw noSuchTopic(
      topic,
      (await listTopics(cluster)).map((t) => t.name),
    );
  }

  async #ask(cluster: ClusterView): Promise<string> {
    const { askForTopic } = await import('../console/topics/ask.ts');
    const hint = 'kts console-producer TOPIC';
    return askForTopic(this.context, cluster, { question: 'which topic shall the lines go to?', hint });
  }

  async #parser(pairs: string): Promise<LineParser | undefined> {
    const { context, options } = this;
    const reader = options.value('line-reader') ?? LINE_READER;
    if (reader !== LINE_READER) {
      const isJava = reader.startsWith('java.');
      throw new CommandError(`there is no line reader ${reader}`, {
        stage: 'usage',
        strictText: isJava ? 'The reader must implement org.apache.kafka.tools.api.RecordReader interface' : reader,
        exception: isJava ? 'java.lang.IllegalArgumentException' : 'java.lang.ClassNotFoundException',
        hint: `the only one is ${LINE_READER}`,
      });
    }
    const file = options.value('reader-config');
    const properties = file === undefined ? new Map<string, string>() : await readPropertiesFile(context, file);
    for (const [key, value] of parsePairs(options.values(pairs))) properties.set(key, value);
    const settings = lineParserSettings(properties);
    return settings === undefined ? undefined : new LineParser(settings);
  }

  async #feed(
    producer: Producer,
    topic: string,
    lines: Pick<FeedOptions, 'parser' | 'pieces' | 'inBackground'>,
  ): Promise<number> {
    const { context, options } = this;
    const input = context.input();
    const stopped = Promise.withResolvers<void>();
    const release = context.onStop((why: StopReason) => {
      this.exitCode = why === 'SIGINT' ? 130 : why === 'SIGTERM' ? 143 : EXIT.failed;
      input.stop();
      context.runtime.timers.after(STOP_MS, stopped.resolve, { unref: true });
    });
    let records = 0;
    let delivered = 0;
    // Who types sees the lines; a file or a pipe says nothing.
    const spinner = input.isTerminal
      ? undefined
      : startProgress(context, () => `${counted(delivered, 'record')} delivered to ${topic}`);
    try {
      const bulk = await producer.bulk(topic, ({ count, error }) => {
        if (error !== null) this.#refused(topic, count, error);
        else delivered += count;
      });
      const delivery = feedLines({
        input,
        bulk,
        runtime: context.runtime,
        ...lines,
        asJava: this.strict,
        prompt: input.isTerminal ? () => context.output.bytes(PROMPT, 0, 1) : () => undefined,
        afterRecord: options.has('sync') ? () => this.#sync(producer) : undefined,
        onRefused: (error) => {
          if (!(error instanceof KafkaError)) throw error;
          if (options.has('sync')) throw notDelivered(error);
          this.#refused(topic, 1, error);
        },
      }).then((count) => {
        records = count;
        return producer.close();
      });
      await Promise.race([delivery, stopped.promise]);
    } catch (error) {
      // Lines before a bad one are sent, as Kafka does.
      if (error instanceof CommandError) {
        await producer.close();
        throw error;
      }
      if (!this.strict) throw error;
      const cause = timedOut(topic, error, producer.settings.maxBlockMs);
      if (options.has('sync') && cause instanceof KafkaError) throw notDelivered(cause);
      if (!(cause instanceof Error)) throw cause;
      // Kafka's tool has read the lines by then, says so in its log, and ends with 0.
      this.#refused(topic, 1, cause);
    } finally {
      spinner?.stop();
      release();
    }
    return records;
  }

  async #sync(producer: Producer): Promise<void> {
    await producer.flush();
    if (this.#firstError !== undefined) throw notDelivered(this.#firstError);
  }

  #refused(topic: string, count: number, error: Error): void {
    this.#failed += count;
    const first = this.#firstError === undefined;
    this.#firstError ??= error;
    if (this.strict && !this.options.has('sync')) {
      const words = error instanceof CommandError ? withException(error) : javaWords(error);
      if (first) this.context.output.err(`ERROR Error when sending message to topic ${topic}: ${words}\n`);
    }
  }

  render(totals: Totals): void {
    if (totals.failed === 0 || this.strict) return;
    const partly = totals.failed < totals.records;
    const records = totals.failed === 1 ? '1 record was' : `${totals.failed} records were`;
    throw new CommandError(`${records} not delivered: ${totals.firstError?.message}`, {
      stage: 'run',
      exitCode: partly ? EXIT.partial : EXIT.failed,
      hint: partly ? `${totals.records - totals.failed} were delivered` : 'nothing was delivered',
      cause: totals.firstError,
    });
  }
}

const PROMPT = Buffer.from('>');
const TIMEOUT = 'org.apache.kafka.common.errors.TimeoutException';

function javaName(error: KafkaError): string {
  // To a program it says which topic is unknown; in Java it is a time that is up.
  if (/not present in metadata after \d+ ms/.test(error.message)) return TIMEOUT;
  return `org.apache.kafka.common.errors.${errorRow(error.code).exception}`;
}

function javaWords(error: Error): string {
  return error instanceof KafkaError ? `${javaName(error)}: ${error.message}` : error.message;
}

function notDelivered(error: Error): CommandError {
  const words = javaWords(error);
  return new CommandError(`a record was not delivered: ${error.message}`, {
    stage: 'run',
    exitCode: EXIT.refused,
    strictText: words,
    exception: 'java.util.concurrent.ExecutionException',
    cause: error,
  });
}

/** Nobody answered: what Kafka's producer says when it has no metadata. */
function timedOut(topic: string, error: unknown, maxBlockMs: number): unknown {
  if (!(error instanceof UnreachableError)) return error;
  return toKafkaError(ErrorCode.REQUEST_TIMED_OUT, `Topic ${topic} not present in metadata after ${maxBlockMs} ms.`);
}
