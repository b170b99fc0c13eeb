/**
 * Whatever operations come, fail, are committed or lost: the controller's committed state is the replay of the committed
 * records, its state is the replay of all of them, and both have sound partitions.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { incrementalAlterConfigs } from '../../src/controller/configs/alter-configs.ts';
import { createPartitions, deleteTopics } from '../../src/controller/topics/change-topics.ts';
import { createTopics } from '../../src/controller/topics/create-topics.ts';
import type { MetadataImage } from '../../src/metadata/image.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { imageOf, plain } from '../metadata/support.ts';
import { Harness, settle } from './harness.ts';

type Step =
  | {
      readonly kind:
        | 'register'
        | 'heartbeat'
        | 'wantFence'
        | 'shutDown'
        | 'createTopic'
        | 'deleteTopic'
        | 'grow'
        | 'config';
      readonly n: number;
    }
  | { readonly kind: 'commit' | 'failover' | 'pass'; readonly n: number };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    'register' as const,
    'heartbeat' as const,
    'heartbeat' as const,
    'wantFence' as const,
    'shutDown' as const,
    'createTopic' as const,
    'createTopic' as const,
    'deleteTopic' as const,
    'grow' as const,
    'config' as const,
    'commit' as const,
    'commit' as const,
    'failover' as const,
    'pass' as const,
  ),
  n: fc.integer({ min: 1, max: 3 }),
});

/** Runs one step and forgets its answer. */
function run(harness: Harness, { kind, n }: Step): Promise<unknown> | undefined {
  const { controller } = harness;
  const name = `t${n}`;
  switch (kind) {
    case 'register':
      return harness.register(n, { previousBrokerEpoch: n === 1 ? (harness.epochs.get(n) ?? -1) : -1 });
    case 'heartbeat':
      return harness.heartbeat(n);
    case 'wantFence':
      return harness.heartbeat(n, { wantFence: true });
    case 'shutDown':
      return harness.heartbeat(n, { wantShutDown: true });
    case 'createTopic': {
      const topic = { name, numPartitions: n, replicationFactor: n, assignments: [], configs: [] };
      return controller.submit(kind, (context) =>
        createTopics(context, { topics: [topic], timeoutMs: 1, validateOnly: false }),
      );
    }
    case 'deleteTopic':
      return controller.submit(kind, (context) =>
        deleteTopics(context, [context.image.topics.byName(name)?.id ?? name]),
      );
    case 'grow': {
      const count = (controller.image.topics.byName(name)?.partitions.length ?? 0) + 1;
      return controller.submit(kind, (context) =>
        createPartitions(context, { topics: [{ name, count, assignments: null }], timeoutMs: 1, validateOnly: false }),
      );
    }
    case 'config': {
      const configs = [{ name: 'min.insync.replicas', configOperation: 0, value: String(n) }];
      return controller.submit(kind, (context) =>
        incrementalAlterConfigs(context, {
          resources: [{ resourceType: n === 1 ? 4 : 2, resourceName: n === 1 ? '' : name, configs }],
          validateOnly: false,
        }),
      );
    }
    default:
      return undefined;
  }
}

function checkPartitions(image: MetadataImage): void {
  for (const topic of image.topics.values()) {
    for (const p of topic.partitions) {
      const where = `${topic.name}-${p.partitionId}`;
      expect(
        p.isr.every((id) => p.replicas.includes(id)),
        where,
      ).toBe(true);
      expect(
        p.elr.some((id) => p.isr.includes(id)),
        where,
      ).toBe(false);
      expect(p.leader === -1 || p.isr.includes(p.leader), where).toBe(true);
      expect(p.directories.length, where).toBe(p.replicas.length);
      // Who is fenced neither leads nor is in sync.
      for (const id of [...p.isr, ...(p.leader === -1 ? [] : [p.leader])]) {
        expect(image.brokers.get(id)?.fenced, where).toBe(false);
      }
    }
  }
}

it('holds under any sequence of operations, commits and failovers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 120 }), async (steps) => {
      const harness = await Harness.started();
      await harness.join(1, 2);
      const bootstrap = imageOf([], harness.controller.committedImage);
      harness.raft.autoCommit = false;
      let committed: MetadataRecord[] = [];
      const all = () => [...committed, ...harness.raft.log.flat()];
      for (const one of steps) {
        run(harness, one)?.catch(() => {});
        if (one.kind === 'commit') {
          committed = all();
          harness.raft.log.length = 0;
          harness.raft.commit();
        } else if (one.kind === 'failover') {
          harness.raft.log.length = 0;
          harness.raft.follow(2, harness.raft.epoch + 1);
          harness.raft.lose();
          harness.raft.lead(harness.raft.epoch + 1);
        } else if (one.kind === 'pass') {
          harness.time.advance(one.n * 4_000);
        }
        await settle();
        checkPartitions(harness.controller.image);
      }
      expect(harness.raft.resigned).toBe(0);
      expect(plain(harness.controller.image)).toEqual(plain(imageOf(all(), bootstrap)));
      expect(plain(harness.controller.committedImage)).toEqual(plain(imageOf(committed, bootstrap)));
    }),
    { numRuns: 300 },
  );
});
