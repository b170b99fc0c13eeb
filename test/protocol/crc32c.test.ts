import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeCrc } from '../../src/protocol/compression-native.ts';
import { crc32c, crc32cOfTables } from '../../src/protocol/crc32c.ts';

const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
/** RFC 3720, B.4. */
const ISCSI_READ = Buffer.from(
  '01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000',
  'hex',
);

function bitByBit(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  it.each([
    ['nothing', new Uint8Array(0), 0],
    ['the check string', Buffer.from('123456789'), 0xe3069283],
    ['32 zero bytes', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['32 ascending bytes', ascending, 0x46dd794e],
    ['32 descending bytes', ascending.slice().reverse(), 0x113fdb5c],
    ['an iSCSI read command', ISCSI_READ, 0xd9963a56],
  ])('gives the published value for %s', (_name, bytes, expected) => {
    expect(crc32cOfTables(bytes, 0, bytes.length)).toBe(expected);
    expect(crc32c(bytes)).toBe(expected);
  });

  it('reads exactly the given range, at every length around its steps and thresholds', () => {
    const bytes = Uint8Array.from({ length: 1200 }, (_, i) => (i * 7919) >>> 3);
    for (const start of [0, 1, 21]) {
      for (let length = 0; length < 70; length++) {
        expect(crc32c(bytes, start, start + length)).toBe(bitByBit(bytes.subarray(start, start + length)));
      }
      for (let length = 370; length < 400; length++) {
        expect(crc32c(bytes, start, start + length)).toBe(bitByBit(bytes.subarray(start, start + length)));
      }
    }
  });

  it('is the same from tables and from the native package', () => {
    const native = nativeCrc();
    if (native === null) return;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        expect(crc32cOfTables(bytes, 0, bytes.length)).toBe(native.crc32c(bytes));
      }),
    );
  });
});
