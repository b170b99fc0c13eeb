import { describe, expect, it } from 'vitest';
import { ReplicaGroup } from './replica-group.ts';

const SEEDS = 50;
const STEPS = 600;

describe.each([1, 2])('three replicas with min.insync.replicas=%i', (minInsyncReplicas) => {
  it('keep what they acknowledged, in whatever order things happen', async () => {
    let acked = 0;
    let elections = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const group = new ReplicaGroup({ seed: seed * 7919, minInsyncReplicas, maxLagMs: 30_000 });
      try {
        for (let i = 0; i < STEPS; i++) group.step();
        group.heal();
        expect([...group.isr].sort()).toEqual([1, 2, 3]);
        expect(new Set(group.ends()).size).toBe(1);
        expect(new Set([...group.highWatermarks(), ...group.ends()]).size).toBe(1);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      } finally {
        acked += group.acked.length;
        elections += group.elections;
        await group.close();
      }
    }
    expect(acked).toBeGreaterThan(SEEDS * 5);
    expect(elections).toBeGreaterThan(SEEDS * 2);
  });
});
