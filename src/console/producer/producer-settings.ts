/** The producer that the words of console-producer mean: its options as properties, checked as Kafka's producer does. */
import type { ProducerSettings } from '../../client/producer/settings.ts';
import type { CommandContext } from '../command.ts';
import { type CheckedProperties, checkProperties } from '../connect.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { gatherProperties, preferNew } from '../properties.ts';

const OPTION_OF_PROPERTY: readonly (readonly [string, string])[] = [
  ['request-required-acks', 'acks'],
  ['batch-size', 'batch.size'],
  ['max-partition-memory-bytes', 'batch.size'],
  ['timeout', 'linger.ms'],
  ['message-send-max-retries', 'retries'],
  ['retry-backoff-ms', 'retry.backoff.ms'],
  ['request-timeout-ms', 'request.timeout.ms'],
  ['max-block-ms', 'max.block.ms'],
  ['max-memory-bytes', 'buffer.memory'],
  ['metadata-expiry-ms', 'metadata.max.age.ms'],
  ['socket-buffer-size', 'send.buffer.bytes'],
];

/** Batches that nobody sized are large: fewer requests, several times the speed. */
const BULK_BATCH_BYTES = 262_144;

function warning(old: string, now: string): string {
  return `Warning: --${old} is deprecated and will be removed in a future version. Use --${now} instead.`;
}

/** The names under which the options were given. */
export function producerOptionNames(context: CommandContext, options: ParsedOptions) {
  const pairs = preferNew(context, options, {
    now: 'command-property',
    old: 'producer-property',
    first: 'command-property',
    warning: warning('producer-property', 'command-property'),
  });
  const file = preferNew(context, options, {
    now: 'command-config',
    old: 'producer.config',
    first: 'command-config',
    warning: warning('producer.config', 'command-config'),
  });
  const reader = preferNew(context, options, {
    now: 'reader-property',
    old: 'property',
    first: 'reader-property',
    warning: warning('property', 'reader-property'),
  });
  if (options.has('max-partition-memory-bytes') && context.manner === 'strict') {
    context.output.out(
      'Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache Kafka 5.0. Use --batch-size instead.\n',
    );
  }
  return { pairs, file, reader };
}

export interface ProducerPlan {
  readonly checked: CheckedProperties | undefined;
  readonly settings: Partial<ProducerSettings>;
}

export async function planProducer(
  context: CommandContext,
  options: ParsedOptions,
  names: { readonly pairs: string; readonly file: string },
): Promise<ProducerPlan> {
  const properties = await gatherProperties(context, options, { ...names, ofClient: true });
  if (options.has('compression-codec')) {
    properties.set('compression.type', options.value('compression-codec') || 'gzip');
  }
  for (const [option, property] of OPTION_OF_PROPERTY) {
    if (!options.has(option)) continue;
    const given = options.value(option) as string;
    // A word that is no number is the option's fault, not the property's.
    properties.set(property, property === 'acks' ? given : String(options.integer(option)));
  }
  const checked = await checkProperties(context, 'producer', properties);
  const given = checked === undefined ? {} : await settingsFrom(checked);
  return { checked, settings: { batchBytes: BULK_BATCH_BYTES, ...given } };
}

async function settingsFrom({ values }: CheckedProperties): Promise<Partial<ProducerSettings>> {
  const { producerSettings } = await import('../../client/config/producer-config.ts');
  return producerSettings(values);
}
