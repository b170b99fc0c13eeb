/** `kts server-start`: kafka-server-start.sh with a file; without one, a broker to try things with. */
import { join } from 'node:path';
import { EXIT, KtsError } from '../base/kts-error.ts';
import { causeText, createLogger, type Logger, logTimestamp } from '../base/logger.ts';
import { BrokerConfig } from '../config/broker-config.ts';
import { configReport } from '../config/config-report.ts';
import {
  type ContainerConfig,
  clusterIdOf,
  containerConfig,
  masked,
  overDefaults,
} from '../config/container-environment.ts';
import { isZookeeperConfig } from '../config/zookeeper-config.ts';
import { Command, type StopReason, type StrictAnswer } from '../console/command.ts';
import { type CommandError, usageError } from '../console/command-error.ts';
import { readPropertiesFile } from '../console/connect.ts';
import { defaultDataDirectory, logDirectory } from '../console/data-directory.ts';
import { NODE_CLASS } from '../console/java-classes.ts';
import { serverStartTable } from '../console/options/server.ts';
import type { ToolTable } from '../console/options/table.ts';
import { parsePairs } from '../console/properties.ts';
import { LogFile } from '../runtime/log-file.ts';
import { nodeProcesses } from '../runtime/processes.ts';
import { startEmbeddedNode } from '../server/embedded-node.ts';
import { type RunningNode, startNode } from '../server/node.ts';

const EMBEDDED_PORT = 9092;
const EMBEDDED_CONTROLLER_PORT = 9093;
/** What Kafka's script says when there is no file among its words. */
const USAGE = 'USAGE: kafka-server-start.sh [-daemon] server.properties [--override property=value]*';

export default class ServerStart extends Command<void> {
  static readonly table: ToolTable = serverStartTable;
  /** How the node in the background names itself, and where it prints. */
  protected readonly nodeClass: string = NODE_CLASS;
  protected readonly outputName: string = 'kafkaServer.out';
  protected readonly logName: string = 'server.log';

  /** What Kafka's log says on stdout. */
  static strictAnswer(error: CommandError): StrictAnswer {
    if (error.stage === 'usage' && error.cause === undefined) return { err: `${error.strictText}\n`, exitCode: 1 };
    const text = `${error.exception ?? 'java.lang.RuntimeException'}: ${error.strictText}`;
    return { out: `ERROR Exiting Kafka due to fatal exception\n${text}\n`, exitCode: 1 };
  }

  async run(): Promise<void> {
    const { options } = this;
    const [file, extra] = options.words;
    if (extra !== undefined) {
      throw usageError(
        `'${extra}' is one word too many`,
        'only one file is read',
        `Found non argument parameters: ${extra}`,
      );
    }
    if (file === undefined && this.strict) {
      throw usageError('which file?', 'name a server.properties', USAGE);
    }
    if (options.has('daemon')) {
      await this.#background(file);
      return;
    }
    const overrides = parsePairs(options.values('override'));
    if (file === undefined) await this.#embedded(overrides);
    else await this.#fromFile(file, overrides);
  }

