/** Boundary tables: every primitive, with a length and without, flexible and not, in both forms of the codec. */
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/protocol/kafka-error.ts';
import {
  array,
  bigint64,
  bool,
  bytes,
  type Field,
  float64,
  int8,
  int16,
  int32,
  int64,
  type Message,
  message,
  of,
  records,
  string,
  struct,
  uint16,
  uint32,
  uuid,
} from '../../src/protocol/schema.ts';
import { formsOf } from './forms.ts';

/** Version 0 is not flexible, version 1 is. */
function messageOf(value: Field): Message {
  return message({ name: 'Test', kind: 'data', versions: '0-1', flexible: '1+' }, { value });
}

interface Table {
  readonly field: Field;
  /** Value and its bytes without and with flexible lengths; the flexible ones are the same where left out. */
  readonly good: readonly (readonly [value: unknown, plain: string, flexible?: string])[];
  /** Values that encoding refuses. */
  readonly bad: readonly unknown[];
  /** Bytes that decoding refuses, without and with flexible lengths (behind them a section of no tags). */
  readonly badBytes?: readonly (readonly [plain: string | null, flexible: string | null])[];
}

const INTEGER_JUNK = [0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined, true, {}, []];
const ascii = (length: number) => 'a'.repeat(length);
const hexOf = (text: string) => Buffer.from(text).toString('hex');

