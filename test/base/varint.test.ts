import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readUnsignedVarint,
  readVarint,
  readVarlong,
  unsignedVarintSize,
  varintEnd,
  varintSize,
  varlongSize,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from '../../src/base/varint.ts';

interface Kind {
  readonly name: string;
  readonly read: (bytes: Uint8Array, at: number, end: number) => number;
  readonly write: (target: Uint8Array, at: number, value: number) => number;
  readonly size: (value: number) => number;
  /** The raw number that is cut into groups of seven bits. */
  readonly raw: (value: number) => bigint;
  readonly table: readonly number[];
  readonly any: fc.Arbitrary<number>;
}

const around = (n: number) => [n - 1, n, n + 1];
const SMALL = [
  0,
  1,
  -1,
  2,
  -2,
  63,
  64,
  -64,
  -65,
  8191,
  8192,
  -8192,
  -8193,
  2 ** 20,
  -(2 ** 20) - 1,
  2 ** 27,
  -(2 ** 27),
];
const zigzag = (value: number) => (value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value));

const KINDS: readonly Kind[] = [
  {
    name: 'unsigned varint',
    read: readUnsignedVarint,
    write: writeUnsignedVarint,
    size: unsignedVarintSize,
    raw: BigInt,
    table: [
      0,
      1,
      ...around(127),
      ...around(2 ** 14),
      ...around(2 ** 21),
      ...around(2 ** 28),
      ...around(2 ** 31),
      2 ** 32 - 1,
    ],
    any: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  },
  {
    name: 'varint',
    read: readVarint,
    write: writeVarint,
    size: varintSize,
    raw: zigzag,
    table: [...SMALL, 2 ** 31 - 1, 2 ** 31 - 2, -(2 ** 31), -(2 ** 31) + 1, 2 ** 30, -(2 ** 30), -(2 ** 30) - 1],
    any: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  },
  {
    name: 'varlong',
    read: readVarlong,
    write: writeVarlong,
    size: varlongSize,
    raw: zigzag,
    table: [
      ...SMALL,
      ...around(2 ** 30),
      ...around(-(2 ** 30)),
      ...around(2 ** 31),
      ...around(-(2 ** 31)),
      ...around(2 ** 32),
      ...around(2 ** 48),
      1_700_000_000_000,
      -1_700_000_000_000,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
    ],
    any: fc.maxSafeInteger(),
  },
];

/** The obvious form. */
function groups(raw: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = raw; ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}

describe.each(KINDS)('$name', ({ read, write, size, raw, table, any }) => {
  const check = (value: number) => {
    const target = new Uint8Array(20).fill(0xee);
    const end = write(target, 3, value);
    const expected = groups(raw(value));
    expect([...target.subarray(3, end)]).toEqual(expected);
    expect(target[end]).toBe(0xee);
    expect(size(value)).toBe(expected.length);
    expect(read(target, 3, target.length)).toBe(value);
    expect(varintEnd).toBe(end);
    for (let cut = 3; cut < end; cut++) {
      read(target, 3, cut);
      expect(varintEnd).toBe(-1);
    }
  };

  it.each(table)('writes and reads %d, and refuses every cut of it', check);

  it('agrees with the obvious form on any value', () => {
    fc.assert(fc.property(any, check));
  });

  it('accepts an overlong zero and refuses an endless one', () => {
    expect(read(Uint8Array.of(0x80, 0x80, 0x00), 0, 3)).toBe(0);
    expect(varintEnd).toBe(3);
    read(new Uint8Array(20).fill(0x80), 0, 20);
    expect(varintEnd).toBe(-1);
  });
});

describe('limits of width', () => {
  it('refuses 33 bits', () => {
    readUnsignedVarint(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f), 0, 5);
    expect(varintEnd).toBe(-1);
  });

  it.each([2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)])(
    'refuses the varlong %d, no safe integer',
    (value) => {
      const bytes = Uint8Array.from(groups(value < 0n ? -2n * value - 1n : 2n * value));
      readVarlong(bytes, 0, bytes.length);
      expect(varintEnd).toBe(-1);
    },
  );
});
