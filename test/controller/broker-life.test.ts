import { describe, expect, it } from 'vitest';
import { registerBroker, registerController, unregisterBroker } from '../../src/controller/brokers/registration.ts';
import { assignReplicasToDirs } from '../../src/controller/partitions/assign-directories.ts';
import { electUncleanLeaders } from '../../src/controller/partitions/elections.ts';
import { createTopics } from '../../src/controller/topics/create-topics.ts';
import { codeOf, directoryOf, Harness, settle } from './harness.ts';

async function createTopic(harness: Harness, name: string, assignments: number[][]): Promise<void> {
  const request = {
    topics: [
      {
        name,
        numPartitions: -1,
        replicationFactor: -1,
        assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
        configs: [],
      },
    ],
    timeoutMs: 1,
    validateOnly: false,
  };
  const [created] = await harness.controller.submit('create', (context) => createTopics(context, request));
  expect(created?.errorMessage).toBeNull();
  harness.take();
}

const partition = (harness: Harness, name = 't', id = 0) => harness.controller.image.topics.partition(name, id);

describe('a single broker, as Kafka 4.3.1 was recorded', () => {
  it('registers, is unfenced, stops in a controlled way and comes back clean', async () => {
    const harness = await Harness.started();
    const epoch = await harness.register(1);
    expect(harness.take()).toEqual([
      `RegisterBroker v4{brokerId:1, brokerEpoch:${epoch}, fenced:true, inControlledShutdown:false, logDirs:["${directoryOf(1)}"], cordonedLogDirs:null}`,
    ]);
    expect(await harness.heartbeat(1, { currentMetadataOffset: epoch - 1 })).toEqual({
      isCaughtUp: false,
      isFenced: true,
      shouldShutDown: false,
    });
    expect(await harness.heartbeat(1, { cordonedLogDirs: [] })).toMatchObject({ isCaughtUp: true, isFenced: false });
    expect(harness.take()).toEqual([
      `BrokerRegistrationChange{brokerId:1, brokerEpoch:${epoch}, fenced:-1}`,
      `BrokerRegistrationChange v3{brokerId:1, brokerEpoch:${epoch}, cordonedLogDirs:[]}`,
    ]);
    await createTopic(harness, 't', [[1]]);
    expect(await harness.heartbeat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false });
    expect(harness.take()).toEqual([
      `BrokerRegistrationChange v1{brokerId:1, brokerEpoch:${epoch}, inControlledShutdown:1}`,
      'PartitionChange v2{partitionId:0, isr:[], leader:-1, eligibleLeaderReplicas:[1], lastKnownElr:[1]}',
    ]);
    expect(await harness.heartbeat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: true, isFenced: true });
    expect(harness.take()).toEqual([`BrokerRegistrationChange{brokerId:1, brokerEpoch:${epoch}, fenced:1}`]);
    const next = await harness.register(1, { previousBrokerEpoch: epoch });
    expect(harness.take().map((text) => text.slice(0, 14))).toEqual(['RegisterBroker']);
    await harness.heartbeat(1);
    expect(harness.take()).toEqual([
      `BrokerRegistrationChange{brokerId:1, brokerEpoch:${next}, fenced:-1}`,
      'PartitionChange v2{partitionId:0, isr:[1], leader:1, eligibleLeaderReplicas:[], lastKnownElr:[]}',
    ]);
  });

  it('expires, comes back unclean and is elected through the last known leader', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    await createTopic(harness, 't', [[1]]);
    const epoch = harness.epochs.get(1);
    harness.time.advance(12_000);
    await settle();
    expect(harness.take()).toEqual([
      'PartitionChange v2{partitionId:0, isr:[], leader:-1, eligibleLeaderReplicas:[1], lastKnownElr:[1]}',
      `BrokerRegistrationChange{brokerId:1, brokerEpoch:${epoch}, fenced:1}`,
    ]);
    const next = await harness.register(1, { previousBrokerEpoch: -1 });
    expect(harness.take()[0]).toBe('PartitionChange v2{partitionId:0, eligibleLeaderReplicas:[]}');
    expect(harness.controller.image.brokers.get(1)).toMatchObject({ epoch: next, registrationOffset: next + 1 });
    await harness.heartbeat(1);
    expect(harness.take()[1]).toBe(
      'PartitionChange v2{partitionId:0, isr:[1], leader:1, leaderRecoveryState:1, lastKnownElr:[]}',
    );
  });
});

