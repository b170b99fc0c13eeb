/** Runs one command from its words to its exit code: parsing, help and version, the work, and the words of a failure. */

import { AddressError } from '../base/address-error.ts';
import { EXIT, KtsError } from '../base/kts-error.ts';
import { KAFKA_VERSION } from '../base/versions.ts';
import { CONFIG_EXCEPTION, ConfigError } from '../config/config-error.ts';
import { nearestWord } from '../config/nearest.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { CommandClass, CommandContext } from './command.ts';
import { CommandError } from './command-error.ts';
import type { OptionRow, ToolTable } from './options/table.ts';
import { isClosedPipe } from './output.ts';
import { parseArgparse4j } from './parser/argparse4j.ts';
import { parseJoptsimple } from './parser/joptsimple.ts';
import { OptionError, type OptionErrorKind } from './parser/option-error.ts';
import type { ParsedOptions } from './parser/parsed-options.ts';
import { plainName } from './parser/parsed-options.ts';
import type { OldConfigs } from './topics/old-configs.ts';

/** What a closed pipe gives a shell: 128 + SIGPIPE. */
const STRICT_PIPE_EXIT = 141;

function parse(table: ToolTable, argv: readonly string[], context: CommandContext): ParsedOptions {
  if (table.parser === 'argparse4j') {
    const isStrict = context.manner === 'strict';
    return parseArgparse4j(isStrict ? withoutOwnRows(table) : table, argv, isStrict);
  }
  const rows = context.manner === 'strict' ? table.options.filter((row) => row.own !== true) : table.options;
  return parseJoptsimple(rows, argv);
}

interface Understood {
  readonly options: ParsedOptions;
  readonly configs?: OldConfigs | undefined;
}

/** Options that Kafka's tools had once are taken where they still mean something. */
async function parseWords(table: ToolTable, argv: readonly string[], context: CommandContext): Promise<Understood> {
  try {
    return { options: parse(table, argv, context) };
  } catch (error) {
    if (!(error instanceof OptionError) || error.kind !== 'unknown') throw error;
    const habits = await import('./old-habits.ts');
    const strict = context.manner === 'strict';
    const isOld = habits.hasZookeeper(argv);
    const modern = isOld ? await habits.throughEnsemble(table, argv, context) : habits.modernWords(table, argv, strict);
    if (modern === undefined) throw isOld && !strict ? habits.zookeeperError(table, argv) : error;
    const options = parse(table, modern.argv, context);
    for (const hint of modern.hints) context.output.err(`kts: ${hint}\n`);
    return { options, configs: modern.configs };
  }
}

function withoutOwnRows(table: ToolTable): ToolTable {
  const subcommands = table.subcommands
    .filter((command) => command.own !== true)
    .map((command) => ({ ...command, options: command.options.filter((row) => row.own !== true) }));
  return { ...table, subcommands };
}

function optionNames(table: ToolTable): string[] {
  const rows: OptionRow[] = [...table.options, ...table.subcommands.flatMap((command) => command.options)];
  return rows.flatMap((row) => row.names.map(plainName));
}

/** What joptsimple throws; some tools print it. */
const JAVA_CLASS: Readonly<Record<OptionErrorKind, string>> = {
  unknown: 'joptsimple.UnrecognizedOptionException',
  'missing-argument': 'joptsimple.OptionMissingRequiredArgumentException',
  multiple: 'joptsimple.MultipleArgumentsForOptionException',
  conversion: 'joptsimple.OptionArgumentConversionException',
  unavailable: 'joptsimple.UnavailableOptionException',
  usage: '',
  choice: '',
};

/** Our words for what a parser refused. */
function describeOptionError(error: OptionError, table: ToolTable): CommandError {
  const help = `kts ${table.name} --help lists the options`;
  const say = (message: string, hint = help) =>
    new CommandError(message, {
      stage: error.kind === 'multiple' || error.kind === 'conversion' ? 'run' : 'usage',
      exitCode: EXIT.usage,
      strictText: error.message,
      exception: JAVA_CLASS[error.kind],
      hint,
      cause: error,
    });
  switch (error.kind) {
    case 'unknown': {
      const near = nearestWord(error.option, optionNames(table));
      return say(`unknown option --${error.option}`, near === undefined ? help : `did you mean --${near}?`);
    }
    case 'missing-argument':
      return say(`--${error.option} needs a value`);
    case 'multiple':
      return say(`--${error.option} was given more than once`, 'give it once');
    case 'conversion': {
      const value = /'(.*)'/s.exec(error.message)?.[1] ?? '';
      return say(`--${error.option} takes a number, not '${value}'`);
    }
    case 'choice': {
      const names = table.subcommands.map((command) => command.name);
      const near = nearestWord(error.option, names);
      return say(`${table.name} has no '${error.option}'`, near === undefined ? help : `did you mean ${near}?`);
    }
    case 'unavailable':
      return say(`--${error.option} does not go with these options`);
    case 'usage':
      return say(error.message);
  }
}