  async #fromFile(file: string, overrides: ReadonlyMap<string, string>): Promise<void> {
    const log = this.#logFile();
    try {
      const logger = this.#logger('INFO', (line) => {
        this.context.output.out(line);
        this.context.output.flush();
        log?.write(line);
      });
      const config = await this.nodeConfig(file, overrides, logger);
      const { runtime } = this.context;
      await this.#serve((onFatal, whenAskedToStop) =>
        startNode({ config, runtime, logger, hostname: nodeProcesses.hostname, onFatal, whenAskedToStop }),
      );
    } catch (error) {
      // Where it is printed depends on the manner; the log has it always.
      this.#logger('INFO', (line) => log?.write(line)).error('Exiting Kafka due to fatal exception', error);
      throw error;
    } finally {
      log?.close();
    }
  }

  /** What the file makes of the node. What is to be said of it goes to the logger. */
  protected async nodeConfig(
    file: string,
    overrides: ReadonlyMap<string, string>,
    logger: Logger,
  ): Promise<BrokerConfig> {
    const properties = await readPropertiesFile(this.context, file);
    for (const [key, value] of overrides) properties.set(key, value);
    const config = await this.#brokerConfig(properties, logger);
    for (const warning of configReport(config, properties).warnings) logger.warn(warning);
    return config;
  }

  async #brokerConfig(properties: ReadonlyMap<string, string>, logger: Logger): Promise<BrokerConfig> {
    if (!isZookeeperConfig(properties)) return BrokerConfig.from(properties);
    const { prepareZookeeperBroker } = await import('../server/zookeeper-era.ts');
    return prepareZookeeperBroker(properties, this.context.runtime, logger);
  }

  /** Kafka's scripts name a directory, and its server.log is what people grep. */
  #logFile(): LogFile | undefined {
    const directory = this.context.env['LOG_DIR'];
    if (!directory) return undefined;
    const path = join(directory, this.logName);
    try {
      return new LogFile(path, () => this.context.runtime.clock.nowMs());
    } catch (error) {
      this.#logger('WARN', (line) => this.context.output.out(line)).warn(`${path} is not written: ${causeText(error)}`);
      return undefined;
    }
  }

  async #embedded(overrides: ReadonlyMap<string, string>): Promise<void> {
    const { context, options } = this;
    const container = containerConfig(context.env);
    const home = nodeProcesses.homeDirectory;
    const named = overrides.get('log.dirs') ?? container?.properties.get('log.dirs');
    const dataDirectory = named ?? options.value('data-dir') ?? defaultDataDirectory(context.env, home);
    this.print(`data directory: ${dataDirectory}`);
    if (container !== undefined) this.#sayContainer(container);
    context.output.flush();
    const logger = this.#logger('WARN', (line) => context.output.err(line));
    const clusterId = container === undefined ? undefined : clusterIdOf(container);
    await this.#serve(async (onFatal) => {
      const configured = container === undefined ? undefined : await this.#contained(container, overrides);
      const node = await startEmbeddedNode({
        dataDirectory,
        port: EMBEDDED_PORT,
        controllerPort: (await this.#isFree('127.0.0.1', EMBEDDED_CONTROLLER_PORT)) ? EMBEDDED_CONTROLLER_PORT : 0,
        ...(configured === undefined ? { overrides } : { configured }),
        ...(clusterId === undefined ? {} : { clusterId }),
        runtime: context.runtime,
        logger,
        hostname: nodeProcesses.hostname,
        onFatal,
      });
      if (container !== undefined) await this.#createTopics(container, node.bootstrapServers);
      this.#sayReady(node.bootstrapServers);
      return node;
    });
    // Ctrl-C is how such a broker is meant to end.
    this.exitCode = EXIT.ok;
  }

  /** What became of the variables, so that nobody has to guess. */
  #sayContainer(container: ContainerConfig): void {
    this.print(`configured by the environment, as ${container.dialect}'s image is:`);
    for (const line of masked(container.properties)) this.print(`  ${line}`);
    for (const note of container.notes) this.context.output.err(`kts: ${note}\n`);
    this.context.output.flush();
  }

  /** KAFKA_CREATE_TOPICS; topics that are there already are left as they are. */
  async #createTopics({ topics }: ContainerConfig, bootstrap: string): Promise<void> {
    if (topics.length === 0) return;
    const { createNamedTopics } = await import('../console/topics/create-named.ts');
    for (const line of await createNamedTopics(this.context, bootstrap, topics)) this.print(line);
  }

  /** What the environment makes of the defaults; what it says in vain is said. */
  async #contained(container: ContainerConfig, overrides: ReadonlyMap<string, string>) {
    const { zookeeperPort: wanted } = container;
    const zookeeperPort = wanted !== undefined && (await this.#isFree('', wanted)) ? wanted : undefined;
    return (defaults: ReadonlyMap<string, string>) => {
      const properties = new Map([...overDefaults({ ...container, zookeeperPort }, defaults), ...overrides]);
      const { warnings } = configReport(BrokerConfig.from(properties), container.properties);
      for (const warning of warnings) this.context.output.err(`kts: ${warning}\n`);
      return properties;
    };
  }

  /** Tools look for a controller at its usual port; another program may have it, and then any will do, or none. */
  async #isFree(host: string, port: number): Promise<boolean> {
    try {
      const probe = await this.context.runtime.sockets.listen({ host, port }, (connection) => connection.destroy());
      await probe.close();
      return true;
    } catch {
      return false;
    }
  }

  #sayReady(bootstrap: string): void {
    const more = bootstrap === `localhost:${EMBEDDED_PORT}` ? '' : ` --bootstrap-server ${bootstrap}`;
    // `npm start` runs in a clone, where no `kts` is on the path.
    const kts = this.context.env['KTS_COMMAND'] ?? 'kts';
    this.print(`listening on ${bootstrap}`);
    this.print('');
    this.print('in another terminal:');
    this.print(`  ${kts} topics --create orders --partitions 3${more}`);
    this.print(`  ${kts} console-producer --topic orders${more} < FILE`);
    this.print(`  ${kts} console-consumer --topic orders --from-beginning${more}`);
    this.print('');
    this.print('Ctrl-C stops it; what it holds is kept.');
    this.context.output.flush();
  }

  #logger(level: 'INFO' | 'WARN', write: (line: string) => void): Logger {
    const { clock } = this.context.runtime;
    return createLogger({ name: 'kafka.server.KafkaRaftServer', level, nowMs: () => clock.nowMs(), write });
  }

  /** Runs until a signal or a failure that the node cannot survive. */
  async #serve(
    startIt: (onFatal: (cause: unknown) => void, whenAskedToStop: Promise<unknown>) => Promise<RunningNode>,
  ): Promise<void> {
    const ended = Promise.withResolvers<StopReason | Error>();
    let isAsked = false;
    const release = this.context.onStop((why) => {
      isAsked = true;
      ended.resolve(why);
    });
    try {
      const onFatal = (cause: unknown): void => {
        ended.resolve(cause instanceof Error ? cause : new Error(causeText(cause)));
      };
      const node = await startIt(onFatal, ended.promise).catch((error: unknown) => {
        // Whoever asks a node to stop while it starts wants no reason.
        if (isAsked) return null;
        throw error;
      });
      const why = await ended.promise;
      await node?.stop();
      if (why instanceof Error) {
        throw new KtsError(`the node had to stop: ${why.message}`, {
          hint: `its log says more (${logTimestamp(this.context.runtime.clock.nowMs())})`,
          cause: why,
        });
      }
      this.exitCode = why === 'SIGINT' ? 130 : why === 'SIGTERM' ? 143 : EXIT.failed;
    } finally {
      release();
    }
  }

  /** The same words once more, detached, as a process that whoever looks for a broker finds. */
  async #background(file: string | undefined): Promise<void> {
    const { context, options } = this;
    const { startDetached } = await import('../runtime/node-children.ts');
    // A script is told nothing and looks into the log; a person is told at once.
    if (!this.strict && file !== undefined) await readPropertiesFile(context, file);
    const directory = logDirectory(context.env, nodeProcesses.homeDirectory);
    const dataDirectory = options.value('data-dir') ?? defaultDataDirectory(context.env, nodeProcesses.homeDirectory);
    const words = [
      this.nodeClass,
      ...(file === undefined ? ['--data-dir', dataDirectory] : [file]),
      ...options.values('override').flatMap((pair) => ['--override', pair]),
    ];
    const outputFile = join(directory, this.outputName);
    const pid = startDetached(words, { argv0: 'java', outputFile, env: { ...context.env, LOG_DIR: directory } });
    const note = file === undefined ? undefined : await this.noteOf(file).catch(() => undefined);
    if (note !== undefined) context.output.err(`kts: ${note}\n`);
    if (this.strict) return;
    const log = file === undefined ? outputFile : join(directory, this.logName);
    context.output.err(`kts: node ${pid} starts in the background; its log is ${log}\n`);
  }

  /** What stands for what, where the node in the background does not do what the file's words say. */
  protected async noteOf(file: string): Promise<string | undefined> {
    if (!isZookeeperConfig(await readPropertiesFile(this.context, file))) return undefined;
    return `there is no ZooKeeper any more: ${file} starts a KRaft broker, and its zookeeper.connect names the controllers`;
  }

  render(): void {}
}
