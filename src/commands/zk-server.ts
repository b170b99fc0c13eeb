/** `kts zk-server`: zkServer.sh. What it starts is a controller; the ensemble is the cluster's quorum. */
import { resolve } from 'node:path';
import { Command } from '../console/command.ts';
import { CommandError, usageError } from '../console/command-error.ts';
import { logDirectory } from '../console/data-directory.ts';
import { zkServerTable } from '../console/options/zookeeper.ts';
import { ParsedOptions } from '../console/parser/parsed-options.ts';
import { answerWithHint } from '../console/zookeeper/answer-with-hint.ts';
import { EnsembleMember, LOOPBACK, zooConfigPath } from '../console/zookeeper/ensemble-member.ts';
import { nodeProcesses } from '../runtime/processes.ts';

const ACTIONS = ['start', 'start-foreground', 'stop', 'restart', 'status', 'version'];
const USAGE = `Usage: zkServer.sh [--config <conf-dir>] {${ACTIONS.join('|')}} [zoo.cfg]`;

export default class ZkServer extends Command<void> {
  static readonly table = zkServerTable;
  static readonly strictAnswer = answerWithHint;

  async run(): Promise<void> {
    const [action = '', file, extra] = this.options.words;
    if (!ACTIONS.includes(action)) {
      const message = action === '' ? 'what is to be done?' : `there is no '${action}'`;
      throw usageError(message, `one of ${ACTIONS.join('|')}`, USAGE);
    }
    if (extra !== undefined) throw usageError(`'${extra}' is one word too many`, 'name one file');
    if (action === 'version') {
      const { versionText } = await import('../console/version-text.ts');
      this.context.output.out(versionText());
      return;
    }
    const config = this.#configPath(file);
    this.context.output.err(`Using config: ${config}\n`);
    if (action === 'start-foreground') return this.#foreground(config);
    const member = this.#member(config);
    this.context.output.err(`kts: ${member.note}\n`);
    if (action === 'status') return this.#status(member);
    if (action !== 'start') await this.#stop(member);
    if (action !== 'stop') await this.#start(member);
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
    const fault = await member.start();
    this.print(fault === null ? 'STARTED' : 'FAILED TO START');
    if (fault === null) return;
    this.context.output.err(`kts: ${fault}\n`);
    this.exitCode = 1;
  }

  async #stop(member: EnsembleMember): Promise<void> {
    this.#say('Stopping zookeeper ... ');
    const running = member.pid;
    if (running === null) {
      this.print(member.hasPidFile ? 'STOPPED' : `no zookeeper to stop (could not find file ${member.pidFile})`);
      member.forget();
      return;
    }
    await member.stop(running);
    this.print('STOPPED');
  }

  async #status(member: EnsembleMember): Promise<void> {
    const address = member.clientAddress === LOOPBACK ? 'localhost' : member.clientAddress;
    this.context.output.err(`Client port found: ${member.clientPort}. Client address: ${address}.\n`);
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
