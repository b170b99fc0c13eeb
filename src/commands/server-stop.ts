/** `kts server-stop`: a controlled shutdown of the nodes of this user. */
import { EXIT } from '../base/kts-error.ts';
import { parseProperties } from '../config/properties.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { CommandError } from '../console/command-error.ts';
import { serverStopTable } from '../console/options/server.ts';
import { type OtherProcess, ownProcesses, terminate } from '../runtime/node-children.ts';

/** `… kts(.js) server-start [words]`: the words of a node. */
const NODE_COMMAND = /(?:^|[\s/])kts(?:\.js)?\s+server-start\b(.*)$/;

export default class ServerStop extends Command<readonly number[]> {
  static readonly table = serverStopTable;

  static strictAnswer(error: CommandError): StrictAnswer {
    return { out: `${error.strictText}\n`, exitCode: 1 };
  }

  async run(): Promise<readonly number[]> {
    const role = this.options.value('process-role');
    const nodeId = this.options.integer('node-id');
    const nodes = ownProcesses().filter((other) => this.#isMeant(other, role, nodeId));
    if (nodes.length === 0) {
      throw new CommandError('no node of this user runs here', {
        stage: 'run',
        exitCode: EXIT.notFound,
        strictText: 'No kafka server to stop',
        hint: 'kts server-start runs one',
      });
    }
    return nodes.filter(({ pid }) => terminate(pid)).map(({ pid }) => pid);
  }

  #isMeant(other: OtherProcess, role: string | undefined, nodeId: number | undefined): boolean {
    const words = NODE_COMMAND.exec(other.command)?.[1];
    if (words === undefined) return false;
    if (role === undefined && nodeId === undefined) return true;
    const properties = this.#propertiesOf(words);
    const roles = (properties.get('process.roles') ?? 'broker,controller').split(',').map((word) => word.trim());
    if (role !== undefined && !roles.includes(role)) return false;
    return nodeId === undefined || Number(properties.get('node.id') ?? properties.get('broker.id') ?? 1) === nodeId;
  }

  /** Of the file among the words of a node, as far as it can be read from here. */
  #propertiesOf(words: string): Map<string, string> {
    const file = words.split(/\s+/).find((word) => word !== '' && !word.startsWith('-') && !word.includes('='));
    try {
      return file === undefined ? new Map() : parseProperties(this.context.runtime.files.readFileSync(file));
    } catch {
      return new Map();
    }
  }

  render(pids: readonly number[]): void {
    if (!this.strict) this.context.output.err(`kts: asked ${pids.join(', ')} to stop\n`);
  }
}
