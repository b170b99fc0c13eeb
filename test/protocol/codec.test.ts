import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage, decodePrefix, encodeMessage, printSource } from '../../src/protocol/codec.ts';
import { ProtocolError } from '../../src/protocol/kafka-error.ts';
import { fetchRequest, fetchResponse } from '../../src/protocol/messages/fetch.ts';
import { metadataRequest } from '../../src/protocol/messages/metadata.ts';
import { registerBrokerRecord } from '../../src/protocol/records/metadata.ts';
import {
  array,
  bytes,
  int8,
  int32,
  message,
  of,
  records,
  STRUCT_DEFAULT,
  string,
  struct,
} from '../../src/protocol/schema.ts';
import { messageArbitrary } from './arbitrary.ts';
import { FACTS, type MessageFact, versionsOf } from './facts.ts';
import { formsOf } from './forms.ts';
import { referenceEncode } from './reference-codec.ts';
import { schemaOf } from './schemas.ts';

/** One of each kind of field; version 0 is not flexible, `late` comes with version 1, `gone` ends with it. */
const sample = message(
  { name: 'Sample', kind: 'request', versions: '0-2', flexible: '1+' },
  {
    id: int32('0+'),
    late: int32('1+', { default: -1 }),
    ignored: string('2+', { default: 'x', ignorable: true }),
    gone: array('int32', '0-1', { nullable: '0-1', default: null }),
    place: of(struct('Place', { x: int32('0+', { default: 7 }), y: int32('0+', { default: 8 }) }), '0+', {
      default: STRUCT_DEFAULT,
    }),
    first: of(struct('First', { a: int8('1+', { default: 0 }), b: string('1+', { default: '' }) }), '1+', {
      tagged: '1+',
      tag: 0,
      default: STRUCT_DEFAULT,
    }),
    second: string('1+', { tagged: '1+', tag: 1, nullable: '1+', default: null }),
    third: array('int32', '1+', { tagged: '1+', tag: 300, default: [] }),
  },
);

const DEFAULTS = {
  late: -1,
  ignored: 'x',
  gone: null,
  place: { x: 7, y: 8 },
  first: { a: 0, b: '' },
  second: null,
  third: [],
};

