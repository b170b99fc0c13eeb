/** `kts completion`: the scripts for shells, and the answers to what they ask. */
import { Command } from '../console/command.ts';
import { usageError } from '../console/command-error.ts';
import { SCRIPTS } from '../console/completion/scripts.ts';
import { completionTable } from '../console/options/completion.ts';

export default class Completion extends Command<string> {
  static readonly table = completionTable;

  async run(): Promise<string> {
    const { context, options } = this;
    if (options.has('candidates')) {
      const { candidates } = await import('../console/completion/candidates.ts');
      const found = await candidates(context, options.words);
      return found.map(({ word, what }) => (what === '' ? `${word}\n` : `${word}\t${what}\n`)).join('');
    }
    const [shell] = options.words;
    const script = shell === undefined || !Object.hasOwn(SCRIPTS, shell) ? undefined : SCRIPTS[shell];
    if (script !== undefined) return script;
    const known = Object.keys(SCRIPTS).join(', ');
    throw usageError(shell === undefined ? 'for which shell?' : `there is no script for ${shell}`, `one of ${known}`);
  }

  render(text: string): void {
    this.context.output.out(text);
  }
}
