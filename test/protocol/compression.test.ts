import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CODEC,
  codecName,
  codecOf,
  compress,
  decompress,
  InflatedTooLargeError,
} from '../../src/protocol/compression.ts';
import { inflateLz4, inflateLz4Block, xxhash32 } from '../../src/protocol/compression-lz4.ts';
import { nativeLz4, nativeSnappy } from '../../src/protocol/compression-native.ts';
import { deflateSnappy, inflateSnappy, SNAPPY_BLOCKS_OF_TABLES } from '../../src/protocol/compression-snappy.ts';
import { ProtocolError } from '../../src/protocol/kafka-error.ts';

const CODECS = [CODEC.gzip, CODEC.snappy, CODEC.lz4, CODEC.zstd];
const tooLarge = () => new InflatedTooLargeError('too large');
const LIMIT = 1 << 22;

/** Repetitive text, runs, and noise, up to several blocks. */
const payload = fc
  .array(
    fc.oneof(
      fc.tuple(fc.string(), fc.integer({ min: 1, max: 3000 })).map(([text, times]) => Buffer.from(text.repeat(times))),
      fc.uint8Array({ maxLength: 5000 }).map((array) => Buffer.from(array)),
      fc.integer({ min: 0, max: 100_000 }).map((length) => Buffer.alloc(length, 'z')),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts));

function inflateBlocksOfTables(codec: number, packed: Uint8Array, maxBytes = LIMIT): Uint8Array {
  return codec === CODEC.lz4
    ? inflateLz4(packed, { maxBytes, tooLarge, inflate: inflateLz4Block })
    : inflateSnappy(packed, { maxBytes, tooLarge, blocks: SNAPPY_BLOCKS_OF_TABLES });
}