describe('a second incarnation', () => {
  it('waits for the session of the first, unless that one has gone', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    expect(await codeOf(harness.register(1))).toMatch(/^DUPLICATE_BROKER_REGISTRATION/);
    harness.time.advance(12_000);
    await settle();
    expect(await codeOf(harness.register(1))).toBe('no error');
  });

  it('of this very process replaces the first at once, and only that one', async () => {
    const incarnationId = 'JEXY6aqzQY-32P5TStzaFg';
    const harness = await Harness.started({ config: { localBroker: { id: 1, incarnationId } } });
    await harness.join(1);
    await createTopic(harness, 't', [[1]]);
    expect(await codeOf(harness.register(1))).toMatch(/^DUPLICATE_BROKER_REGISTRATION/);
    const epoch = await harness.register(1, { incarnationId });
    expect(harness.take().map((text) => text.slice(0, 90))).toEqual([
      'PartitionChange v2{partitionId:0, isr:[], leader:-1, lastKnownElr:[1]}',
      `RegisterBroker v4{brokerId:1, brokerEpoch:${epoch}, fenced:true, inControlledShutdown:false, logDir`.slice(
        0,
        90,
      ),
    ]);
    await harness.heartbeat(1);
    expect(partition(harness)).toMatchObject({ leader: 1, isr: [1], leaderRecoveryState: 1 });
  });

  it('replaces the first at once when it holds all its directories, where that is taken for a proof', async () => {
    const harness = await Harness.started({ config: { directoriesProveDeath: true } });
    await harness.join(1);
    expect(await codeOf(harness.register(1, { logDirs: ['JEXY6aqzQY-32P5TStzaFg'] }))).toMatch(/^DUPLICATE_BROKER/);
    expect(await codeOf(harness.register(1))).toBe('no error');
  });

  it('may register while the first is in controlled shutdown', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    await createTopic(harness, 't', [[1]]);
    await harness.heartbeat(1, { wantShutDown: true });
    expect(await codeOf(harness.register(1))).toBe('no error');
  });
});

describe('a registration is refused', () => {
  it.each([
    [
      'of another cluster',
      { clusterId: 'other' },
      'INCONSISTENT_CLUSTER_ID: Expected cluster ID Z2m4mKBFQvmNMZ2rQ0aQ3A, but got cluster ID other',
    ],
    ['without directories', { logDirs: [] }, 'INVALID_REGISTRATION: No directories specified in request'],
    [
      'with a reserved directory',
      { logDirs: ['AAAAAAAAAAAAAAAAAAAAAg'] },
      'INVALID_REGISTRATION: Reserved directory ID in request',
    ],
    [
      'with a directory twice',
      { logDirs: [directoryOf(2), directoryOf(2)] },
      'INVALID_REGISTRATION: Duplicate directory ID in request',
    ],
    [
      "with another broker's directory",
      { logDirs: [directoryOf(1)] },
      `INVALID_REGISTRATION: Broker 1 is already registered with directory ${directoryOf(1)}`,
    ],
    [
      'without a finalised feature',
      { features: [{ name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 30 }] },
      'UNSUPPORTED_VERSION: Unable to register because the broker does not support finalized version 1 of eligible.leader.replicas.version. The broker wants a version between 0 and 0, inclusive.',
    ],
    [
      'without metadata.version',
      { features: [] },
      "INVALID_REGISTRATION: Request features do not contain 'metadata.version'",
    ],
  ])('%s', async (_what, more, error) => {
    const harness = await Harness.started();
    await harness.join(1);
    const request = harness.registration(2, more);
    const answer = harness.controller.submit('register', (context) => registerBroker(context, request));
    const expected = error.startsWith('UNSUPPORTED') ? /^UNSUPPORTED_VERSION: Unable to register because/ : error;
    if (typeof expected === 'string') expect(await codeOf(answer)).toBe(expected);
    else expect(await codeOf(answer)).toMatch(expected);
  });
});

