/** `kts jps`: kts among the Java programs, for scripts that look for a broker there. */
import { Command } from '../console/command.ts';
import { classOfTool } from '../console/java-classes.ts';
import { type KtsProcess, ktsProcesses } from '../console/nodes/kts-processes.ts';
import { jpsTable } from '../console/options/shims.ts';
import { SHIM_MARK } from '../console/shims/shim-files.ts';
import { findProgram, ownProcesses, runProgram } from '../runtime/node-children.ts';

export default class Jps extends Command<readonly string[]> {
  static readonly table = jpsTable;

  async run(): Promise<readonly string[]> {
    return ktsProcesses(ownProcesses()).map((process) => this.#line(process));
  }

  /** jps takes its letters apart or together. */
  #has(letter: string): boolean {
    return this.options.words.some((word) => /^-[a-zA-Z]+$/.test(word) && word.includes(letter));
  }

  #line({ pid, tool, words }: KtsProcess): string {
    if (this.#has('q')) return String(pid);
    const name = classOfTool(tool) ?? tool;
    const shown = this.#has('l') ? name : name.slice(name.lastIndexOf('.') + 1);
    return [pid, shown, ...(this.#has('m') ? words : [])].join(' ');
  }

  render(lines: readonly string[]): void {
    for (const line of lines) this.print(line);
    const path = this.context.env['PATH'] ?? '';
    const real = findProgram('jps', path, (beginning) => !beginning.includes(SHIM_MARK));
    if (real === null) return;
    this.context.output.flush();
    this.exitCode = runProgram(real, this.options.words);
  }
}
