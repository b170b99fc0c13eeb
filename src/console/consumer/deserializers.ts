/** The deserializers of Kafka's clients that turn bytes into something to print. */
import { EXIT } from '../../base/kts-error.ts';
import { CommandError } from '../command-error.ts';

export type Deserialize = (bytes: Buffer) => string | Buffer;

const PACKAGE = 'org.apache.kafka.common.serialization.';

function sized(name: string, size: number, read: (bytes: Buffer) => string): Deserialize {
  return (bytes) => {
    if (bytes.length === size) return read(bytes);
    throw new CommandError(`a record has ${bytes.length} bytes where ${name} needs ${size}`, {
      stage: 'run',
      exitCode: EXIT.failed,
      strictText: `Size of data received by ${name} is not ${size}`,
      hint: '--skip-message-on-error passes over such records',
    });
  };
}

/** Java prints a whole number as a double with `.0`. */
function floating(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e7 ? value.toFixed(1) : String(value);
}

/** Printable ASCII as it is, the rest as `\xNN`. */
function escaped(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    text +=
      byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

function uuid(bytes: Buffer): string {
  return bytes.toString();
}

const KNOWN: ReadonlyMap<string, Deserialize> = new Map([
  ['StringDeserializer', (bytes: Buffer) => bytes],
  ['ByteArrayDeserializer', (bytes: Buffer) => bytes],
  ['ByteBufferDeserializer', (bytes: Buffer) => bytes],
  ['BytesDeserializer', escaped],
  ['UUIDDeserializer', uuid],
  ['ShortDeserializer', sized('ShortDeserializer', 2, (bytes) => String(bytes.readInt16BE()))],
  ['IntegerDeserializer', sized('IntegerDeserializer', 4, (bytes) => String(bytes.readInt32BE()))],
  ['LongDeserializer', sized('LongDeserializer', 8, (bytes) => String(bytes.readBigInt64BE()))],
  ['FloatDeserializer', sized('FloatDeserializer', 4, (bytes) => floating(bytes.readFloatBE()))],
  ['DoubleDeserializer', sized('DoubleDeserializer', 8, (bytes) => floating(bytes.readDoubleBE()))],
  ['BooleanDeserializer', sized('BooleanDeserializer', 1, (bytes) => String(bytes[0] !== 0))],
]);

/** Undefined for a class that is none of ours. */
export function deserializerOf(className: string): Deserialize | undefined {
  return KNOWN.get(className.startsWith(PACKAGE) ? className.slice(PACKAGE.length) : className);
}
