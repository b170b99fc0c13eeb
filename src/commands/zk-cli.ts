/** `kts zk-cli`: zkCli.sh and zookeeper-shell.sh, over the metadata of the cluster whose controllers answer there. */

import { EXIT, KtsError } from '../base/kts-error.ts';
import { Admin } from '../client/admin.ts';
import { addressWords, parseZookeeperConnect } from '../config/zookeeper-config.ts';
import { Command } from '../console/command.ts';
import { CommandError, usageError } from '../console/command-error.ts';
import { connect } from '../console/connect.ts';
import { zkCliTable } from '../console/options/zookeeper.ts';
import { answerWithHint } from '../console/zookeeper/answer-with-hint.ts';
import { ShellError } from '../console/zookeeper/refusals.ts';
import { completions, DEPRECATED, wordsOf, ZkShell } from '../console/zookeeper/zk-shell.ts';
import type { Address } from '../network/address.ts';
import { type EnsembleView, ensembleView } from '../network/ensemble-view.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

const CHUNK_BYTES = 64 * 1024;
const DEFAULT_SERVER = 'localhost:2181';
/** Options of ZooKeeper's shell that take a value and change nothing here. */
const WITH_VALUE: ReadonlySet<string> = new Set(['-timeout', '-client-configuration', '-zk-tls-config-file']);
const QUIT: ReadonlySet<string> = new Set(['quit', 'close', 'exit']);

export default class ZkCli extends Command<void> {
  static readonly table = zkCliTable;
  static readonly strictAnswer = answerWithHint;
  #servers: readonly Address[] = [];
  #admin: Admin | null = null;
  readonly #history: string[] = [];

  async run(): Promise<void> {
    const { server, command } = this.#parse();
    this.#servers = parseZookeeperConnect(server).servers;
    const shell = new ZkShell({ clock: this.context.runtime.clock, look: () => this.#look() });
    this.context.output.err(
      `Connecting to ${server}\nkts: there is no ZooKeeper any more; this is the cluster's metadata as the tree it was\n`,
    );
    // Who types learns at once that nobody answers.
    await this.#view();
    try {
      if (command.length > 0 && !QUIT.has(command[0] as string)) await this.#once(shell, command);
      else if (command.length === 0) await this.#converse(shell, server);
    } finally {
      await this.#admin?.close();
      this.#admin?.cluster.close();
    }
  }

  /** `-server H:P` as zkCli.sh, or the address alone in front as zookeeper-shell.sh. */
  #parse(): { readonly server: string; readonly command: readonly string[] } {
    const words = [...this.options.words];
    let server: string | undefined;
    while (words[0]?.startsWith('-')) {
      const option = words.shift() as string;
      if (option !== '-server' && !WITH_VALUE.has(option)) continue;
      const value = words.shift();
      if (value === undefined) throw usageError(`${option} needs a value`, 'for example: -server localhost:2181');
      if (option === '-server') server = value;
    }
    if (server === undefined && /^[^/]+:\d+/.test(words[0] ?? '')) server = words.shift();
    return { server: server ?? DEFAULT_SERVER, command: words };
  }

  async #view(): Promise<EnsembleView> {
    const view = await ensembleView(this.#servers, this.context.runtime);
    if (view !== null) return view;
    throw new CommandError(`no controller answers at ${addressWords(this.#servers)}`, {
      stage: 'run',
      exitCode: EXIT.unreachable,
      hint: 'zkServer.sh start runs one; -server HOST:PORT names another',
    });
  }

  async #look() {
    const view = await this.#view();
    if (this.#admin === null && view.brokers.length > 0) {
      this.#admin = new Admin(connect(this.context, { bootstrap: addressWords(view.brokers), clientId: 'zk-cli' }));
    }
    return { view, admin: view.brokers.length === 0 ? null : this.#admin };
  }

  async #once(shell: ZkShell, words: readonly string[]): Promise<void> {
    try {
      await this.#execute(shell, words);
    } catch (error) {
      if (!(error instanceof ShellError)) throw error;
      this.context.output.err(`${error.message}\n`);
      this.exitCode = EXIT.failed;
    }
  }

  /** The next line may go better: a broker or a controller comes back, words are typed again. */
  async #try(shell: ZkShell, words: readonly string[]): Promise<void> {
    try {
      await this.#execute(shell, words);
    } catch (error) {
      const isExpected = error instanceof ShellError || error instanceof KafkaError || error instanceof KtsError;
      if (!isExpected) throw error;
      this.context.output.err(`${error.message}\n`);
    }
  }

  async #execute(shell: ZkShell, words: readonly string[]): Promise<void> {
    const [name = '', number] = words;
    const now = DEPRECATED.get(name)?.join(' ');
    if (now !== undefined) {
      this.context.output.err(`The command '${name}' has been deprecated. Please use '${now}' instead.\n`);
    }
    for (const line of this.#answerHere(shell, name, number) ?? (await shell.run(words))) this.print(line);
    this.context.output.flush();
  }

  /** What needs no cluster. */
  #answerHere(shell: ZkShell, name: string, number: string | undefined): string[] | undefined {
    if (name === 'help') return shell.help(addressWords(this.#servers));
    if (name !== 'history') return undefined;
    return this.#history.map((line, at) => `${at} - ${line}`).slice(-Number(number ?? 10));
  }

  async #converse(shell: ZkShell, server: string): Promise<void> {
    let count = 0;
    const use = async (line: string): Promise<'go on' | 'end'> => {
      const words = wordsOf(line);
      if (words.length === 0) return 'go on';
      count++;
      this.#history.push(line);
      if (QUIT.has(words[0] as string)) return 'end';
      await this.#try(shell, words);
      return 'go on';
    };
    const editor = this.context.output.outIsTerminal ? await import('../runtime/line-editor.ts') : undefined;
    if (editor?.isAtTerminal()) {
      const prompt = () => `[zk: ${server}(CONNECTED) ${count}] `;
      await editor.editLines({ prompt, complete: (line) => completions(shell, line) }, use);
      return;
    }
    for await (const line of this.#linesOfInput()) if ((await use(line)) === 'end') return;
  }

  /** Of a pipe or a file. */
  async *#linesOfInput(): AsyncGenerator<string> {
    const input = this.context.input();
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = '';
    for (let size = await input.read(chunk, 0); size > 0; size = await input.read(chunk, 0)) {
      const lines = (rest + chunk.toString('utf8', 0, size)).split('\n');
      rest = lines.pop() as string;
      yield* lines;
    }
    if (rest !== '') yield rest;
  }

  render(): void {}
}
