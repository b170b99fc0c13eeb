/** `kts server-start`: kafka-server-start.sh with a file; without one, a broker to try things with. */
import { join } from 'node:path';
import { EXIT, KtsError } from '../base/kts-error.ts';
import { causeText, createLogger, type Logger, logTimestamp } from '../base/logger.ts';
import { BrokerConfig } from '../config/broker-config.ts';
import { configReport } from '../config/config-report.ts';
import { propertiesFromEnvironment } from '../config/environment.ts';
import { isZookeeperConfig } from '../config/zookeeper-config.ts';
import { Command, type StopReason, type StrictAnswer } from '../console/command.ts';
import { type CommandError, usageError } from '../console/command-error.ts';
import { readPropertiesFile } from '../console/connect.ts';
import { defaultDataDirectory, logDirectory } from '../console/data-directory.ts';
import { NODE_CLASS } from '../console/java-classes.ts';
import { serverStartTable } from '../console/options/server.ts';
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
  static readonly table = serverStartTable;

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
      const properties = await readPropertiesFile(this.context, file);
      for (const [key, value] of overrides) properties.set(key, value);
      const config = await this.#config(properties, logger);
      for (const warning of configReport(config, properties).warnings) logger.warn(warning);
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

  async #config(properties: ReadonlyMap<string, string>, logger: Logger): Promise<BrokerConfig> {
    if (!isZookeeperConfig(properties)) return BrokerConfig.from(properties);
    const { prepareZookeeperEra } = await import('../server/zookeeper-era.ts');
    return prepareZookeeperEra(properties, this.context.runtime, logger);
  }

  /** Kafka's scripts name a directory, and its server.log is what people grep. */
  #logFile(): LogFile | undefined {
    const directory = this.context.env['LOG_DIR'];
    if (!directory) return undefined;
    const path = join(directory, 'server.log');
    try {
      return new LogFile(path, () => this.context.runtime.clock.nowMs());
    } catch (error) {
      this.#logger('WARN', (line) => this.context.output.out(line)).warn(`${path} is not written: ${causeText(error)}`);
      return undefined;
    }
  }

  async #embedded(overrides: ReadonlyMap<string, string>): Promise<void> {
    const { context, options } = this;
    const environment = propertiesFromEnvironment(context.env);
    const all = new Map([...environment, ...overrides]);
    const home = nodeProcesses.homeDirectory;
    const dataDirectory = options.value('data-dir') ?? all.get('log.dirs') ?? defaultDataDirectory(context.env, home);
    this.print(`data directory: ${dataDirectory}`);
    context.output.flush();
    const logger = this.#logger('WARN', (line) => context.output.err(line));
    await this.#serve(async (onFatal) => {
      const node = await startEmbeddedNode({
        dataDirectory,
        port: EMBEDDED_PORT,
        controllerPort: await this.#freeControllerPort(),
        overrides: all,
        runtime: context.runtime,
        logger,
        hostname: nodeProcesses.hostname,
        onFatal,
      });
      this.#sayReady(node.bootstrapServers);
      return node;
    });
    // Ctrl-C is how such a broker is meant to end.
    this.exitCode = EXIT.ok;
  }

  /** Tools look for the controller at its usual port; another program may have it, and then any will do. */
  async #freeControllerPort(): Promise<number> {
    try {
      const where = { host: '127.0.0.1', port: EMBEDDED_CONTROLLER_PORT };
      const probe = await this.context.runtime.sockets.listen(where, (connection) => connection.destroy());
      await probe.close();
      return EMBEDDED_CONTROLLER_PORT;
    } catch {
      return 0;
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
      NODE_CLASS,
      ...(file === undefined ? ['--data-dir', dataDirectory] : [file]),
      ...options.values('override').flatMap((pair) => ['--override', pair]),
    ];
    const outputFile = join(directory, 'kafkaServer.out');
    const pid = startDetached(words, { argv0: 'java', outputFile, env: { ...context.env, LOG_DIR: directory } });
    if (this.strict) return;
    const log = file === undefined ? outputFile : join(directory, 'server.log');
    context.output.err(`kts: node ${pid} starts in the background; its log is ${log}\n`);
  }

  render(): void {}
}
