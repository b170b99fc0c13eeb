/**
 * The optional native packages behind checksums and codecs: loaded on first use, and absent without a word where they
 * are not installed or do not run. Callers hold a TypeScript form for that case and give the same bytes either way.
 *
 * They are required at run time by name, so a bundle leaves them out and finds them beside the installed package.
 */
import { createRequire } from 'node:module';

export interface NativeCrc {
  crc32c(input: Uint8Array): number;
}

export interface NativeSnappy {
  compressSync(input: Uint8Array, options: { copyOutputData: boolean }): Buffer;
  uncompressSync(input: Uint8Array, options: { asBuffer: true; copyOutputData: boolean }): Buffer;
}

export interface NativeLz4 {
  /** Takes the inflated size (little-endian, four bytes; an upper bound serves as well) before the block. */
  uncompressSync(input: Uint8Array): Buffer;
}

const require = createRequire(import.meta.url);

function load<T>(name: string): T | null {
  try {
    return require(name) as T;
  } catch {
    return null;
  }
}

/** Remembers what `load` found. */
function once<T>(name: string): () => T | null {
  let found: T | null | undefined;
  return () => {
    if (found === undefined) found = load<T>(name);
    return found;
  };
}

export const nativeCrc = once<NativeCrc>('@node-rs/crc32');
export const nativeSnappy = once<NativeSnappy>('snappy');
export const nativeLz4 = once<NativeLz4>('lz4-napi');
