/** Which options of `leader-election` go together, in the order in which Kafka's tool finds fault. */
import type { CommandContext } from '../command.ts';
import { CommandError, usageError } from '../command-error.ts';
import { OptionError } from '../parser/option-error.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';

export type ElectionKind = 'preferred' | 'unclean';

const SCOPES = ['topic', 'all-topic-partitions', 'path-to-json-file'] as const;

function checkStrictly(options: ParsedOptions): void {
  const missing = ['bootstrap-server', 'election-type'].filter((name) => !options.has(name));
  if (missing.length > 0) throw usageError('', undefined, `Missing required option(s): ${missing.join(', ')}`);
  if (options.has('admin.config') && options.has('command-config')) {
    throw usageError('', undefined, 'Option "[admin.config]" can\'t be used with option "[command-config]"');
  }
  if (SCOPES.filter((name) => options.has(name)).length !== 1) {
    const text = `One and only one of the following options is required: ${SCOPES.join(', ')}`;
    throw usageError('', undefined, text);
  }
  if (options.has('topic') && !options.has('partition')) {
    throw usageError('', undefined, 'Missing required option(s): partition');
  }
  if (!options.has('topic') && options.has('partition')) {
    throw usageError('', undefined, 'Option partition is only allowed if topic is used');
  }
}

function checkOwn(options: ParsedOptions): void {
  if (options.has('admin.config') && options.has('command-config')) {
    throw usageError('--admin.config is the old name of --command-config', 'give --command-config only');
  }
  const scopes: string[] = SCOPES.filter((name) => options.has(name)).map((name) => `--${name}`);
  const [word, extra] = options.words;
  if (word !== undefined) scopes.push(`'${word}'`);
  if (extra !== undefined) throw usageError(`'${extra}' is one word too many`, 'name one topic');
  if (scopes.length > 1) throw usageError(`${scopes.join(' and ')} do not go together`, 'give one of them');
  if (options.has('partition') && !options.has('topic') && word === undefined) {
    throw usageError('--partition needs a topic', '--topic NAME --partition N');
  }
  if (scopes.length === 0) {
    throw usageError(
      'which partitions?',
      '--all-topic-partitions, --topic NAME [--partition N] or --path-to-json-file FILE',
    );
  }
}

/** Java's enum, whatever the case. */
function kindOf(options: ParsedOptions): ElectionKind {
  const text = options.value('election-type') ?? 'preferred';
  const kind = text.toLowerCase();
  if (kind === 'preferred' || kind === 'unclean') return kind;
  const strict = `Cannot parse argument '${text}' of option election-type`;
  throw new CommandError(`there is no election '${text}'`, {
    stage: 'usage',
    strictText: strict,
    hint: '--election-type preferred, or unclean',
    cause: new OptionError('conversion', 'election-type', strict),
  });
}

export function checkElectionOptions(context: CommandContext, options: ParsedOptions): ElectionKind {
  if (context.manner === 'strict') checkStrictly(options);
  else checkOwn(options);
  return kindOf(options);
}
