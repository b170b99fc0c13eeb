import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeReplicas } from '../../src/controller/topics/placement.ts';
import { metadataRecord } from '../../src/metadata/records.ts';
import { nodeRandom } from '../../src/runtime/node-time.ts';
import { imageOf } from '../metadata/support.ts';
import { directoryOf } from './harness.ts';

describe('placement', () => {
  interface Away {
    readonly fenced?: readonly number[];
    readonly leaving?: readonly number[];
    /** All of their directories. */
    readonly cordoned?: readonly number[];
  }

  const brokers = (racks: (string | null)[], { fenced = [], leaving = [], cordoned = [] }: Away = {}) =>
    imageOf(
      racks.map((rack, index) =>
        metadataRecord('registerBroker', 4, {
          brokerId: index + 1,
          incarnationId: directoryOf(index),
          brokerEpoch: 1,
          endPoints: [],
          features: [],
          rack,
          fenced: fenced.includes(index + 1),
          inControlledShutdown: leaving.includes(index + 1),
          logDirs: [directoryOf(index), directoryOf(index, 1)],
          cordonedLogDirs: cordoned.includes(index + 1)
            ? [directoryOf(index, 1), directoryOf(index)]
            : [directoryOf(index)],
        }),
      ),
    );

  it('spreads leaders and replicas evenly over brokers', () => {
    const placed = placeReplicas(brokers([null, null, null]), nodeRandom, { partitions: 300, replicationFactor: 2 });
    for (const id of [1, 2, 3]) {
      expect(placed.filter((replicas) => replicas[0] === id).length).toBe(100);
      expect(placed.filter((replicas) => replicas.includes(id)).length).toBe(200);
    }
  });

  it('puts no two replicas into one rack while another has none', () => {
    const image = brokers(['a', 'a', 'b', 'b', 'c']);
    const rackOf = (id: number) => image.brokers.get(id)?.rack;
    for (const replicas of placeReplicas(image, nodeRandom, { partitions: 50, replicationFactor: 3 })) {
      expect(new Set(replicas.map(rackOf)).size).toBe(3);
      expect(new Set(replicas).size).toBe(3);
    }
  });

  it('never begins with a fenced broker', () => {
    const placed = placeReplicas(brokers([null, null, null], { fenced: [2] }), nodeRandom, {
      partitions: 50,
      replicationFactor: 3,
    });
    expect(placed.every((replicas) => replicas[0] !== 2 && replicas.includes(2))).toBe(true);
  });

  it('takes those who are fenced last within their rack', () => {
    const image = brokers(['a', 'a', 'b', 'b'], { fenced: [1, 3] });
    for (const replicas of placeReplicas(image, nodeRandom, { partitions: 40, replicationFactor: 2 })) {
      expect([...replicas].sort()).toEqual([2, 4]);
    }
  });

  it('passes over brokers on their way out, and those whose directories are all cordoned', () => {
    const image = brokers([null, null, null, null], { leaving: [2], cordoned: [3] });
    for (const replicas of placeReplicas(image, nodeRandom, { partitions: 40, replicationFactor: 2 })) {
      expect([...replicas].sort()).toEqual([1, 4]);
    }
    expect(() => placeReplicas(image, nodeRandom, { partitions: 1, replicationFactor: 3 })).toThrow(
      'The target replication factor of 3 cannot be reached because only 2 broker(s) are registered or some brokers have all their log directories cordoned.',
    );
  });

  it('finds as many brokers as are asked for, whatever the racks and whoever is fenced', () => {
    const rack = fc.constantFrom('a', 'b', 'c', null);
    const broker = fc.record({ rack, isFenced: fc.boolean() });
    fc.assert(
      fc.property(fc.array(broker, { minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 9 }), (all, asked) => {
        fc.pre(all.some(({ isFenced }) => !isFenced));
        const fenced = all.flatMap(({ isFenced }, index) => (isFenced ? [index + 1] : []));
        const image = brokers(
          all.map((one) => one.rack),
          { fenced },
        );
        const replicationFactor = Math.min(asked, all.length);
        for (const replicas of placeReplicas(image, nodeRandom, { partitions: 25, replicationFactor })) {
          expect(new Set(replicas).size).toBe(replicationFactor);
          expect(fenced).not.toContain(replicas[0]);
        }
      }),
    );
  });
});
