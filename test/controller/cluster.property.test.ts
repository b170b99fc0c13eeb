/**
 * Five brokers that come, go, forget, shrink and grow ISRs, are reassigned and unregistered, in any order: partitions
 * stay sound, epochs only rise, a clean election never takes a leader who may lack a record, and once all are back every
 * partition that can have a leader has one.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { registerBroker, unregisterBroker } from '../../src/controller/brokers/registration.ts';
import { incrementalAlterConfigs } from '../../src/controller/configs/alter-configs.ts';
import type { Operation } from '../../src/controller/operation.ts';
import { alterPartition } from '../../src/controller/partitions/alter-partition.ts';
import { assignReplicasToDirs } from '../../src/controller/partitions/assign-directories.ts';
import { electLeaders, electPreferredLeaders, electUncleanLeaders } from '../../src/controller/partitions/elections.ts';
import { alterPartitionReassignments } from '../../src/controller/partitions/reassignments.ts';
import { createTopics } from '../../src/controller/topics/create-topics.ts';
import { isActive, type MetadataImage, type PartitionImage, RECOVERING } from '../../src/metadata/image.ts';
import { directoryOf, Harness, settle } from './harness.ts';

const BROKERS = [1, 2, 3, 4, 5];
/** The replicas of one partition each. */
const TOPICS = [[1, 2, 3], [2, 3], [4], [5, 1]];

const KINDS = [
  'heartbeat',
  'heartbeat',
  'heartbeat',
  'fence',
  'shutDown',
  'restartClean',
  'restartUnclean',
  'isr',
  'isr',
  'isr',
  'wholeIsr',
  'reassign',
  'cancel',
  'electPreferred',
  'balance',
  'minIsr',
  'unregister',
  'loseDirectory',
  'assignDirectory',
] as const;
/** What may lose records, and says so. */
const UNCLEAN_KINDS = ['electUnclean', 'uncleanByConfig', 'electUncleanPeriodic'] as const;

type Kind = (typeof KINDS)[number] | (typeof UNCLEAN_KINDS)[number];

interface Step {
  readonly kind: Kind;
  readonly broker: number;
  readonly topic: number;
  readonly brokers: readonly number[];
}

const stepOf = (kinds: readonly Kind[]): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    broker: fc.constantFrom(...BROKERS),
    topic: fc.integer({ min: 0, max: TOPICS.length - 1 }),
    brokers: fc.uniqueArray(fc.constantFrom(...BROKERS), { minLength: 1, maxLength: 4 }),
  });

const nameOf = (topic: number): string => `t${topic}`;
const partitionsOf = (image: MetadataImage): PartitionImage[] =>
  TOPICS.map((_, topic) => image.topics.partition(nameOf(topic), 0) as PartitionImage);

const dirsOf = (id: number): string[] => [directoryOf(id), directoryOf(id, 1)];

function submit<T>(harness: Harness, operation: Operation<T>): Promise<T> {
  return harness.controller.submit('step', operation);
}

/** A leader in good faith: it proposes who is active, with the epochs that are right. */
function proposeIsr(harness: Harness, { topic, brokers, kind }: Step): Promise<unknown> {
  const { image } = harness.controller;
  const partition = partitionsOf(image)[topic] as PartitionImage;
  const wanted = kind === 'wholeIsr' ? partition.replicas : brokers;
  const members = partition.replicas.filter(
    (id) => id === partition.leader || (wanted.includes(id) && isActive(image, id)),
  );
  const isr = partition.leaderRecoveryState === RECOVERING ? [partition.leader] : members;
  return submit(harness, (context) =>
    alterPartition(
      context,
      {
        brokerId: partition.leader,
        brokerEpoch: harness.epochs.get(partition.leader) ?? -1,
        topics: [
          {
            topicId: image.topics.byName(nameOf(topic))?.id as string,
            partitions: [
              {
                partitionIndex: 0,
                leaderEpoch: partition.leaderEpoch,
                newIsr: [],
                newIsrWithEpochs: isr.map((brokerId) => ({
                  brokerId,
                  brokerEpoch: harness.epochs.get(brokerId) ?? -1,
                })),
                leaderRecoveryState: 0,
                partitionEpoch: partition.partitionEpoch,
              },
            ],
          },
        ],
      },
      3,
    ),
  );
}

