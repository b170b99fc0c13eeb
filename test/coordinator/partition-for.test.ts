import { describe, expect, it } from 'vitest';
import { javaAddress, javaHashCode, partitionFor } from '../../src/coordinator/partition-for.ts';

describe('the partition of a group', () => {
  it.each([
    ['', 0],
    ['a', 97],
    ['hello', 99162322],
    ['polygenelubricants', -2147483648],
    ['é𝄞', 6_965_006],
  ])('hashes %j as Java does', (text, hash) => {
    if (text === 'é𝄞') expect(javaHashCode(text)).toBe((233 * 31 * 31 + 0xd834 * 31 + 0xdd1e) | 0);
    else expect(javaHashCode(text)).toBe(hash);
  });

  it.each([
    ['fix', 47],
    ['fixstatic', 27],
    ['simple', 26],
    ['two', 26],
    ['newproto', 18],
    ['polygenelubricants', 0],
    ['', 0],
  ])('of %j is where Kafka put it', (groupId, partition) => {
    expect(partitionFor(groupId, 50)).toBe(partition);
  });
});

describe('an address', () => {
  it.each([
    ['127.0.0.1', '/127.0.0.1'],
    ['::ffff:10.0.0.7', '/10.0.0.7'],
    ['::1', '/0:0:0:0:0:0:0:1'],
    ['::', '/0:0:0:0:0:0:0:0'],
    ['fe80::00aB:1%eth0', '/fe80:0:0:0:0:0:ab:1'],
    ['2001:db8:0:1:2:3:4:5', '/2001:db8:0:1:2:3:4:5'],
  ])('%s is printed as Java prints it', (address, printed) => {
    expect(javaAddress(address)).toBe(printed);
  });
});
