/**
 * The codecs of record batches. gzip and zstd are Node's; snappy and lz4 are native where their optional packages load
 * (on first use), our own TypeScript otherwise. Everything is synchronous.
 *
 * Inflating never gives more than the caller's bound: beyond it InflatedTooLargeError, on damage ProtocolError.
 */
import { zlibModule } from '../runtime/builtin-modules.ts';
import { deflateLz4, inflateLz4 } from './compression-lz4.ts';
import { deflateSnappy, inflateSnappy } from './compression-snappy.ts';
import { ProtocolError } from './kafka-error.ts';

/** The numbers in a batch's attributes. */
export const CODEC = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
export type CodecName = keyof typeof CODEC;

const CODEC_NAMES: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** As Kafka's tools print it; `unknown` for numbers that no codec has. */
export function codecName(codec: number): CodecName | 'unknown' {
  return CODEC_NAMES[codec] ?? 'unknown';
}

/** Null for a word that names no codec. */
export function codecOf(name: string): number | null {
  const index = CODEC_NAMES.indexOf(name as CodecName);
  return index < 0 ? null : index;
}

/** The inflated bytes would be more than the reader's bound. */
export class InflatedTooLargeError extends ProtocolError {}

/** Kafka's default levels. lz4 has one speed here; its level is accepted and makes no difference. */
const DEFAULT_GZIP_LEVEL = -1;
const DEFAULT_ZSTD_LEVEL = 3;

/** Compresses with a CODEC number other than none; `level` undefined is the codec's default. */
export function compress(codec: number, level: number | undefined, bytes: Uint8Array): Buffer {
  switch (codec) {
    case CODEC.gzip:
      return zlibModule().gzipSync(bytes, { level: level ?? DEFAULT_GZIP_LEVEL });
    case CODEC.snappy:
      return deflateSnappy(bytes);
    case CODEC.lz4:
      return deflateLz4(bytes);
    case CODEC.zstd:
      return zlibModule().zstdCompressSync(bytes, {
        params: { [zlibModule().constants.ZSTD_c_compressionLevel]: level ?? DEFAULT_ZSTD_LEVEL },
      });
    default:
      throw new ProtocolError(`unknown compression type id ${codec}`);
  }
}

/**
 * Inflates to at most `maxBytes` (1 or more). `into` may be given as space to use where the codec can; the answer may then be a view
 * of it, good until the caller uses it again.
 */
export function decompress(codec: number, bytes: Uint8Array, maxBytes: number, into?: Buffer): Uint8Array {
  const tooLarge = () =>
    new InflatedTooLargeError(`${codecName(codec)} data that inflates to more than ${maxBytes} bytes`);
  switch (codec) {
    case CODEC.gzip:
      return guarded(codec, tooLarge, () => inflateGzip(bytes, maxBytes));
    case CODEC.snappy:
      return inflateSnappy(bytes, { maxBytes, tooLarge });
    case CODEC.lz4:
      return inflateLz4(bytes, { maxBytes, tooLarge, into });
    case CODEC.zstd:
      return guarded(codec, tooLarge, () => inflateZstd(bytes, maxBytes));
    default:
      throw new ProtocolError(`unknown compression type id ${codec}`);
  }
}

const MIN_CHUNK = 1024;
const MAX_CHUNK = 1 << 20;

/** Node collects chunks and joins them: one chunk that holds everything is quickest. gzip ends with its inflated size. */
function inflateGzip(bytes: Uint8Array, maxBytes: number): Buffer {
  const end = bytes.length;
  const claimed = end < 4 ? 0 : (bytes[end - 4]! | (bytes[end - 3]! << 8) | (bytes[end - 2]! << 16)) + 1;
  const chunkSize = Math.min(Math.max(claimed, MIN_CHUNK), MAX_CHUNK);
  return zlibModule().gunzipSync(bytes, { maxOutputLength: maxBytes, chunkSize });
}

/** Node ignores bytes behind the last frame; a Java consumer fails on them. */
function inflateZstd(bytes: Uint8Array, maxBytes: number): Buffer {
  const chunkSize = Math.min(Math.max(bytes.length * 4, MIN_CHUNK), MAX_CHUNK);
  const options = { maxOutputLength: maxBytes, chunkSize, info: true };
  const { buffer, engine } = zlibModule().zstdDecompressSync(bytes, options) as unknown as InflatedInfo;
  if (engine.bytesWritten !== bytes.length) throw new Error('bytes behind the last frame');
  return buffer;
}

/** What Node's zlib answers with the documented option `info`, which its types leave out. */
interface InflatedInfo {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function guarded(codec: number, tooLarge: () => Error, inflate: () => Buffer): Buffer {
  try {
    return inflate();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new ProtocolError(`corrupt ${codecName(codec)} data: ${(error as Error).message}`, { cause: error });
  }
}