/** Who has begun to shut down goes through with it. */
async function heartbeat(harness: Harness, id: number, fields: Parameters<Harness['heartbeat']>[1]): Promise<void> {
  const broker = harness.controller.image.brokers.get(id);
  if (broker?.inControlledShutdown !== true) await harness.heartbeat(id, fields);
  else if (!broker.fenced) await harness.heartbeat(id, { ...fields, wantShutDown: true });
}

async function restart(harness: Harness, id: number, clean: boolean): Promise<void> {
  const previousBrokerEpoch = clean ? (harness.epochs.get(id) ?? -1) : -1;
  harness.time.advance(20_000);
  const request = harness.registration(id, { previousBrokerEpoch, logDirs: dirsOf(id) });
  const { brokerEpoch } = await submit(harness, (context) => registerBroker(context, request));
  harness.epochs.set(id, brokerEpoch);
}

function reassign(harness: Harness, topic: number, replicas: number[] | null): Promise<unknown> {
  const topics = [{ name: nameOf(topic), partitions: [{ partitionIndex: 0, replicas }] }];
  return submit(harness, (context) =>
    alterPartitionReassignments(context, { timeoutMs: 1, allowReplicationFactorChange: true, topics }),
  );
}

function setConfig(harness: Harness, topic: number, name: string, value: string | null): Promise<unknown> {
  const configs = [{ name, configOperation: value === null ? 1 : 0, value }];
  const resources = [{ resourceType: 2, resourceName: nameOf(topic), configs }];
  return submit(harness, (context) => incrementalAlterConfigs(context, { resources, validateOnly: false }));
}

function elect(harness: Harness, electionType: number): Promise<unknown> {
  return submit(harness, (context) => electLeaders(context, { electionType, topicPartitions: null, timeoutMs: 1 }));
}

function run(harness: Harness, step: Step): Promise<unknown> {
  const { kind, broker, topic } = step;
  switch (kind) {
    case 'heartbeat':
      return heartbeat(harness, broker, {});
    case 'fence':
      return heartbeat(harness, broker, { wantFence: true });
    case 'shutDown':
      return heartbeat(harness, broker, { wantShutDown: true });
    case 'restartClean':
    case 'restartUnclean':
      return restart(harness, broker, kind === 'restartClean');
    case 'isr':
    case 'wholeIsr':
      return proposeIsr(harness, step);
    case 'reassign':
      return reassign(harness, topic, [...step.brokers]);
    case 'cancel':
      return reassign(harness, topic, null);
    case 'electPreferred':
      return elect(harness, 0);
    case 'electUnclean':
      return elect(harness, 1);
    case 'electUncleanPeriodic':
      return submit(harness, electUncleanLeaders);
    case 'balance':
      return submit(harness, electPreferredLeaders);
    case 'minIsr':
      return setConfig(harness, topic, 'min.insync.replicas', String(step.brokers.length));
    case 'uncleanByConfig':
      return setConfig(harness, topic, 'unclean.leader.election.enable', broker > 2 ? 'true' : null);
    case 'unregister':
      return submit(harness, (context) => unregisterBroker(context, broker));
    case 'loseDirectory':
      return heartbeat(harness, broker, { offlineLogDirs: [directoryOf(broker, topic % 2)] });
    case 'assignDirectory':
      return submit(harness, (context) =>
        assignReplicasToDirs(context, {
          brokerId: broker,
          brokerEpoch: harness.epochs.get(broker) ?? -1,
          directories: [
            {
              id: directoryOf(broker, step.brokers.length % 2),
              topics: [
                {
                  topicId: context.image.topics.byName(nameOf(topic))?.id as string,
                  partitions: [{ partitionIndex: 0 }],
                },
              ],
            },
          ],
        }),
      );
  }
}

function checkSound(image: MetadataImage, where: string, isStrict: boolean): void {
  for (const p of partitionsOf(image)) {
    const what = `${where}: ${JSON.stringify(p)}`;
    expect(new Set(p.replicas).size, what).toBe(p.replicas.length);
    expect(p.directories.length, what).toBe(p.replicas.length);
    expect(new Set([...p.isr, ...p.elr]).size, what).toBe(p.isr.length + p.elr.length);
    expect(
      [...p.isr, ...p.elr].every((id) => p.replicas.includes(id)),
      what,
    ).toBe(true);
    expect(p.leader === -1 || p.isr.includes(p.leader), what).toBe(true);
    expect(p.leader === -1 || isActive(image, p.leader), what).toBe(true);
    expect(
      p.adding.every((id) => p.replicas.includes(id)),
      what,
    ).toBe(true);
    expect(
      p.removing.every((id) => p.replicas.includes(id)),
      what,
    ).toBe(true);
    // Without eligible replicas the last one stays; where records may be lost, a replica is put there that is away.
    const mayBeAway = p.leader === -1 && p.isr.length === 1 && !isStrict;
    const areHere = p.isr.every((id) => image.brokers.get(id)?.fenced === false);
    expect(areHere || mayBeAway, what).toBe(true);
  }
}