describe.each(formsOf(sample, 0).map((_, i) => [['generated', 'closures'][i] as string, i as 0 | 1] as const))(
  'fields and versions, %s',
  (_name, index) => {
    const form = (version: number) => formsOf(sample, version)[index];

    it('fields that a version lacks are decoded as their defaults', () => {
      expect(form(0).decode(Buffer.from('00000005ffffffff0000000100000002', 'hex'))).toEqual({
        ...DEFAULTS,
        id: 5,
        place: { x: 1, y: 2 },
      });
    });

    it('fields left out take their defaults', () => {
      expect(form(0).encode({ id: 5 }).toString('hex')).toBe('00000005ffffffff0000000700000008');
      expect(
        form(0)
          .encode({ id: 5, place: { y: 1 } })
          .toString('hex'),
      ).toBe('00000005ffffffff0000000700000001');
      expect(form(2).encode({ id: 5 }).toString('hex')).toBe('00000005ffffffff027800000007000000080000');
    });

    it('a field without a default must be given', () => {
      expect(() => form(0).encode({})).toThrow(ProtocolError);
    });

    it('a value other than the default is refused by a version that lacks the field', () => {
      expect(() => form(0).encode({ id: 5, late: 0 })).toThrow(ProtocolError);
      expect(() => form(2).encode({ id: 5, gone: [] })).toThrow(ProtocolError);
      expect(() => form(0).encode({ id: 5, first: { a: 1 } })).toThrow(ProtocolError);
      expect(() => form(0).encode({ id: 5, second: '' })).toThrow(ProtocolError);
      expect(() => form(0).encode({ id: 5, third: [1] })).toThrow(ProtocolError);
    });

    it('the default itself is not refused', () => {
      const given = { id: 5, late: -1, first: { a: 0 }, second: null, third: [] };
      expect(form(0).encode(given)).toEqual(form(0).encode({ id: 5 }));
    });

    it('ignorable fields are dropped', () => {
      expect(form(1).encode({ id: 5, ignored: 'y' })).toEqual(form(1).encode({ id: 5 }));
    });

    it('null is refused where the version does not allow it', () => {
      expect(() => form(0).encode({ id: 5, place: null })).toThrow(ProtocolError);
      expect(() => form(2).encode({ id: 5, ignored: null })).toThrow(ProtocolError);
    });

    it('tagged fields are written in ascending order, and only where they differ from their defaults', () => {
      const head = '00000005ffffffff000000000700000008' + '00'; // id, late, gone, place, no tags of place
      expect(form(1).encode({ id: 5, second: null, first: {}, third: [] }).toString('hex')).toBe(`${head}00`);
      expect(
        form(1)
          .encode({ id: 5, third: [9], second: '', first: { a: 1 } })
          .toString('hex'),
      ).toBe([head, '03', '0003010100', '010101', 'ac02050200000009'].join(''));
    });

    it('a tagged field that fills the scratch moves into a larger one', () => {
      const value = { ...DEFAULTS, id: 5, third: Array(60).fill(1) };
      const bytes = form(1).encode(value);
      for (let size = bytes.length - 8; size < bytes.length + 8; size++)
        expect(form(1).encode(value, size)).toEqual(bytes);
    });

    it('a tagged field longer than 127 bytes has a longer size', () => {
      const value = { id: 5, second: 'a'.repeat(200), third: Array(5000).fill(1) };
      expect(form(1).decode(form(1).encode(value))).toEqual({ ...DEFAULTS, ...value });
    });

    it('unknown tags of a request are skipped, and tags in any order are read', () => {
      const bytes = Buffer.from(
        '00000005ffffffff00000000070000000800' + '03' + '010101' + 'e807020102' + '0003010100',
        'hex',
      );
      expect(form(1).decode(bytes)).toEqual({ ...DEFAULTS, id: 5, second: '', first: { a: 1, b: '' } });
    });

    it.each([
      ['a size beyond the content', '01' + '0004010100'],
      ['a size within the content', '01' + '0002010100'],
      ['a size larger than the content', '01' + '0004010100ff'],
      ['a tag of more than 32 bits', '01' + 'ffffffff1f00'],
      ['more tags than there are', '02' + '0003010100'],
      ['a size beyond the bytes', '01' + '00ff0f010100'],
      ['an unknown tag beyond the bytes', '01' + 'e807ffffffff0f00'],
      ['a count that never ends', 'ffffffffff'],
      ['four billion tags', 'ffffffff0f'],
    ])('%s is refused', (_what, tags) => {
      expect(() => form(1).decode(Buffer.from(`00000005ffffffff00000000070000000800${tags}`, 'hex'))).toThrow(
        ProtocolError,
      );
    });
  },
);

describe('stored structs', () => {
  const record = {
    brokerId: 1,
    incarnationId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    brokerEpoch: 5,
    endPoints: [
      { name: 'P', host: 'h', port: 1, securityProtocol: 0, unknownTags: [{ tag: 7, data: Buffer.from([1, 2]) }] },
    ],
    features: [],
    rack: null,
  };

  it('keep tagged fields that are not known, on every level', () => {
    const value = { ...record, unknownTags: [{ tag: 9, data: Buffer.alloc(300, 1) }] };
    const decoded = decodeMessage(registerBrokerRecord, 3, encodeMessage(registerBrokerRecord, 3, value));
    expect(decoded.unknownTags).toEqual(value.unknownTags);
    expect(decoded.endPoints[0]?.unknownTags).toEqual(record.endPoints[0]?.unknownTags);
    expect(decoded.features).toEqual([]);
  });

  it('write them back in order with the known ones, byte for byte', () => {
    const value = {
      ...record,
      logDirs: ['AAAAAAAAAAAAAAAAAAAAAQ'],
      unknownTags: [
        { tag: 12, data: Buffer.from([3]) },
        { tag: 5, data: Buffer.alloc(0) },
      ],
    };
    const bytes = encodeMessage(registerBrokerRecord, 3, value);
    const decoded = decodeMessage(registerBrokerRecord, 3, bytes);
    expect(decoded.unknownTags?.map((tag) => tag.tag)).toEqual([5, 12]);
    expect(encodeMessage(registerBrokerRecord, 3, decoded)).toEqual(bytes);
  });

  it('have no member for them when there are none', () => {
    const { endPoints, ...rest } = record;
    const decoded = decodeMessage(
      registerBrokerRecord,
      0,
      encodeMessage(registerBrokerRecord, 0, { ...rest, endPoints: [] }),
    );
    expect(Object.keys(decoded)).not.toContain('unknownTags');
  });
});

