/** Colours, where the terminal has them: chalk is loaded only then. */
import type { Mark } from './shown.ts';

export type Paint = (mark: Mark | 'head', text: string) => string;

const plain: Paint = (_, text) => text;

export async function paints(colour: boolean): Promise<Paint> {
  if (!colour) return plain;
  const { Chalk } = await import('chalk');
  // Whether there are colours is decided already; the sixteen that every terminal has are enough.
  const chalk = new Chalk({ level: 1 });
  const styles = {
    head: chalk.bold,
    name: chalk.cyan,
    good: chalk.green,
    warn: chalk.yellow,
    bad: chalk.red,
    dim: chalk.dim,
  };
  return (mark, text) => (text === '' ? text : styles[mark](text));
}
