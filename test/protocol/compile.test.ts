import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../src/protocol/codec.ts';
import { array, int32, message, string } from '../../src/protocol/schema.ts';

/** A message of its own for every test, so that none has been used before. */
function freshMessage() {
  return message(
    { name: 'Fresh', kind: 'data', versions: '0', flexible: 'none' },
    { id: int32('0'), names: array('string', '0'), last: string('0') },
  );
}

const VALUE = { id: 5, names: ['a', 'b'], last: 'c' };

/** Whether the failing call went through generated code: its function's name is in the stack. */
function isGenerated(run: () => unknown, name: string): boolean {
  try {
    run();
  } catch (error) {
    return (error as Error).stack?.includes(name) ?? false;
  }
  throw new Error('the call was expected to fail');
}

describe('the two forms of a codec in use', () => {
  it('decoding begins with closures and goes on with generated code', () => {
    const fresh = freshMessage();
    const bytes = encodeMessage(fresh, 0, VALUE);
    const cut = () => decodeMessage(fresh, 0, bytes, 0, bytes.length - 1);
    expect(isGenerated(cut, 'decodeFreshV0')).toBe(false);
    for (let use = 0; use < 20; use++) expect(decodeMessage(fresh, 0, bytes)).toEqual(VALUE);
    expect(isGenerated(cut, 'decodeFreshV0')).toBe(true);
  });

  it('encoding begins with closures and goes on with generated code', () => {
    const fresh = freshMessage();
    const bad = () => encodeMessage(fresh, 0, { ...VALUE, last: null as never });
    expect(isGenerated(bad, 'encodeFreshV0')).toBe(false);
    const bytes = encodeMessage(fresh, 0, VALUE);
    for (let use = 0; use < 20; use++) expect(encodeMessage(fresh, 0, VALUE)).toEqual(bytes);
    expect(isGenerated(bad, 'encodeFreshV0')).toBe(true);
  });

  it('a large message is decoded by generated code at once, and encoded by it the next time', () => {
    const fresh = freshMessage();
    const large = { ...VALUE, names: Array<string>(5000).fill('abc') };
    const bytes = encodeMessage(fresh, 0, large);
    expect(isGenerated(() => encodeMessage(fresh, 0, { ...large, last: null as never }), 'encodeFreshV0')).toBe(true);
    expect(isGenerated(() => decodeMessage(fresh, 0, bytes, 0, bytes.length - 1), 'decodeFreshV0')).toBe(true);
    expect(decodeMessage(fresh, 0, bytes)).toEqual(large);
  });
});
