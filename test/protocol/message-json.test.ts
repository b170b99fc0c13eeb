/** Decoded messages as Kafka's tools print them. */
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../src/protocol/codec.ts';
import { messageJson } from '../../src/protocol/message-json.ts';
import { offsetCommitValue } from '../../src/protocol/records/group.ts';
import {
  array,
  bigint64,
  bool,
  bytes,
  type Encodable,
  float64,
  int64,
  message,
  string,
  struct,
  uuid,
} from '../../src/protocol/schema.ts';

const inner = struct('Inner', { name: string('0+'), later: int64('1+', { default: 7 }) });
const example = message(
  { name: 'Example', kind: 'data', versions: '0-1', flexible: '1+' },
  {
    text: string('0+', { nullable: '0+' }),
    flag: bool('0+'),
    large: bigint64('0+'),
    real: float64('0+'),
    data: bytes('0+'),
    id: uuid('0+'),
    inners: array(inner, '0+', { nullable: '0+' }),
    numbers: array('int64', '1+', { tagged: '1+', tag: 0, default: [] }),
    tagged: int64('1+', { tagged: '1+', tag: 1, default: -1 }),
  },
);

function printed(version: number, value: Encodable<typeof example>): string {
  return messageJson(example, version, decodeMessage(example, version, encodeMessage(example, version, value)));
}

const plain = {
  text: null,
  flag: true,
  large: 2n ** 63n - 1n,
  real: 3,
  data: Buffer.from([0, 255]),
  id: 'AAAAAAAAAAAAAAAAAAAAAQ',
  inners: [{ name: 'a"\u001f\n值', later: 7 }],
};

describe('a message as JSON', () => {
  it('has the fields of its version', () => {
    expect(printed(0, plain)).toBe(
      '{"text":null,"flag":true,"large":9223372036854775807,"real":3.0,"data":"AP8=","id":"AAAAAAAAAAAAAAAAAAAAAQ",' +
        '"inners":[{"name":"a\\"\\u001F\\n值"}]}',
    );
  });

  it('has tagged fields only where they say something', () => {
    const rest = { ...plain, inners: null };
    expect(printed(1, rest)).toMatch(/"inners":null}$/);
    expect(printed(1, { ...rest, numbers: [1, 2], tagged: 0 })).toMatch(/"inners":null,"numbers":\[1,2],"tagged":0}$/);
  });

  it.each([
    [0, '{"offset":5,"metadata":"m","commitTimestamp":9}'],
    [1, '{"offset":5,"metadata":"m","commitTimestamp":9,"expireTimestamp":-1}'],
    [3, '{"offset":5,"leaderEpoch":-1,"metadata":"m","commitTimestamp":9}'],
    [4, '{"offset":5,"leaderEpoch":-1,"metadata":"m","commitTimestamp":9}'],
  ])('of a committed offset, version %i', (version, expected) => {
    const value = { offset: 5, metadata: 'm', commitTimestamp: 9 };
    const decoded = decodeMessage(offsetCommitValue, version, encodeMessage(offsetCommitValue, version, value));
    expect(messageJson(offsetCommitValue, version, decoded)).toBe(expected);
  });
});
