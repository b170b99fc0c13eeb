/** How a record is printed: Kafka's default formatter with all of its properties, one that prints nothing, those of internal topics. */
import type { RecordCursor } from '../../protocol/record.ts';
import { usageError } from '../command-error.ts';
import type { BulkOutput } from './bulk-output.ts';
import { type Deserialize, deserializerOf } from './deserializers.ts';

export type FormatRecord = (record: RecordCursor, partition: number, topic: string) => void;

const DEFAULT = 'org.apache.kafka.tools.consumer.DefaultMessageFormatter';
/** Prints like the default one, through the log. */
const LOGGING = 'org.apache.kafka.tools.consumer.LoggingMessageFormatter';
const NOTHING = 'org.apache.kafka.tools.consumer.NoOpMessageFormatter';

export interface FormatterOptions {
  readonly className: string | undefined;
  readonly properties: ReadonlyMap<string, string>;
  readonly keyDeserializer: string | undefined;
  readonly valueDeserializer: string | undefined;
  /** A null goes through the deserializer as the text that stands for it, as in Kafka's formatter. */
  readonly asJava: boolean;
  /** For classes that do not exist. */
  readonly warn: (message: string) => void;
}

interface Printing {
  readonly timestamp: boolean;
  readonly partition: boolean;
  readonly offset: boolean;
  readonly epoch: boolean;
  readonly headers: boolean;
  readonly key: boolean;
  readonly value: boolean;
}

export async function makeFormatter(options: FormatterOptions, output: BulkOutput): Promise<FormatRecord> {
  const name = options.className ?? DEFAULT;
  if (name === NOTHING) return () => undefined;
  if (name !== DEFAULT && name !== LOGGING) {
    const { coordinatorFormatter } = await import('./coordinator-formatter.ts');
    const ofInternalTopic = coordinatorFormatter(name, output);
    if (ofInternalTopic !== undefined) return ofInternalTopic;
    throw usageError(`there is no formatter ${name}`, `the default is ${DEFAULT}`, name);
  }
  const { properties } = options;
  const on = (key: string, without: boolean) => {
    const value = properties.get(key);
    return value === undefined ? without : value.trim().toLowerCase() === 'true';
  };
  const printing: Printing = {
    timestamp: on('print.timestamp', false),
    partition: on('print.partition', false),
    offset: on('print.offset', false),
    epoch: on('print.epoch', false),
    headers: on('print.headers', false),
    key: on('print.key', false),
    value: on('print.value', true),
  };
  const lineSeparator = Buffer.from(properties.get('line.separator') ?? '\n');
  const nullLiteral = Buffer.from(properties.get('null.literal') ?? 'null');
  const deserialize = {
    key: pick(options, options.keyDeserializer ?? properties.get('key.deserializer')),
    value: pick(options, options.valueDeserializer ?? properties.get('value.deserializer')),
    headers: pick(options, properties.get('headers.deserializer')),
  };
  const others = Object.entries(printing).some(([field, printed]) => printed && field !== 'value');
  const ending = lineSeparator.length === 1 ? lineSeparator[0] : undefined;
  if (!others && printing.value && deserialize.value === undefined && ending !== undefined) {
    return plainValues(output, nullLiteral, ending);
  }
  return allFields(output, printing, {
    keySeparator: Buffer.from(properties.get('key.separator') ?? '\t'),
    headersSeparator: Buffer.from(properties.get('headers.separator') ?? ','),
    lineSeparator,
    nullLiteral,
    asJava: options.asJava,
    deserialize,
  });
}

function pick(options: FormatterOptions, className: string | undefined): Deserialize | undefined {
  if (className === undefined) return undefined;
  const known = deserializerOf(className);
  if (known === undefined) options.warn(`there is no deserializer ${className}; bytes are printed as they are`);
  return known;
}

/** The case that has to be quick: nothing but values. */
function plainValues(output: BulkOutput, nullLiteral: Buffer, ending: number): FormatRecord {
  return (record) => {
    if (record.valueLength < 0) output.line(nullLiteral, 0, nullLiteral.length, ending);
    else output.line(record.bytes as Buffer, record.valueStart, record.valueLength, ending);
  };
}

interface Words {
  readonly keySeparator: Buffer;
  readonly headersSeparator: Buffer;
  readonly lineSeparator: Buffer;
  readonly nullLiteral: Buffer;
  readonly asJava: boolean;
  readonly deserialize: {
    readonly key: Deserialize | undefined;
    readonly value: Deserialize | undefined;
    readonly headers: Deserialize | undefined;
  };
}

function allFields(output: BulkOutput, printing: Printing, words: Words): FormatRecord {
  const put = (text: string | Buffer): void => {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    output.bytes(bytes, 0, bytes.length);
  };
  const datum = (bytes: Buffer | null, deserialize: Deserialize | undefined): string | Buffer =>
    bytes === null
      ? ((words.asJava ? deserialize?.(words.nullLiteral) : undefined) ?? words.nullLiteral)
      : (deserialize?.(bytes) ?? bytes);
  const fields: ((record: RecordCursor, partition: number) => void)[] = [];
  if (printing.timestamp) fields.push((record) => put(timestampText(record)));
  if (printing.partition) fields.push((_, partition) => put(`Partition:${partition}`));
  if (printing.offset) fields.push((record) => put(`Offset:${record.offset}`));
  if (printing.epoch) fields.push(() => put('Epoch:NOT_PRESENT'));
  if (printing.headers) fields.push((record) => putHeaders(record, put, words));
  if (printing.key) fields.push((record) => put(datum(record.key, words.deserialize.key)));
  if (printing.value) fields.push((record) => put(datum(record.value, words.deserialize.value)));
  if (fields.length === 0) return () => undefined;
  return (record, partition) => {
    fields.forEach((field, i) => {
      if (i > 0) put(words.keySeparator);
      field(record, partition);
    });
    put(words.lineSeparator);
  };
}

function timestampText(record: RecordCursor): string {
  if (record.timestamp < 0) return 'NO_TIMESTAMP';
  return `${record.isLogAppendTime ? 'LogAppendTime' : 'CreateTime'}:${record.timestamp}`;
}

function putHeaders(record: RecordCursor, put: (text: string | Buffer) => void, words: Words): void {
  const headers = record.headers;
  if (headers.length === 0) {
    put('NO_HEADERS');
    return;
  }
  headers.forEach((header, i) => {
    if (i > 0) put(words.headersSeparator);
    put(`${header.key}:`);
    put(header.value === null ? words.nullLiteral : (words.deserialize.headers?.(header.value) ?? header.value));
  });
}
