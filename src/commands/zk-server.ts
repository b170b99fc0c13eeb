/** `kts zk-server`: zkServer.sh. What it starts is a controller; the ensemble is the cluster's quorum. */
import { resolve } from 'node:path';
import { Command } from '../console/command.ts';
import { CommandError, usageError } from '../console/command-error.ts';
import { logDirectory } from '../console/data-directory.ts';
import { zkServerTable } from '../console/options/zookeeper.ts';
import { ParsedOptions } from '../console/parser/parsed-options.ts';
import { EnsembleMember, zooConfigPath } from '../console/zookeeper/ensemble-member.ts';
import { nodeProcesses } from '../runtime/processes.ts';

const ACTIONS = 'start|start-foreground|stop|restart|status';

export default class ZkServer extends Command<void> {
  static readonly table = zkServerTable;

  async run(): Promise<void> {
    const [action, file, extra] = this.options.words;
    if (extra !== undefined) throw usageError(`'${extra}' is one word too many`, 'name one file');
    const config = this.#configPath(file);
    this.context.output.err(`Using config: ${config}\n`);
    if (action === 'start-foreground') return this.#foreground(config);
    const member = this.#member(config);
    switch (action) {
      case 'start':
        return this.#start(member);
      case 'stop':
        return this.#stop(member);
      case 'restart':
        await this.#stop(member);
        return this.#start(member);
      case 'status':
        return this.#status(member);
      default:
        throw usageError(action === undefined ? 'what is to be done?' : `there is no '${action}'`, `one of ${ACTIONS}`);
    }
  }

  #configPath(file: string | undefined): string {
    const { runtime, env } = this.context;
    const named = file === undefined ? undefined : resolve(nodeProcesses.workingDirectory, file);
    if (named !== undefined && runtime.files.statSync(named) !== null) return named;
    const path = zooConfigPath(file, env, nodeProcesses.workingDirectory);
    if (runtime.files.statSync(path) !== null) return path;
    throw new CommandError(`there is no file ${path}`, {
      stage: 'start',
      hint: 'name a zoo.cfg with dataDir and clientPort',
    });
  }

  #member(config: string): EnsembleMember {
    const { runtime, env } = this.context;
    const { homeDirectory, hostname } = nodeProcesses;
    const directory = env['ZOO_LOG_DIR'] || logDirectory(env, homeDirectory);
    return new EnsembleMember({ runtime, env, config, logDirectory: directory, hostname });
  }

  async #foreground(config: string): Promise<void> {
    const { default: ZookeeperServerStart } = await import('./zookeeper-server-start.ts');
    const node = new ZookeeperServerStart(this.context, new ParsedOptions([], new Map(), [config]));
    await node.run();
    this.exitCode = node.exitCode;
  }

  async #start(member: EnsembleMember): Promise<void> {
    this.#say('Starting zookeeper ... ');
    const running = member.pid;
    if (running !== null) {
      this.print(`already running as process ${running}.`);
      this.exitCode = 1;
      return;
    }
    const started = await member.start();
    this.print(started ? 'STARTED' : 'FAILED TO START');
    if (!started) this.exitCode = 1;
  }

  async #stop(member: EnsembleMember): Promise<void> {
    this.#say('Stopping zookeeper ... ');
    const running = member.pid;
    if (running === null) {
      this.print(member.hasPidFile ? 'STOPPED' : `no zookeeper to stop (could not find file ${member.pidFile})`);
      return;
    }
    await member.stop(running);
    this.print('STOPPED');
  }

  async #status(member: EnsembleMember): Promise<void> {
    this.context.output.err(`Client port found: ${member.clientPort}. Client address: localhost.\n`);
    const mode = await member.mode();
    this.print(mode === null ? 'Error contacting service. It is probably not running.' : `Mode: ${mode}`);
    if (mode === null) this.exitCode = 1;
  }

  /** Without a line's end, and at once. */
  #say(text: string): void {
    this.context.output.out(text);
    this.context.output.flush();
  }

  render(): void {}
}
