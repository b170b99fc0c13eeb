/** What console-consumer is asked to read, checked in the words of Kafka's tool. */
import type { StartOffset } from '../../client/consumer/fetcher.ts';
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import { defaultTopic } from '../defaults.ts';
import { oneWord } from '../one-word.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { topicPattern } from '../topics/select.ts';
import type { Range } from './range.ts';

export interface ConsumePlan {
  /** In the own manner neither this nor a pattern may be there: then it is chosen once the cluster can tell. */
  readonly topic: string | undefined;
  readonly include: RegExp | undefined;
  readonly partition: number | undefined;
  /** For --partition only. */
  readonly offset: StartOffset['offset'] | 'earliest' | 'latest';
  /** --from and --to. */
  readonly range: Range | undefined;
}

function parseOffset(options: ParsedOptions): number | 'earliest' | 'latest' {
  if (!options.has('offset')) return options.has('from-beginning') ? 'earliest' : 'latest';
  const text = options.value('offset') ?? '';
  const word = text.toLowerCase();
  if (word === 'earliest' || word === 'latest') return word;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw usageError(
    `--offset takes a number, earliest or latest, not '${text}'`,
    'offsets begin with 0',
    `The provided offset value '${text}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.`,
  );
}

export async function planConsume(context: CommandContext, options: ParsedOptions): Promise<ConsumePlan> {
  const strict = context.manner === 'strict';
  const hasPattern = options.has('include');
  const word = strict
    ? undefined
    : (oneWord(options, options.has('topic')) ?? (hasPattern ? undefined : defaultTopic(context)));
  const hasTopic = options.has('topic') || word !== undefined;
  if (strict ? hasTopic === hasPattern : hasTopic && hasPattern) {
    throw usageError(
      hasTopic ? '--topic and --include do not go together' : 'which topic shall be read?',
      hasTopic ? 'give one of them' : 'kts console-consumer --topic NAME',
      'Exactly one of the following arguments is required: [topic], [include]',
    );
  }
  if (options.has('partition') && !hasTopic && (strict || hasPattern)) {
    throw usageError('--partition needs --topic', undefined, 'The topic is required when partition is specified.');
  }
  if (options.has('offset') && !options.has('partition')) {
    const hint = 'add --partition, or use --from-beginning for all of them';
    throw usageError('--offset needs --partition', hint, 'The partition is required when offset is specified.');
  }
  if (options.has('offset') && options.has('from-beginning')) {
    const strictText = 'Options from-beginning and offset cannot be specified together.';
    throw usageError('--from-beginning and --offset do not go together', 'give one of them', strictText);
  }
  const offset = parseOffset(options);
  const topic = options.value('topic') ?? word;
  const include = options.value('include');
  return {
    topic,
    include: include === undefined ? undefined : topicPattern(include),
    partition: options.integer('partition'),
    offset,
    range: await rangeOf(context, options),
  };
}

async function rangeOf(context: CommandContext, options: ParsedOptions): Promise<Range | undefined> {
  if (!options.has('from') && !options.has('to')) return undefined;
  const { rangeOf: parseRange } = await import('./range.ts');
  return parseRange(options, context.runtime.clock.nowMs());
}