function checkSteps(before: MetadataImage, after: MetadataImage, kind: Kind): void {
  for (const [index, was] of partitionsOf(before).entries()) {
    const is = partitionsOf(after)[index] as PartitionImage;
    const what = `${kind}: ${JSON.stringify(was)} -> ${JSON.stringify(is)}`;
    if (is !== was) expect(is.partitionEpoch, what).toBeGreaterThan(was.partitionEpoch);
    expect(is.leaderEpoch, what).toBeGreaterThanOrEqual(was.leaderEpoch);
    if (is.leader === was.leader) continue;
    expect(is.leaderEpoch, what).toBeGreaterThan(was.leaderEpoch);
    if (is.leader === -1 || is.leaderRecoveryState === RECOVERING) continue;
    // What came into the ISR in the same step was proposed by the leader of before.
    const mayLead = [...was.isr, ...was.elr, ...(was.leader === -1 ? [] : is.isr)];
    expect(mayLead, what).toContain(is.leader);
  }
}

async function heal(harness: Harness): Promise<void> {
  for (const id of BROKERS) {
    await restart(harness, id, true);
    await harness.heartbeat(id);
  }
  for (const id of BROKERS) await harness.heartbeat(id, { wantFence: true });
  for (const id of BROKERS) await harness.heartbeat(id);
}

function checkHealed(image: MetadataImage): void {
  for (const p of partitionsOf(image)) {
    if (p.leader !== -1) continue;
    const safe = p.isr.length > 0 ? p.isr : p.elr;
    const what = JSON.stringify(p);
    expect(safe, what).toEqual([]);
    // Its last leader was taken from it, or is no replica any more: only an unclean election can help.
    expect(p.lastKnownElr.length !== 1 || !p.replicas.includes(p.lastKnownElr[0] as number), what).toBe(true);
  }
}

async function start(elr: number): Promise<Harness> {
  const harness = await Harness.started({ levels: { 'eligible.leader.replicas.version': elr } });
  for (const id of BROKERS) {
    await harness.register(id, { logDirs: dirsOf(id) });
    await harness.heartbeat(id);
  }
  for (const [index, brokerIds] of TOPICS.entries()) {
    const assignments = [{ partitionIndex: 0, brokerIds }];
    const topic = { name: nameOf(index), numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
    await submit(harness, (context) => createTopics(context, { topics: [topic], timeoutMs: 1, validateOnly: false }));
  }
  return harness;
}

it('keeps partitions sound and loses no leader that could be kept', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepOf(KINDS), { minLength: 20, maxLength: 80 }), async (steps) => {
      const harness = await start(1);
      for (const step of steps) {
        const before = harness.controller.image;
        await run(harness, step).catch(() => {});
        await settle();
        checkSteps(before, harness.controller.image, step.kind);
        checkSound(harness.controller.image, step.kind, true);
      }
      expect(harness.raft.resigned).toBe(0);
      await heal(harness);
      checkSound(harness.controller.image, 'heal', true);
      checkHealed(harness.controller.image);
    }),
    { numRuns: 120 },
  );
});

it('keeps partitions sound where unclean elections are allowed, with and without eligible replicas', async () => {
  const anySteps = fc.array(stepOf([...KINDS, ...UNCLEAN_KINDS]), { minLength: 20, maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(0, 1), anySteps, async (elr, steps) => {
      const harness = await start(elr);
      for (const step of steps) {
        const before = harness.controller.image;
        await run(harness, step).catch(() => {});
        await settle();
        checkSteps(before, harness.controller.image, step.kind);
        checkSound(harness.controller.image, step.kind, false);
      }
      expect(harness.raft.resigned).toBe(0);
    }),
    { numRuns: 120 },
  );
});