describe.each(CODECS.map((codec) => [codecName(codec), codec] as const))('%s', (_name, codec) => {
  it('gives back what it was given', () => {
    fc.assert(
      fc.property(payload, (bytes) => {
        const packed = compress(codec, undefined, bytes);
        expect(Buffer.compare(decompress(codec, packed, LIMIT), bytes)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('inflates up to the bound exactly and no further', () => {
    for (const size of [1, 100, 65_535, 65_536, 65_537, 200_000]) {
      for (const bytes of [Buffer.alloc(size, 'a'), noise(size)]) {
        const packed = compress(codec, undefined, bytes);
        expect(decompress(codec, packed, size).length).toBe(size);
        if (size > 1) expect(() => decompress(codec, packed, size - 1)).toThrow(InflatedTooLargeError);
      }
    }
  });

  it('answers every cut and every flipped bit with ProtocolError or bytes within the bound', () => {
    const bytes = Buffer.from('a record, a record, another record; '.repeat(9) + noise(40).toString('latin1'));
    const packed = compress(codec, undefined, bytes);
    const attempt = (damaged: Buffer) => {
      try {
        expect(decompress(codec, damaged, 5000).length).toBeLessThanOrEqual(5000);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    };
    for (let cut = 0; cut < packed.length; cut++) attempt(packed.subarray(0, cut));
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const damaged = Buffer.from(packed);
      damaged[bit >>> 3]! ^= 1 << (bit & 7);
      attempt(damaged);
    }
  });

  it('answers noise with ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        try {
          decompress(codec, bytes, 10_000);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function noise(size: number): Buffer {
  let x = 12345;
  return Buffer.from(
    Array.from({ length: size }, () => {
      x = (Math.imul(x, 1103515245) + 12345) >>> 0;
      return x >>> 16;
    }),
  );
}

describe('the block codecs in TypeScript', () => {
  it('read what the native ones write, and the reverse', () => {
    fc.assert(
      fc.property(payload, (bytes) => {
        for (const codec of [CODEC.snappy, CODEC.lz4]) {
          const packed = compress(codec, undefined, bytes);
          expect(Buffer.compare(inflateBlocksOfTables(codec, packed), bytes)).toBe(0);
        }
        const packed = deflateSnappy(bytes, SNAPPY_BLOCKS_OF_TABLES);
        expect(Buffer.compare(decompress(CODEC.snappy, packed, LIMIT), bytes)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('refuse the same damage as the native ones', () => {
    if (nativeLz4() === null || nativeSnappy() === null) return;
    const bytes = Buffer.from(
      `${'{"id":1,"name":"customer","note":"words"}'.repeat(30)}${noise(1500).toString('latin1')}`,
    );
    for (const codec of [CODEC.snappy, CODEC.lz4]) {
      const packed = compress(codec, undefined, bytes);
      for (let at = 16; at < packed.length; at += 3) {
        const damaged = Buffer.from(packed);
        damaged[at]! ^= 0x41;
        expect(outcome(() => inflateBlocksOfTables(codec, damaged, 20_000))).toEqual(
          outcome(() => decompress(codec, damaged, 20_000)),
        );
      }
    }
  });
});

function outcome(inflate: () => Uint8Array): string {
  try {
    return Buffer.from(inflate()).toString('latin1');
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return 'refused';
  }
}

describe('bombs', () => {
  it.each(CODECS.map((codec) => [codecName(codec), codec] as const))('%s is stopped at its bound', (_name, codec) => {
    const bomb = compress(codec, undefined, Buffer.alloc(64 << 20));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decompress(codec, bomb, 1 << 20)).toThrow(InflatedTooLargeError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20);
  });

  it('believes no length that a snappy block claims', () => {
    const liar = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x41]);
    expect(() => decompress(CODEC.snappy, liar, 2 ** 33)).toThrow(ProtocolError);
  });
});

describe('formats', () => {
  it('reads a bare snappy block, joined xerial streams, and writes xerial framing', () => {
    const text = Buffer.from('hello, hello, hello');
    const packed = compress(CODEC.snappy, undefined, text);
    expect(packed.subarray(0, 16).toString('latin1')).toBe('\x82SNAPPY\0\0\0\0\x01\0\0\0\x01');
    expect(String(decompress(CODEC.snappy, packed.subarray(20), 100))).toBe(String(text));
    expect(String(decompress(CODEC.snappy, Buffer.concat([packed, packed]), 100))).toBe(`${text}${text}`);
  });

  it('writes the lz4 frame that Kafka wants', () => {
    const packed = compress(CODEC.lz4, undefined, Buffer.alloc(100));
    expect(packed.subarray(0, 7).toString('hex')).toBe('04224d18604082');
    expect(packed.subarray(-4)).toEqual(Buffer.alloc(4));
  });

  it('checks the lz4 checksums where a frame has them', () => {
    const content = Buffer.from('abcd');
    const frame = (blockHash: number, contentHash: number) => {
      const bytes = Buffer.alloc(7 + 4 + 4 + 4 + 4 + 4);
      bytes.writeUInt32LE(0x184d2204, 0);
      bytes[4] = 0x40 | 0x20 | 0x10 | 0x04;
      bytes[5] = 0x40;
      bytes[6] = xxhash32(bytes, 4, 6) >>> 8;
      bytes.writeUInt32LE((0x80000000 | 4) >>> 0, 7);
      content.copy(bytes, 11);
      bytes.writeUInt32LE(blockHash, 15);
      bytes.writeUInt32LE(contentHash, 23);
      return bytes;
    };
    const hash = xxhash32(content);
    expect(String(decompress(CODEC.lz4, frame(hash, hash), 10))).toBe('abcd');
    expect(() => decompress(CODEC.lz4, frame(hash - 1, hash), 10)).toThrow('checksum');
    expect(() => decompress(CODEC.lz4, frame(hash, hash - 1), 10)).toThrow('checksum');
  });

  it('takes several gzip members and zstd frames, but nothing behind a zstd frame', () => {
    const a = Buffer.from('one');
    const b = Buffer.from('two');
    expect(String(decompress(CODEC.gzip, Buffer.concat([gzipSync(a), gzipSync(b)]), 10))).toBe('onetwo');
    const frames = Buffer.concat([zstdCompressSync(a), zstdCompressSync(b)]);
    expect(String(decompress(CODEC.zstd, frames, 10))).toBe('onetwo');
    expect(() => decompress(CODEC.zstd, Buffer.concat([frames, a]), 10)).toThrow(ProtocolError);
  });

  it.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('hashes %j as published', (text, expected) => {
    expect(xxhash32(Buffer.from(text))).toBe(expected);
  });

  it('knows the codecs by number and by name', () => {
    expect([0, 1, 2, 3, 4, 5].map(codecName)).toEqual(['none', 'gzip', 'snappy', 'lz4', 'zstd', 'unknown']);
    expect(['zstd', 'none', 'brotli'].map(codecOf)).toEqual([4, 0, null]);
    expect(() => compress(5, undefined, Buffer.alloc(1))).toThrow(ProtocolError);
    expect(() => decompress(7, Buffer.alloc(1), 1)).toThrow(ProtocolError);
  });
});
