/** What Java's producer configuration means for a Producer, with the conflicts that Java's producer refuses. */
import { ConfigError } from '../../config/config-error.ts';
import { codecOf } from '../../protocol/compression.ts';
import { type Partitioner, roundRobin } from '../producer/partitioner.ts';
import { DEFAULT_PRODUCER_SETTINGS, type ProducerSettings } from '../producer/settings.ts';
import { serializerNamed } from '../serdes.ts';
import { type ClientValues, takeNumbers, type Writable } from './client-config.ts';

const NUMBERS = [
  ['batch.size', 'batchBytes'],
  ['linger.ms', 'lingerMs'],
  ['buffer.memory', 'bufferBytes'],
  ['max.request.size', 'maxRequestBytes'],
  ['max.in.flight.requests.per.connection', 'maxInFlight'],
  ['delivery.timeout.ms', 'deliveryTimeoutMs'],
  ['request.timeout.ms', 'requestTimeoutMs'],
  ['retries', 'retries'],
  ['max.block.ms', 'maxBlockMs'],
  ['metadata.max.idle.ms', 'metadataMaxIdleMs'],
  ['partitioner.availability.timeout.ms', 'availabilityTimeoutMs'],
] as const;

/** By codec: lz4 has one speed here. */
const LEVELS: Readonly<Record<string, string>> = { gzip: 'compression.gzip.level', zstd: 'compression.zstd.level' };

const PARTITIONERS: Readonly<Record<string, () => Partitioner>> = {
  'org.apache.kafka.clients.producer.RoundRobinPartitioner': roundRobin,
};

export function producerSettings(values: ClientValues): Partial<ProducerSettings> {
  if (values.text('transactional.id') !== undefined) {
    throw new ConfigError('transactional.id is set, and transactions are not supported yet', {
      hint: 'an idempotent producer (the default) delivers each record once',
    });
  }
  const settings: Writable<ProducerSettings> = {};
  takeNumbers(values, NUMBERS, settings);
  takeAcks(values, settings);
  takeCompression(values, settings);
  checkDeliveryTimeout(values, settings);
  const ignoreKeys = values.boolean('partitioner.ignore.keys');
  if (ignoreKeys !== undefined) settings.ignoreKeys = ignoreKeys;
  const adaptive = values.boolean('partitioner.adaptive.partitioning.enable');
  if (adaptive !== undefined) settings.adaptivePartitioning = adaptive;
  const partitioner = values.text('partitioner.class');
  if (partitioner !== undefined) settings.partitioner = partitionerNamed(partitioner);
  const key = values.text('key.serializer');
  if (key !== undefined) settings.keySerializer = serializerNamed('key.serializer', key);
  const value = values.text('value.serializer');
  if (value !== undefined) settings.valueSerializer = serializerNamed('value.serializer', value);
  return settings;
}

/** Idempotence that was asked for refuses what breaks it; the default gives way. */
function takeAcks(values: ClientValues, settings: Writable<ProducerSettings>): void {
  const acks = values.text('acks');
  if (acks !== undefined) settings.acks = acks === 'all' ? -1 : (Number(acks) as -1 | 0 | 1);
  const wanted = values.boolean('enable.idempotence');
  const conflict =
    (settings.acks ?? -1) !== -1
      ? 'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.'
      : settings.retries === 0
        ? 'Must set retries to non-zero when using the idempotent producer.'
        : (settings.maxInFlight ?? 5) > 5
          ? 'Must set max.in.flight.requests.per.connection to at most 5 to use the idempotent producer.'
          : undefined;
  if (wanted === true && conflict !== undefined) throw new ConfigError(conflict);
  if (wanted === false || conflict !== undefined) settings.idempotent = false;
}

function takeCompression(values: ClientValues, settings: Writable<ProducerSettings>): void {
  const name = values.text('compression.type');
  if (name === undefined || name === 'none') return;
  settings.compression = codecOf(name) ?? 0;
  const level = LEVELS[name] === undefined ? undefined : values.number(LEVELS[name]);
  if (level !== undefined) settings.compressionLevel = level;
}

function checkDeliveryTimeout(values: ClientValues, settings: Writable<ProducerSettings>): void {
  const { lingerMs, requestTimeoutMs, deliveryTimeoutMs } = { ...DEFAULT_PRODUCER_SETTINGS, ...settings };
  const least = lingerMs + requestTimeoutMs;
  if (deliveryTimeoutMs >= least) return;
  if (values.has('delivery.timeout.ms')) {
    throw new ConfigError('delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms');
  }
  settings.deliveryTimeoutMs = least;
}

function partitionerNamed(className: string): Partitioner {
  const make = PARTITIONERS[className.replace(/^class /, '')];
  if (make !== undefined) return make();
  throw new ConfigError(
    `Invalid value ${className} for configuration partitioner.class: Class ${className} could not be found.`,
    { hint: `there is ${Object.keys(PARTITIONERS).join(', ')}; a program gives its own as \`partitioner\`` },
  );
}