const TABLES: Record<string, Table> = {
  bool: {
    field: bool('0+'),
    good: [
      [false, '00'],
      [true, '01'],
    ],
    bad: [0, 1, 'true', null, undefined],
  },
  int8: {
    field: int8('0+'),
    good: [
      [0, '00'],
      [1, '01'],
      [-1, 'ff'],
      [127, '7f'],
      [-128, '80'],
    ],
    bad: [128, -129, 256, 2 ** 32, ...INTEGER_JUNK],
  },
  int16: {
    field: int16('0+'),
    good: [
      [0, '0000'],
      [1, '0001'],
      [-1, 'ffff'],
      [255, '00ff'],
      [256, '0100'],
      [32767, '7fff'],
      [-32768, '8000'],
    ],
    bad: [32768, -32769, 65536, 2 ** 32, ...INTEGER_JUNK],
  },
  uint16: {
    field: uint16('0+'),
    good: [
      [0, '0000'],
      [1, '0001'],
      [32768, '8000'],
      [65535, 'ffff'],
    ],
    bad: [-1, 65536, 2 ** 32, ...INTEGER_JUNK],
  },
  int32: {
    field: int32('0+'),
    good: [
      [0, '00000000'],
      [1, '00000001'],
      [-1, 'ffffffff'],
      [2147483647, '7fffffff'],
      [-2147483648, '80000000'],
    ],
    bad: [2147483648, -2147483649, 2 ** 32, 2 ** 53, ...INTEGER_JUNK],
  },
  uint32: {
    field: uint32('0+'),
    good: [
      [0, '00000000'],
      [2147483647, '7fffffff'],
      [2147483648, '80000000'],
      [2147483649, '80000001'],
      [4294967295, 'ffffffff'],
    ],
    bad: [-1, 4294967296, ...INTEGER_JUNK],
  },
  int64: {
    field: int64('0+'),
    good: [
      [0, '0000000000000000'],
      [1, '0000000000000001'],
      [-1, 'ffffffffffffffff'],
      [2147483647, '000000007fffffff'],
      [2147483648, '0000000080000000'],
      [2147483649, '0000000080000001'],
      [-2147483647, 'ffffffff80000001'],
      [-2147483648, 'ffffffff80000000'],
      [-2147483649, 'ffffffff7fffffff'],
      [4294967295, '00000000ffffffff'],
      [4294967296, '0000000100000000'],
      [4294967297, '0000000100000001'],
      [-4294967295, 'ffffffff00000001'],
      [-4294967296, 'ffffffff00000000'],
      [-4294967297, 'fffffffeffffffff'],
      [Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
      [Number.MIN_SAFE_INTEGER, 'ffe0000000000001'],
    ],
    bad: [2 ** 53, -(2 ** 53), 2 ** 63, ...INTEGER_JUNK],
    badBytes: [
      '0020000000000000',
      '0020000000000001',
      'ffe0000000000000',
      'ffdfffffffffffff',
      '7fffffffffffffff',
      '8000000000000000',
    ].map((hex) => [hex, hex]),
  },
  bigint64: {
    field: bigint64('0+'),
    good: [
      [0n, '0000000000000000'],
      [1n, '0000000000000001'],
      [-1n, 'ffffffffffffffff'],
      [2n ** 31n, '0000000080000000'],
      [2n ** 53n - 1n, '001fffffffffffff'],
      [2n ** 53n, '0020000000000000'],
      [2n ** 53n + 1n, '0020000000000001'],
      [2n ** 63n - 1n, '7fffffffffffffff'],
      [-(2n ** 63n), '8000000000000000'],
    ],
    bad: [2n ** 63n, -(2n ** 63n) - 1n, 1, '1', null, undefined],
  },
  float64: {
    field: float64('0+'),
    good: [
      [0, '0000000000000000'],
      [-0, '8000000000000000'],
      [1, '3ff0000000000000'],
      [-1.5, 'bff8000000000000'],
      [Number.MAX_VALUE, '7fefffffffffffff'],
      [Number.MIN_VALUE, '0000000000000001'],
      [Number.POSITIVE_INFINITY, '7ff0000000000000'],
      [Number.NaN, '7ff8000000000000'],
    ],
    bad: ['1', 1n, null, undefined],
  },
  uuid: {
    field: uuid('0+'),
    good: [
      ['AAAAAAAAAAAAAAAAAAAAAA', '00'.repeat(16)],
      ['AAAAAAAAAAAAAAAAAAAAAQ', `${'00'.repeat(15)}01`],
      ['_____________________w', 'ff'.repeat(16)],
    ],
    bad: [
      '',
      'AAAAAAAAAAAAAAAAAAAAA',
      'AAAAAAAAAAAAAAAAAAAAAAA',
      'AAAAAAAAAAAAAAAAAAAAA!',
      '_____________________x',
      null,
      1,
    ],
  },
  string: {
    field: string('0+'),
    good: [
      ['', '0000', '01'],
      ['a', '000161', '0261'],
      ['é', '0002c3a9', '03c3a9'],
      ['€', '0003e282ac', '04e282ac'],
      ['😀', '0004f09f9880', '05f09f9880'],
      ['\0', '000100', '0200'],
      ['\uFEFFa', '0004efbbbf61', '05efbbbf61'],
      ...[14, 15, 16, 17, 31, 32, 33, 125, 126].map(
        (n) =>
          [
            ascii(n),
            `00${n.toString(16).padStart(2, '0')}${hexOf(ascii(n))}`,
            `${(n + 1).toString(16).padStart(2, '0')}${hexOf(ascii(n))}`,
          ] as const,
      ),
      [ascii(127), `007f${hexOf(ascii(127))}`, `8001${hexOf(ascii(127))}`],
      [ascii(128), `0080${hexOf(ascii(128))}`, `8101${hexOf(ascii(128))}`],
      ['é'.repeat(64), `0080${hexOf('é'.repeat(64))}`, `8101${hexOf('é'.repeat(64))}`],
      [ascii(32767), `7fff${hexOf(ascii(32767))}`, `808002${hexOf(ascii(32767))}`],
    ],
    bad: [ascii(32768), 'é'.repeat(16384), null, undefined, 1, Buffer.from('a')],
    badBytes: [
      ['ffff', '00'],
      ['8000', '808080801000'],
      ['0002 61', '0361'],
      ['7fff61', 'ffffffff0f61'],
      [null, `818002${hexOf(ascii(32768))}`],
    ],
  },
  'nullable string': {
    field: string('0+', { nullable: '0+' }),
    good: [
      [null, 'ffff', '00'],
      ['', '0000', '01'],
      ['a', '000161', '0261'],
    ],
    bad: [undefined, 1],
  },
  bytes: {
    field: bytes('0+'),
    good: [
      [Buffer.alloc(0), '00000000', '01'],
      [Buffer.from([0, 255]), '0000000200ff', '0300ff'],
      [Buffer.alloc(126, 7), `0000007e${'07'.repeat(126)}`, `7f${'07'.repeat(126)}`],
      [Buffer.alloc(127, 7), `0000007f${'07'.repeat(127)}`, `8001${'07'.repeat(127)}`],
      [Buffer.alloc(16383, 7), `00003fff${'07'.repeat(16383)}`, `808001${'07'.repeat(16383)}`],
    ],
    bad: [null, undefined, 'a', [1], { sizeInBytes: 0 }],
    badBytes: [
      ['ffffffff', '00'],
      ['80000000', '8080808010'],
      ['7fffffff00', 'ffffffff0f00'],
      ['00000002ff', '03ff'],
    ],
  },
  'nullable bytes': {
    field: bytes('0+', { nullable: '0+' }),
    good: [
      [null, 'ffffffff', '00'],
      [Buffer.from([1]), '0000000101', '0201'],
    ],
    bad: [undefined, 'a'],
  },
  'nullable records': {
    field: records('0+', { nullable: '0+' }),
    good: [
      [null, 'ffffffff', '00'],
      [Buffer.alloc(0), '00000000', '01'],
      [Buffer.alloc(300, 9), `0000012c${'09'.repeat(300)}`, `ad02${'09'.repeat(300)}`],
    ],
    bad: [undefined, 'a', 7, {}, { sizeInBytes: -1 }, { sizeInBytes: 2 ** 31 }, { sizeInBytes: 1.5 }],
  },
  'array of int32': {
    field: array('int32', '0+'),
    good: [
      [[], '00000000', '01'],
      [[1, -1], '0000000200000001ffffffff', '0300000001ffffffff'],
      [Array(127).fill(0), `0000007f${'00'.repeat(508)}`, `8001${'00'.repeat(508)}`],
    ],
    bad: [null, undefined, [1.5], [null], 'ab', { length: 0 }],
    badBytes: [
      ['ffffffff', '00'],
      ['7fffffff00000001', 'ffffffff0f00000001'],
      ['0000000200000001', '0300000001'],
    ],
  },
  'nullable array of strings': {
    field: array('string', '0+', { nullable: '0+' }),
    good: [
      [null, 'ffffffff', '00'],
      [['', 'a'], '000000020000000161', '03010261'],
    ],
    bad: [[null], [undefined], undefined],
    badBytes: [['00000001ffff', '0200']],
  },
  struct: {
    field: of(struct('Inner', { a: int8('0+'), b: string('0+') }), '0+'),
    good: [[{ a: 1, b: 'x' }, '01000178', '01027800']],
    bad: [null, undefined, 1, {}, { a: 1 }, { a: 1, b: null }],
  },
  'nullable struct': {
    field: of(struct('Inner', { a: int8('0+') }), '0+', { nullable: '0+' }),
    good: [
      [null, 'ff'],
      [{ a: 5 }, '0105', '010500'],
    ],
    bad: [undefined, 1, {}],
    badBytes: [['', '']],
  },
};

const TABLE_ROWS = Object.entries(TABLES).flatMap(([name, table]) =>
  ([0, 1] as const).flatMap((version) =>
    formsOf(messageOf(table.field), version).map((form) => [name, version, form.name, table, form] as const),
  ),
);

describe.each(TABLE_ROWS)('%s at version %i, %s', (_name, version, _form, table, form) => {
  const tail = version === 1 ? '00' : '';
  const rows = table.good.map(
    ([value, plain, flexible]) => [value, (version === 1 ? (flexible ?? plain) : plain) + tail] as const,
  );

  it('writes the bytes that the table gives', () => {
    for (const [value, hex] of rows) expect(form.encode({ value }).toString('hex')).toBe(hex);
  });

  it('reads them back', () => {
    for (const [value, hex] of rows) expect(form.decode(Buffer.from(hex, 'hex'))).toEqual({ value });
  });

  it('refuses them cut at any byte, and with a byte more', () => {
    for (const [, hex] of rows) {
      const bytes = Buffer.from(hex, 'hex');
      const cuts = bytes.length < 1000 ? [...bytes.keys()] : [0, 1, 2, 3, 4, bytes.length - 1];
      for (const cut of cuts) expect(() => form.decode(bytes.subarray(0, cut))).toThrow(ProtocolError);
      expect(() => form.decode(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(ProtocolError);
    }
  });

  it('refuses to write what is not of its type', () => {
    for (const value of table.bad) expect(() => form.encode({ value }), String(value)).toThrow(ProtocolError);
  });

  it('refuses bytes that no value has', () => {
    for (const pair of table.badBytes ?? []) {
      const hex = pair[version];
      if (hex === null) continue;
      expect(() => form.decode(Buffer.from(hex.replaceAll(' ', '') + tail, 'hex')), hex).toThrow(ProtocolError);
    }
  });
});

describe('what Kafka reads leniently', () => {
  it.each(formsOf(messageOf(bool('0+')), 0).map((form) => [form.name, form] as const))(
    'any byte but zero is true (%s)',
    (_name, form) => {
      for (const hex of ['01', '02', '7f', '80', 'ff'])
        expect(form.decode(Buffer.from(hex, 'hex'))).toEqual({ value: true });
    },
  );

  it.each(formsOf(messageOf(string('0+')), 0).map((form) => [form.name, form] as const))(
    'bytes that are not UTF-8 become U+FFFD (%s)',
    (_name, form) => {
      expect(form.decode(Buffer.from('0003ff61c3', 'hex'))).toEqual({ value: '\uFFFDa\uFFFD' });
      expect(form.decode(Buffer.from(`0014${'61'.repeat(19)}ff`, 'hex'))).toEqual({ value: `${ascii(19)}\uFFFD` });
    },
  );

  it.each(formsOf(messageOf(string('0+', { nullable: '0+' })), 0).map((form) => [form.name, form] as const))(
    'any negative length is null where null is allowed (%s)',
    (_name, form) => {
      expect(form.decode(Buffer.from('8000', 'hex'))).toEqual({ value: null });
    },
  );

  it.each(
    formsOf(messageOf(of(struct('Inner', { a: int8('0+') }), '0+', { nullable: '0+' })), 0).map(
      (form) => [form.name, form] as const,
    ),
  )('any marker from zero up is a struct, any negative one is null (%s)', (_name, form) => {
    expect(form.decode(Buffer.from('0005', 'hex'))).toEqual({ value: { a: 5 } });
    expect(form.decode(Buffer.from('7f05', 'hex'))).toEqual({ value: { a: 5 } });
    expect(form.decode(Buffer.from('80', 'hex'))).toEqual({ value: null });
  });
});