describe('the face of the codec', () => {
  const request = { topics: [{ name: 'a' }, { name: 'b' }] };

  it('decodes a range of a larger buffer', () => {
    const bytes = encodeMessage(metadataRequest, 12, request);
    const within = Buffer.concat([Buffer.alloc(5, 0xee), bytes, Buffer.alloc(5, 0xee)]);
    const whole = decodeMessage(metadataRequest, 12, bytes);
    expect(decodeMessage(metadataRequest, 12, within, 5, 5 + bytes.length)).toEqual(whole);
    expect(decodeMessage(metadataRequest, 12, new Uint8Array(bytes))).toEqual(whole);
    expect(decodePrefix(metadataRequest, 12, within, 5)).toEqual({ value: whole, end: 5 + bytes.length });
    expect(() => decodeMessage(metadataRequest, 12, within, 5)).toThrow(ProtocolError);
    expect(() => decodeMessage(metadataRequest, 12, within, 5, 4 + bytes.length)).toThrow(ProtocolError);
  });

  it('never reads beyond the end it was given', () => {
    const bytes = encodeMessage(metadataRequest, 12, request);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => decodePrefix(metadataRequest, 12, bytes, 0, end)).toThrow(ProtocolError);
    }
  });

  it('refuses ranges that are not in the bytes', () => {
    const bytes = Buffer.alloc(10);
    for (const [start, end] of [
      [-1, 5],
      [5, 4],
      [0, 11],
      [11, 11],
      [Number.NaN, 5],
    ] as const) {
      expect(() => decodeMessage(metadataRequest, 12, bytes, start, end)).toThrow(RangeError);
    }
  });

  it('refuses versions that the message does not have', () => {
    for (const version of [-1, 14, 1.5, Number.NaN]) {
      expect(() => decodeMessage(metadataRequest, version, Buffer.alloc(4))).toThrow(ProtocolError);
      expect(() => encodeMessage(metadataRequest, version, request)).toThrow(ProtocolError);
    }
  });

  it('names the field that is wrong', () => {
    const value = { throttleTimeMs: 0, responses: [{ topic: 'a', partitions: [{ partitionIndex: 2 ** 40 }] }] };
    expect(() => encodeMessage(fetchResponse, 12, value as never)).toThrow(
      /FetchResponse.responses.partitions.partitionIndex must be an int32/,
    );
    expect(() => decodeMessage(fetchRequest, 4, Buffer.from('ffff', 'hex'))).toThrow(
      /FetchRequest.replicaId: .* too early/,
    );
  });

  it('is usable again after a message was refused half way', () => {
    const good = encodeMessage(metadataRequest, 12, request);
    expect(() => encodeMessage(metadataRequest, 12, { topics: [{ name: 'x' }, { name: 5 as never }] })).toThrow(
      ProtocolError,
    );
    expect(encodeMessage(metadataRequest, 12, request)).toEqual(good);
  });

  it('gives frames that later messages do not touch', () => {
    const first = encodeMessage(metadataRequest, 12, request);
    const copy = Buffer.from(first);
    encodeMessage(metadataRequest, 12, { topics: [{ name: 'zzzzzzzz' }] });
    expect(first).toEqual(copy);
  });

  it('grows its scratch for large messages and goes back to small ones', () => {
    const topics = Array.from({ length: 100_000 }, (_, i) => ({ name: `topic-${i}-with-a-longer-name-than-most` }));
    const bytes = encodeMessage(metadataRequest, 12, { topics });
    expect(decodeMessage(metadataRequest, 12, bytes).topics).toHaveLength(100_000);
    expect(decodeMessage(metadataRequest, 12, encodeMessage(metadataRequest, 12, request)).topics).toHaveLength(2);
  });

  it('prints the source of both directions', () => {
    expect(printSource(metadataRequest, 12, 'decode')).toContain('function decodeMetadataRequestV12(');
    expect(printSource(metadataRequest, 12, 'encode')).toContain('function encodeMetadataRequestV12(');
  });

  it('works where code generation is forbidden', () => {
    const script = `
      import { decodeMessage, encodeMessage } from ${JSON.stringify(new URL('../../src/protocol/codec.ts', import.meta.url).href)};
      import { metadataRequest } from ${JSON.stringify(new URL('../../src/protocol/messages/metadata.ts', import.meta.url).href)};
      const bytes = encodeMessage(metadataRequest, 12, ${JSON.stringify(request)});
      console.log(bytes.toString('hex') + ' ' + decodeMessage(metadataRequest, 12, bytes).topics.length);`;
    const printed = execFileSync(
      process.execPath,
      ['--disallow-code-generation-from-strings', '--no-warnings', '--input-type=module', '--eval', script],
      { encoding: 'utf8' },
    );
    expect(printed.trim()).toBe(`${encodeMessage(metadataRequest, 12, request).toString('hex')} 2`);
  });
});

