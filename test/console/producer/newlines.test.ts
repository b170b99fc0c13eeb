import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Newlines } from '../../../src/console/producer/newlines.ts';

/** Bytes around the newline, and those that arithmetic on words might take for one. */
const byte = fc.constantFrom(0, 9, 10, 11, 13, 0x8a, 0xff, 97);

describe('newlines', () => {
  it('are found where a native search finds them, wherever the search begins', () => {
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 70 }), fc.nat(3), (bytes, words) => {
        const memory = Buffer.alloc(words * 4 + bytes.length + 1, 10);
        memory.set(bytes, words * 4);
        const buffer = memory.subarray(words * 4);
        const newlines = new Newlines(buffer);
        for (let start = 0; start < buffer.length; start++)
          expect(newlines.next(start)).toBe(buffer.indexOf(10, start));
      }),
    );
  });
});
