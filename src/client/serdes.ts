/**
 * Serializers and deserializers with the wire forms of Java's, found by the names that configuration files use
 * (`org.apache.kafka.common.serialization.LongSerializer`, or only `LongSerializer`).
 */
import { ConfigError } from '../config/config-error.ts';

export type Serializer<T> = (topic: string, data: T | null) => Uint8Array | string | null;
export type Deserializer<T> = (topic: string, bytes: Buffer | null) => T | null;

export interface Serde<T> {
  readonly serialize: Serializer<T>;
  readonly deserialize: Deserializer<T>;
}

function fixed<T>(
  name: string,
  size: number,
  write: (bytes: Buffer, data: T) => void,
  read: (bytes: Buffer) => T,
): Serde<T> {
  return {
    serialize: (_, data) => {
      if (data === null) return null;
      const bytes = Buffer.alloc(size);
      write(bytes, data);
      return bytes;
    },
    deserialize: (_, bytes) => {
      if (bytes === null) return null;
      if (bytes.length !== size) throw new RangeError(`a ${name} has ${size} bytes, not ${bytes.length}`);
      return read(bytes);
    },
  };
}

const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const serdes = {
  bytes: {
    serialize: (_: string, data: Uint8Array | null) => data,
    deserialize: (_: string, bytes: Buffer | null) => bytes,
  },
  string: {
    serialize: (_: string, data: string | null) => data,
    deserialize: (_: string, bytes: Buffer | null) => bytes?.toString() ?? null,
  },
  json: {
    serialize: (_: string, data: unknown) => (data === null || data === undefined ? null : JSON.stringify(data)),
    deserialize: (_: string, bytes: Buffer | null): unknown => (bytes === null ? null : JSON.parse(bytes.toString())),
  },
  integer: fixed<number>(
    'integer',
    4,
    (bytes, data) => bytes.writeInt32BE(data),
    (bytes) => bytes.readInt32BE(),
  ),
  long: fixed<bigint | number>(
    'long',
    8,
    (bytes, data) => bytes.writeBigInt64BE(BigInt(data)),
    (bytes) => bytes.readBigInt64BE(),
  ),
  short: fixed<number>(
    'short',
    2,
    (bytes, data) => bytes.writeInt16BE(data),
    (bytes) => bytes.readInt16BE(),
  ),
  double: fixed<number>(
    'double',
    8,
    (bytes, data) => bytes.writeDoubleBE(data),
    (bytes) => bytes.readDoubleBE(),
  ),
  float: fixed<number>(
    'float',
    4,
    (bytes, data) => bytes.writeFloatBE(data),
    (bytes) => bytes.readFloatBE(),
  ),
  boolean: fixed<boolean>(
    'boolean',
    1,
    (bytes, data) => bytes.writeUInt8(data ? 1 : 0),
    (bytes) => bytes[0] === 1,
  ),
  uuid: {
    serialize: (_: string, data: string | null) => {
      if (data !== null && !UUID_TEXT.test(data)) throw new TypeError(`${data} is not a UUID`);
      return data;
    },
    deserialize: (_: string, bytes: Buffer | null) => bytes?.toString() ?? null,
  },
  void: { serialize: () => null, deserialize: () => null },
} as const;

const PACKAGE = /^(?:class )?org\.apache\.kafka\.common\.serialization\./;

const JAVA_NAMES: ReadonlyMap<string, keyof typeof serdes> = new Map([
  ['ByteArray', 'bytes'],
  ['ByteBuffer', 'bytes'],
  ['Bytes', 'bytes'],
  ['String', 'string'],
  ['Integer', 'integer'],
  ['Long', 'long'],
  ['Short', 'short'],
  ['Double', 'double'],
  ['Float', 'float'],
  ['Boolean', 'boolean'],
  ['UUID', 'uuid'],
  ['Void', 'void'],
]);

function named(key: string, className: string, suffix: 'Serializer' | 'Deserializer'): Serde<unknown> {
  const plain = className.replace(PACKAGE, '');
  const word = plain.endsWith(suffix) ? JAVA_NAMES.get(plain.slice(0, -suffix.length)) : undefined;
  const own = plain in serdes ? (plain as keyof typeof serdes) : undefined;
  const found = word ?? own;
  if (found === undefined) {
    throw new ConfigError(
      `Invalid value ${className} for configuration ${key}: Class ${className} could not be found.`,
    );
  }
  return serdes[found] as Serde<unknown>;
}

export function serializerNamed(key: string, className: string): Serializer<unknown> {
  return named(key, className, 'Serializer').serialize;
}

export function deserializerNamed(key: string, className: string): Deserializer<unknown> {
  return named(key, className, 'Deserializer').deserialize;
}