describe('heartbeats', () => {
  it('of a stale epoch or an unknown broker are refused', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    const epoch = harness.epochs.get(1) as number;
    expect(await codeOf(harness.heartbeat(1, { brokerEpoch: 0 }))).toBe(
      `STALE_BROKER_EPOCH: Expected broker epoch ${epoch}, but got broker epoch 0`,
    );
    expect(await codeOf(harness.heartbeat(7))).toBe('STALE_BROKER_EPOCH: No broker registration found for broker id 7');
  });

  it('keep a session alive', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    for (let i = 0; i < 10; i++) {
      harness.time.advance(2_000);
      await harness.heartbeat(1);
    }
    expect(harness.take()).toEqual([]);
  });

  it('that could not arrive because the loop was away do not count against a broker', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    harness.time.advance(2_000);
    harness.time.sleep(60_000);
    harness.time.advance(2_000);
    await settle();
    expect(harness.take()).toEqual([]);
    harness.time.advance(9_000);
    await settle();
    expect(harness.controller.image.brokers.get(1)?.fenced).toBe(true);
  });

  it('end a controlled shutdown only when all brokers that stay have seen it', async () => {
    const harness = await Harness.started();
    await harness.join(1, 2);
    await createTopic(harness, 't', [[1, 2]]);
    await harness.heartbeat(2);
    const before = harness.controller.image.offset;
    expect(await harness.heartbeat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false });
    expect(partition(harness)).toMatchObject({ leader: 2, isr: [2] });
    await harness.heartbeat(2, { currentMetadataOffset: before });
    expect(await harness.heartbeat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false });
    await harness.heartbeat(2);
    expect(await harness.heartbeat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: true });
  });

  it('take offline directories out of the registration and the ISRs', async () => {
    const harness = await Harness.started();
    const dirs = [directoryOf(1, 0), directoryOf(1, 1)];
    await harness.register(1, { logDirs: dirs });
    await harness.heartbeat(1);
    await harness.join(2);
    await createTopic(harness, 't', [[1, 2]]);
    harness.take();
    await harness.heartbeat(1, { offlineLogDirs: [dirs[1] as string] });
    expect(harness.take()).toEqual([
      `BrokerRegistrationChange v2{brokerId:1, brokerEpoch:${harness.epochs.get(1)}, logDirs:["${dirs[0]}"]}`,
    ]);
    expect(partition(harness)?.isr).toEqual([1, 2]);
  });

  it('leave replicas in directories that are gone without a leader until they are found elsewhere', async () => {
    const harness = await Harness.started();
    const dirs = [directoryOf(1, 0), directoryOf(1, 1)] as const;
    await harness.register(1, { logDirs: [...dirs] });
    await harness.heartbeat(1);
    await createTopic(harness, 't', [[1]]);
    const assign = (id: string) =>
      harness.controller.submit('assign', (context) => {
        const topicId = context.image.topics.byName('t')?.id as string;
        const directories = [{ id, topics: [{ topicId, partitions: [{ partitionIndex: 0 }] }] }];
        return assignReplicasToDirs(context, {
          brokerId: 1,
          brokerEpoch: harness.epochs.get(1) as number,
          directories,
        });
      });
    await assign(dirs[1]);
    expect(partition(harness)).toMatchObject({ leader: 1, directories: [dirs[1]] });

    // The broker comes back without the directory.
    const before = harness.epochs.get(1) as number;
    await harness.heartbeat(1, { wantShutDown: true });
    await harness.register(1, { logDirs: [dirs[0]], previousBrokerEpoch: before });
    expect(await harness.heartbeat(1)).toMatchObject({ isFenced: false });
    expect(partition(harness)).toMatchObject({ leader: -1, isr: [], elr: [1] });
    await harness.controller.submit('electUnclean', (context) => electUncleanLeaders(context));
    expect(partition(harness)?.leader).toBe(-1);

    await assign(dirs[0]);
    expect(partition(harness)).toMatchObject({ leader: 1, isr: [1], elr: [], directories: [dirs[0]] });
  });
});

describe('after a change of controllers', () => {
  it('every unfenced broker gets a fresh session', async () => {
    const harness = await Harness.started();
    await harness.join(1);
    harness.raft.follow(2, 2);
    harness.time.advance(60_000);
    harness.raft.lead(3);
    harness.time.advance(8_000);
    await settle();
    expect(harness.controller.image.brokers.get(1)?.fenced).toBe(false);
    harness.time.advance(4_000);
    await settle();
    expect(harness.controller.image.brokers.get(1)?.fenced).toBe(true);
  });
});

describe('unregistering', () => {
  it('takes the broker out of every ISR', async () => {
    const harness = await Harness.started();
    await harness.join(1, 2);
    await createTopic(harness, 't', [[1, 2]]);
    await harness.controller.submit('unregister', (context) => unregisterBroker(context, 1));
    expect(harness.take()).toEqual([
      'PartitionChange v2{partitionId:0, isr:[2], leader:2}',
      `UnregisterBroker{brokerId:1, brokerEpoch:${harness.epochs.get(1)}}`,
    ]);
    expect(await codeOf(harness.controller.submit('unregister', (context) => unregisterBroker(context, 77)))).toBe(
      'BROKER_ID_NOT_REGISTERED: Broker ID 77 is not currently registered',
    );
  });
});

describe('controllers', () => {
  it('register with a record', async () => {
    const harness = await Harness.started();
    const request = {
      controllerId: 1,
      incarnationId: harness.incarnation(),
      zkMigrationReady: false,
      listeners: [{ name: 'CONTROLLER', host: 'localhost', port: 9093, securityProtocol: 0 }],
      features: [],
    };
    await harness.controller.submit('registerController', (context) => registerController(context, request));
    expect(harness.take()).toEqual(['RegisterController{controllerId:1, zkMigrationReady:false}']);
    expect(harness.controller.image.controllers.get(1)?.endpoints[0]?.port).toBe(9093);
  });
});
