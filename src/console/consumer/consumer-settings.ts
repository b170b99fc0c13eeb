/** The consumer that the words of console-consumer mean, checked as Kafka's consumer does. */
import { EXIT } from '../../base/kts-error.ts';
import type { ConsumerSettings } from '../../client/consumer/settings.ts';
import type { CommandContext } from '../command.ts';
import { CommandError, usageError } from '../command-error.ts';
import { type CheckedProperties, checkProperties } from '../connect.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { gatherProperties, preferNew } from '../properties.ts';

function warning(old: string, now: string): string {
  return `Option --${old} is deprecated and will be removed in a future version. Use --${now} instead.`;
}

/** The names under which the options were given. */
export function consumerOptionNames(context: CommandContext, options: ParsedOptions) {
  const formatter = preferNew(context, options, {
    now: 'formatter-property',
    old: 'property',
    first: 'property',
    warning: warning('property', 'formatter-property'),
  });
  const pairs = preferNew(context, options, {
    now: 'command-property',
    old: 'consumer-property',
    first: 'consumer-property',
    warning: warning('consumer-property', 'command-property'),
  });
  const file = preferNew(context, options, {
    now: 'command-config',
    old: 'consumer.config',
    first: 'consumer.config',
    warning: warning('consumer.config', 'command-config'),
  });
  return { formatter, pairs, file };
}

export interface ConsumerPlan {
  readonly checked: CheckedProperties | undefined;
  readonly settings: Partial<ConsumerSettings>;
}

function groupOf(options: ParsedOptions, properties: ReadonlyMap<string, string>): string | undefined {
  const ids = new Set([options.value('group'), properties.get('group.id')].filter((id) => id !== undefined));
  if (ids.size > 1) {
    const detected = [...ids].map((id) => `'${id}'`).join(', ');
    throw usageError(
      `different groups were given: ${detected}`,
      'give --group only',
      `The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') do not match. Detected group ids: ${detected}`,
    );
  }
  const [id] = ids;
  if (id !== undefined && id.trim() === '') {
    throw new CommandError('the name of a group cannot be empty', {
      stage: 'start',
      strictText: 'The configured group.id should not be an empty string or whitespace.',
      exception: 'org.apache.kafka.common.errors.InvalidGroupIdException',
      exitCode: EXIT.usage,
    });
  }
  return id;
}

export async function planConsumer(
  context: CommandContext,
  options: ParsedOptions,
  names: { readonly pairs: string; readonly file: string },
): Promise<ConsumerPlan> {
  const properties = await gatherProperties(context, options, { ...names, ofClient: true });
  const reset = properties.get('auto.offset.reset');
  if (options.has('from-beginning') && reset !== undefined && reset !== 'earliest') {
    const text = `Can't simultaneously specify --from-beginning and 'auto.offset.reset=${reset}', please remove one option`;
    throw usageError(`--from-beginning contradicts auto.offset.reset=${reset}`, 'leave one of them out', text);
  }
  if (options.has('isolation-level')) properties.set('isolation.level', options.value('isolation-level') as string);
  const given = groupOf(options, properties);
  if (given !== undefined && options.has('partition')) throw groupAndPartition();
  const group = given === undefined ? groupOfItsOwn(context, properties) : { groupId: given };
  if (properties.size > 0) properties.set('group.id', group.groupId);
  const checked = await checkProperties(context, 'consumer', properties);
  const settings = checked === undefined ? {} : await settingsFrom(checked);
  return { checked, settings: { ...settings, ...group, ...(options.has('from-beginning') ? FROM_BEGINNING : {}) } };
}

const FROM_BEGINNING = { offsetReset: 'earliest' } as const;
const GENERATED_GROUPS = 100_000;

/** Without a group Kafka's tool makes one up, and does not commit to it unless it is told to. */
function groupOfItsOwn(context: CommandContext, properties: ReadonlyMap<string, string>) {
  const groupId = `console-consumer-${context.runtime.random.int(GENERATED_GROUPS)}`;
  const commits = properties.get('enable.auto.commit')?.trim().toLowerCase() === 'true';
  return commits ? { groupId } : { groupId, autoCommit: false, isAlone: true };
}

function groupAndPartition(): Error {
  const strictText = 'Options group and partition cannot be specified together.';
  return usageError(
    '--group and --partition do not go together',
    'a group shares out the partitions itself',
    strictText,
  );
}

async function settingsFrom({ values }: CheckedProperties): Promise<Partial<ConsumerSettings>> {
  const { consumerSettings } = await import('../../client/config/consumer-config.ts');
  return consumerSettings(values);
}
