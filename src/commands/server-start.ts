/** `kts server-start`: kafka-server-start.sh with a file; without one, a broker to try things with. */
import { join } from 'node:path';
import { EXIT, KtsError } from '../base/kts-error.ts';
import { causeText, createLogger, type Logger, logTimestamp } from '../base/logger.ts';
import { BrokerConfig } from '../config/broker-config.ts';
import { configReport } from '../config/config-report.ts';
import { propertiesFromEnvironment } from '../config/environment.ts';
import { Command, type StopReason, type StrictAnswer } from '../console/command.ts';
import { type CommandError, usageError } from '../console/command-error.ts';
import { readPropertiesFile } from '../console/connect.ts';
import { defaultDataDirectory, logDirectory } from '../console/data-directory.ts';
import { serverStartTable } from '../console/options/server.ts';
import { parsePairs } from '../console/properties.ts';
import { nodeProcesses } from '../runtime/processes.ts';
import { startEmbeddedNode } from '../server/embedded-node.ts';
import { type RunningNode, startNode } from '../server/node.ts';

const EMBEDDED_PORT = 9092;
const EMBEDDED_CONTROLLER_PORT = 9093;

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
    if (options.has('daemon')) {
      await this.#background(file);
      return;
    }
    const overrides = parsePairs(options.values('override'));
    if (file === undefined) await this.#embedded(overrides);
    else await this.#fromFile(file, overrides);
  }

  async #fromFile(file: string, overrides: ReadonlyMap<string, string>): Promise<void> {
    const { context } = this;
    const properties = await readPropertiesFile(context, file);
    for (const [key, value] of overrides) properties.set(key, value);
    const config = BrokerConfig.from(properties);
    const logger = this.#logger('INFO', (line) => {
      context.output.out(line);
      context.output.flush();
    });
    for (const warning of configReport(config).warnings) logger.warn(warning);
    await this.#serve((onFatal) =>
      startNode({ config, runtime: context.runtime, logger, hostname: nodeProcesses.hostname, onFatal }),
    );
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
  async #serve(startIt: (onFatal: (cause: unknown) => void) => Promise<RunningNode>): Promise<void> {
    const ended = Promise.withResolvers<StopReason | Error>();
    const release = this.context.onStop((why) => ended.resolve(why));
    try {
      const node = await startIt((cause) => {
        ended.resolve(cause instanceof Error ? cause : new Error(causeText(cause)));
      });
      const why = await ended.promise;
      await node.stop();
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

  /** The same words once more, detached. */
  async #background(file: string | undefined): Promise<void> {
    const { context, options } = this;
    const { startDetached } = await import('../runtime/node-children.ts');
    const logFile = join(logDirectory(context.env, nodeProcesses.homeDirectory), 'kafkaServer.out');
    const dataDirectory = options.value('data-dir');
    const words = [
      'server-start',
      ...(file === undefined ? [] : [file]),
      ...(dataDirectory === undefined ? [] : ['--data-dir', dataDirectory]),
      ...options.values('override').flatMap((pair) => ['--override', pair]),
    ];
    const pid = startDetached(words, logFile);
    context.output.err(`kts: node ${pid} starts in the background; its log is ${logFile}\n`);
  }

  render(): void {}
}
