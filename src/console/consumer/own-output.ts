/** `console-consumer --output`: records in another form than Kafka's lines. */
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { formatOf } from '../show/format.ts';
import { paints } from '../show/paint.ts';
import type { BulkOutput } from './bulk-output.ts';
import { type RecordFormat, recordFormat } from './record-formats.ts';

/** Options that say how Kafka's lines look. */
const OF_LINES = [
  'formatter',
  'formatter-property',
  'formatter-config',
  'property',
  'key-deserializer',
  'value-deserializer',
];

/** Undefined: Kafka's lines are meant. */
export async function makeRecordFormat(
  context: CommandContext,
  options: ParsedOptions,
  output: BulkOutput,
): Promise<RecordFormat | undefined> {
  const format = formatOf(context, options);
  if (format === 'text') return undefined;
  const other = OF_LINES.find((name) => options.has(name));
  if (other !== undefined) {
    throw usageError(`--${other} and --output ${format} do not go together`, '--output text has the formatter');
  }
  const columns = context.output.outIsTerminal ? context.terminal?.columns : undefined;
  return recordFormat(format, output, { paint: await paints(context.output.colour), columns });
}
