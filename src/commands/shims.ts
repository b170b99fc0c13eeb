/** `kts shims`: writes scripts with the names of Kafka's, for this kts and the Node that runs it. */
import { join, resolve } from 'node:path';
import { EXIT } from '../base/kts-error.ts';
import { Command } from '../console/command.ts';
import { CommandError, usageError } from '../console/command-error.ts';
import { COMMANDS } from '../console/command-table.ts';
import { classOfTool } from '../console/java-classes.ts';
import { shimsTable } from '../console/options/shims.ts';
import { SHIM_MARK, type ShimFile, shimFiles } from '../console/shims/shim-files.ts';
import { linkProgram, programPaths } from '../runtime/node-children.ts';
import { nodeProcesses } from '../runtime/processes.ts';

const EXECUTABLE = 0o755;
/** Kafka's scripts that have no class of their own. */
const WITHOUT_CLASS = ['server-stop'];

export default class Shims extends Command<readonly string[]> {
  static readonly table = shimsTable;

  async run(): Promise<readonly string[]> {
    const [word, extra] = this.options.words;
    if (word === undefined) throw usageError('which directory?', 'for example: kts shims /opt/kafka/bin');
    if (extra !== undefined) throw usageError(`'${extra}' is one word too many`, 'name one directory');
    const directory = resolve(nodeProcesses.workingDirectory, word);
    const { node, script } = programPaths();
    const java = join(directory, '.kts', 'java');
    // A shim runs what wrote it, the sources of a checkout too.
    const fromSource = this.context.env['KTS_SOURCE'];
    const env: Record<string, string> = fromSource ? { KTS_SOURCE: fromSource } : {};
    const tools = Object.keys(COMMANDS).filter(
      (name) => !name.startsWith('zookeeper-') && (classOfTool(name) !== undefined || WITHOUT_CLASS.includes(name)),
    );
    const files = shimFiles(tools, { node, script, java, env });
    if (!this.options.has('force')) this.#refuseForeign(directory, files);
    const { runtime } = this.context;
    runtime.files.makeDirectorySync(directory);
    linkProgram(java, node);
    return files.map((file) => this.#write(join(directory, file.name), file.text));
  }

  /** The scripts of a real Kafka may be there, and somebody may need them. */
  #refuseForeign(directory: string, files: readonly ShimFile[]): void {
    for (const { name } of files) {
      const there = this.#textOf(join(directory, name));
      if (there === undefined || there.includes(SHIM_MARK)) continue;
      throw new CommandError(`${join(directory, name)} is there already, and kts did not write it`, {
        stage: 'run',
        exitCode: EXIT.refused,
        hint: 'choose another directory, or replace what is there with --force',
      });
    }
  }

  #textOf(path: string): string | undefined {
    const { files } = this.context.runtime;
    return files.statSync(path) === null ? undefined : files.readFileSync(path).toString('latin1');
  }

  #write(path: string, text: string): string {
    const { files } = this.context.runtime;
    if (this.#textOf(path) !== text) {
      // A link to another program must not become a way into it.
      files.removeSync(path);
      files.writeFileSync(path, text);
    }
    files.chmodSync(path, EXECUTABLE);
    return path;
  }

  render(paths: readonly string[]): void {
    for (const path of paths) this.print(path);
  }
}
