/** The order of Java's sets, as Kafka's tools were seen to print them. */
import { describe, expect, it } from 'vitest';
import { inSetOrder, numbersInSetOrder, partitionsInSetOrder } from '../../src/console/java-order.ts';

describe("a HashSet's order", () => {
  it('of partitions', () => {
    const two = [0, 1].map((partition) => ({ topic: 'r3', partition }));
    expect(partitionsInSetOrder(two).map(({ partition }) => partition)).toEqual([1, 0]);
  });

  it('of numbers is theirs until they are beyond its buckets', () => {
    expect(numbersInSetOrder([3, 1, 2])).toEqual([1, 2, 3]);
    expect(numbersInSetOrder([17, 16, 2])).toEqual([16, 17, 2]);
    const many = Array.from({ length: 13 }, (_, i) => 16 + i);
    expect(numbersInSetOrder([...many, 1])).toEqual([1, ...many]);
  });

  it('of names keeps that of those that fall together', () => {
    expect(inSetOrder(['Aa', 'BB'], (name) => name)).toEqual(['Aa', 'BB']);
    expect(inSetOrder(['BB', 'Aa'], (name) => name)).toEqual(['BB', 'Aa']);
  });
});