describe('hostile lengths', () => {
  it('a count is refused before anything of its size is made', () => {
    const count = Buffer.from('7fffffff', 'hex');
    for (const form of formsOf(metadataRequest, 4)) {
      expect(() => form.decode(Buffer.concat([count, Buffer.alloc(100)]))).toThrow(/length 2147483647 is beyond/);
    }
  });

  it('the bytes left are divided by the least size of an element', () => {
    // Each topic of Metadata 4 takes at least two bytes: a hundred bytes hold fifty.
    const bytes = Buffer.alloc(104);
    bytes.writeInt32BE(51, 0);
    expect(() => decodeMessage(metadataRequest, 4, bytes)).toThrow(/length 51 is beyond/);
  });
});

describe('absent fields', () => {
  it('of records are null where they may be, as in Kafka', () => {
    const late = message(
      { name: 'Late', kind: 'request', versions: '0-1', flexible: 'none' },
      { nullable: records('1+', { nullable: '1+' }), plain: records('1+'), blob: bytes('1+', { nullable: '1+' }) },
    );
    for (const form of formsOf(late, 0)) {
      const absent = { nullable: null, plain: Buffer.alloc(0), blob: Buffer.alloc(0) };
      expect(form.decode(Buffer.alloc(0))).toEqual(absent);
      expect(form.encode(absent)).toEqual(Buffer.alloc(0));
    }
  });
});

describe('every message at every version', () => {
  const samples = (fact: MessageFact) =>
    versionsOf(fact).map((version) => {
      const [value] = fc.sample(messageArbitrary(fact, version), { numRuns: 1, seed: 7 });
      const bytes = referenceEncode(fact, version, value as Record<string, unknown>);
      return { value, bytes, forms: formsOf(schemaOf(fact.name), version) };
    });

  it.each(FACTS.map((fact) => [fact.name, fact] as const))('%s is refused when cut at any byte', (_name, fact) => {
    for (const { bytes, forms } of samples(fact)) {
      const step = Math.max(1, Math.floor(bytes.length / 80));
      for (const form of forms) {
        for (let end = 0; end < bytes.length; end += step) {
          expect(() => form.decode(bytes, end)).toThrow(ProtocolError);
          expect(() => form.decode(bytes.subarray(0, end))).toThrow(ProtocolError);
        }
      }
    }
  });

  it.each(FACTS.map((fact) => [fact.name, fact] as const))(
    '%s is whole however small the scratch is',
    (_name, fact) => {
      for (const { value, bytes, forms } of samples(fact)) {
        const step = Math.max(1, Math.floor(bytes.length / 60));
        for (const form of forms) {
          for (let size = 0; size < bytes.length + 8; size += step) {
            if (!form.encode(value, size).equals(bytes)) expect([form.name, size]).toEqual('whole');
          }
        }
      }
    },
  );
});
