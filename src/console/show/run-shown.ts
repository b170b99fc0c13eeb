/** The run of a command whose result is shown in another form than Kafka's text, or again and again. */
import type { CommandClass, CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { formatOf } from './format.ts';
import { printData } from './print.ts';

export async function runShown(
  CommandOf: CommandClass,
  options: ParsedOptions,
  context: CommandContext,
): Promise<number> {
  if (CommandOf.ownOutput) return runPlain(CommandOf, options, context);
  const format = formatOf(context, options);
  if (options.has('watch')) {
    const looks = ['list', 'describe', 'verify'].some((action) => options.has(action));
    if (!looks && options.subcommand === undefined) {
      throw usageError('--watch goes with what only looks, as --list', 'leave it out');
    }
    const { watch } = await import('./watch.ts');
    return watch(CommandOf, options, context, format);
  }
  const command = new CommandOf(context, options);
  await printData(command, await command.run(), format);
  context.output.flush();
  return command.exitCode;
}

async function runPlain(CommandOf: CommandClass, options: ParsedOptions, context: CommandContext): Promise<number> {
  const command = new CommandOf(context, options);
  command.render(await command.run());
  context.output.flush();
  return command.exitCode;
}
