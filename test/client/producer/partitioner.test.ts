/** Keys go where the Java client sends them. */
import { describe, expect, it } from 'vitest';
import { murmur2, partitionForKey } from '../../../src/client/producer/partitioner.ts';

describe('murmur2', () => {
  // From Kafka's own UtilsTest.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ])('of %j is %d', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('reads a range of a larger buffer', () => {
    const bytes = Buffer.from('xxfoobaryy');
    expect(murmur2(bytes, 2, 8)).toBe(-790332482);
  });
});

describe('partitionForKey', () => {
  it('sends the recorded keys to the recorded partitions', () => {
    const chosen = Array.from({ length: 9 }, (_, i) => {
      const key = Buffer.from(`k${i}`);
      return partitionForKey(key, 0, key.length, 3);
    });
    // As in the transcripts of console-consumer: topic c3.
    expect(chosen).toEqual([2, 2, 0, 1, 1, 0, 1, 1, 2]);
  });
});
