/** `kts server-stop`: a controlled shutdown of the nodes of this user. Words without dashes mean nothing, as in Kafka's. */
import { resolve } from 'node:path';
import { EXIT } from '../base/kts-error.ts';
import { parseProperties } from '../config/properties.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { CommandError } from '../console/command-error.ts';
import { type KtsProcess, ktsNodes } from '../console/nodes/kts-processes.ts';
import { serverStopTable } from '../console/options/server.ts';
import { parsePairs } from '../console/properties.ts';
import { ownProcesses, terminate, workingDirectoryOf } from '../runtime/node-children.ts';

export default class ServerStop extends Command<readonly number[]> {
  static readonly table = serverStopTable;

  static strictAnswer(error: CommandError): StrictAnswer {
    return { out: `${error.strictText}\n`, exitCode: 1 };
  }

  async run(): Promise<readonly number[]> {
    const role = this.options.value('process-role');
    const nodeId = this.options.integer('node-id');
    const nodes = ktsNodes(ownProcesses()).filter((node) => this.#isMeant(node, role, nodeId));
    if (nodes.length === 0) {
      throw new CommandError('no node of this user runs here', {
        stage: 'run',
        exitCode: EXIT.notFound,
        strictText: 'No kafka server to stop',
        hint: 'kts server-start runs one',
      });
    }
    const isMeant = this.#dryRun ? nodes : nodes.filter(({ pid }) => terminate(pid));
    return isMeant.map(({ pid }) => pid);
  }

  get #dryRun(): boolean {
    return this.options.has('dry-run');
  }

  #isMeant(node: KtsProcess, role: string | undefined, nodeId: number | undefined): boolean {
    if (role === undefined && nodeId === undefined) return true;
    const properties = this.#propertiesOf(node);
    const roles = (properties.get('process.roles') ?? 'broker,controller').split(',').map((word) => word.trim());
    if (role !== undefined && !roles.includes(role)) return false;
    return nodeId === undefined || Number(properties.get('node.id') ?? properties.get('broker.id') ?? 1) === nodeId;
  }

  /** Of the file among the words of a node and what its words say over it, as far as they can be read from here. */
  #propertiesOf({ pid, words }: KtsProcess): Map<string, string> {
    const overrides = words.filter((_, at) => words[at - 1] === '--override');
    const file = words.find((word, at) => !word.startsWith('-') && !words[at - 1]?.startsWith('--'));
    try {
      const path = file === undefined ? undefined : resolve(workingDirectoryOf(pid) ?? '.', file);
      const given = path === undefined ? [] : parseProperties(this.context.runtime.files.readFileSync(path));
      return new Map([...given, ...parsePairs(overrides)]);
    } catch {
      return new Map();
    }
  }

  render(pids: readonly number[]): void {
    if (this.#dryRun) for (const pid of pids) this.print(`Would stop node ${pid}.`);
    else if (!this.strict) this.context.output.err(`kts: asked ${pids.join(', ')} to stop\n`);
  }
}