/** Any error as one that has words for both manners; bugs stay what they are. */
export function toCommandError(error: unknown, table: ToolTable): CommandError | undefined {
  if (error instanceof CommandError) return error;
  if (error instanceof OptionError) return describeOptionError(error, table);
  if (error instanceof KafkaError) {
    return new CommandError(error.message, { stage: 'run', exitCode: EXIT.refused, cause: error });
  }
  if (error instanceof ConfigError) {
    return new CommandError(error.message, {
      stage: 'start',
      exitCode: error.exitCode,
      strictText: error.kafkaMessage,
      exception: error.exception,
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  if (error instanceof AddressError) {
    return new CommandError(error.message, {
      stage: 'start',
      exitCode: error.exitCode,
      strictText: error.strictText,
      exception: CONFIG_EXCEPTION,
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  if (error instanceof KtsError) {
    return new CommandError(error.message, {
      stage: error.exitCode === EXIT.unreachable ? 'run' : 'start',
      exitCode: error.exitCode,
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  return undefined;
}

function answerStrictly(
  command: CommandClass,
  error: CommandError,
  context: CommandContext,
  argv: readonly string[],
): number {
  const answer = command.strictAnswer?.(error, argv) ?? { err: `${error.strictText}\n`, exitCode: 1 };
  if (answer.out !== undefined) context.output.out(answer.out);
  context.output.flush();
  if (answer.err !== undefined) context.output.err(answer.err);
  return answer.exitCode;
}

/** In the own manner oclif's help; the strict one's is a plain page, and goes where Kafka's goes. */
async function printHelp(table: ToolTable, context: CommandContext, subcommand?: string): Promise<number> {
  if (context.manner === 'own') {
    const { showHelp } = await import('./oclif/show-help.ts');
    await showHelp(context, subcommand === undefined ? [table.name] : [table.name, subcommand]);
    return 0;
  }
  const { commandHelp } = await import('./help.ts');
  const text = commandHelp(table);
  // joptsimple's tools print their usage on stderr and give 1; argparse4j's print it on stdout and give 0.
  if (table.parser === 'joptsimple') {
    context.output.err(text);
    return 1;
  }
  context.output.out(text);
  context.output.flush();
  return table.strictHelpExit ?? 0;
}

async function runParsed(CommandOf: CommandClass, argv: readonly string[], context: CommandContext): Promise<number> {
  const table = CommandOf.table;
  const bare = argv.length === 0 && context.manner === 'strict' && table.parser === 'joptsimple' && !table.worksBare;
  if (bare) return printHelp(table, context);
  const { options, configs } = await parseWords(table, argv, context);
  if (options.has('help')) return printHelp(table, context, options.subcommand);
  if (options.has('version')) {
    const { versionText } = await import('./version-text.ts');
    context.output.out(context.manner === 'strict' ? `${KAFKA_VERSION}\n` : versionText());
    context.output.flush();
    return 0;
  }
  if (configs !== undefined) {
    const { changeOldConfigs } = await import('./topics/old-configs.ts');
    context.output.out(`${await changeOldConfigs(context, configs)}\n`);
    context.output.flush();
    if (!options.has('partitions')) return 0;
  }
  if (context.manner === 'own' && (options.has('output') || options.has('watch') || context.output.outIsTerminal)) {
    const { runShown } = await import('./show/run-shown.ts');
    return runShown(CommandOf, options, context);
  }
  const command = new CommandOf(context, options);
  command.render(await command.run());
  context.output.flush();
  return command.exitCode;
}

/** Behind what Kafka's tool says to words of ZooKeeper's years: the whole command to type today. */
async function hintAtToday(
  table: ToolTable,
  { cause }: CommandError,
  argv: readonly string[],
  { output }: CommandContext,
): Promise<void> {
  if (!(cause instanceof OptionError) || cause.kind !== 'unknown') return;
  const { hasZookeeper, zookeeperHint } = await import('./old-habits.ts');
  if (hasZookeeper(argv)) output.err(zookeeperHint(table, argv));
}

/** The exit code. Throws what is not for people (bugs), and in the own manner every failure: the executable prints it. */
export async function runCommand(
  CommandOf: CommandClass,
  argv: readonly string[],
  context: CommandContext,
): Promise<number> {
  try {
    if (context.manner === 'strict') return await runParsed(CommandOf, argv, context);
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
    return await Promise.race([runParsed(CommandOf, argv, { ...context, giveUp }), givenUp]);
  } catch (error) {
    if (isClosedPipe(error)) return context.manner === 'strict' ? STRICT_PIPE_EXIT : EXIT.ok;
    const known = toCommandError(error, CommandOf.table);
    if (known === undefined) throw error;
    context.output.flush();
    if (context.manner !== 'strict') throw known;
    const exitCode = answerStrictly(CommandOf, known, context, argv);
    await hintAtToday(CommandOf.table, known, argv, context);
    return exitCode;
  }
}
