/** oclif's help in our own words and order: usage, examples, options grouped by what they are for. */
import type { Command, Config, Interfaces } from '@oclif/core';
import { CommandHelp, Help } from '@oclif/core/help';
import { KAFKA_VERSION, KTS_VERSION } from '../../base/versions.ts';
import { CLOSING, OVERVIEW } from './overview.ts';

/** oclif shouts its headings. */
function quiet(header: string): string {
  const words = header.replace(/ FLAGS$/, '').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

type Body = Parameters<CommandHelp['section']>[1];

class ToolHelp extends CommandHelp {
  override section(header: string, body: Body): string {
    return super.section(quiet(header), body);
  }

  /** What it is like comes before what there is. */
  protected override sections() {
    const order = ['USAGE', 'EXAMPLES', 'ARGUMENTS', 'FLAGS'];
    const all = super.sections();
    return order.flatMap((header) => all.filter((section) => section.header === header));
  }

  protected override args(args: Parameters<CommandHelp['args']>[0]) {
    const rows = args.map((arg): [string, string | undefined] => [arg.name, arg.description]);
    return rows.length === 0 ? undefined : rows;
  }

  protected override flagHelpLabel(flag: Command.Flag.Any): string {
    const value = flag.type === 'option' ? ` ${flag.helpValue}` : '';
    return `${flag.helpLabel}${value}`;
  }

  protected override usage(): string {
    return super.usage().replaceAll('$ ', '');
  }

  /** A line each: what it is for on the left would be too far away. */
  protected override examples(examples: Command.Example[] | undefined): string | undefined {
    const rows = (examples ?? []).flatMap((example) =>
      typeof example === 'string' ? [example] : [example.command, `    ${example.description}`],
    );
    return rows.length === 0 ? undefined : rows.join('\n');
  }
}

export interface HelpSettings {
  readonly columns: number;
  readonly colour: boolean;
  readonly print: (text: string) => void;
}

export class KtsHelp extends Help {
  readonly #print: (text: string) => void;

  constructor(config: Config, settings: HelpSettings) {
    const options: Partial<Interfaces.HelpOptions> = {
      maxWidth: settings.columns,
      stripAnsi: !settings.colour,
      flagSortOrder: 'none',
      docopts: false,
    };
    super(config, options);
    this.CommandHelpClass = ToolHelp;
    this.#print = settings.print;
  }

  override section(header: string, body: Body): string {
    return super.section(quiet(header), body);
  }

  protected override log(...lines: string[]): void {
    this.#print(`${lines.join(' ')}\n`);
  }

  protected override async showRootHelp(): Promise<void> {
    this.log(`kts ${KTS_VERSION}: Apache Kafka ${KAFKA_VERSION} in TypeScript. Usage: kts COMMAND [OPTIONS]\n`);
    const width = Math.max(...OVERVIEW.flatMap((group) => group.lines.map(([line]) => line.length)));
    for (const group of OVERVIEW) {
      const rows = group.lines.map(([line, what]): [string, string] => [`kts ${line.padEnd(width)}`, what]);
      this.log(this.section(group.title, rows));
    }
    this.log(`\n${CLOSING}`);
  }
}
