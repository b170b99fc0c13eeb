/** The clusters that are simulated, and the properties of their nodes: short times and small files, so that much happens. */
import { randomUuid } from '../../src/base/uuid.ts';
import type { Seeded } from '../support/sim/seeded.ts';
import type { SimNetwork } from '../support/sim/sim-network.ts';
import { SimNode } from '../support/sim/sim-node.ts';

export type Shape = 'one' | 'combined' | 'oneController' | 'separate' | 'dynamic';

interface Member {
  readonly id: number;
  readonly roles: 'broker,controller' | 'broker' | 'controller';
  /** In a dynamic quorum: no voter from the start on. */
  readonly joins?: boolean;
}

const MEMBERS: Readonly<Record<Shape, readonly Member[]>> = {
  one: [{ id: 1, roles: 'broker,controller' }],
  combined: [1, 2, 3].map((id) => ({ id, roles: 'broker,controller' })),
  oneController: [{ id: 100, roles: 'controller' }, ...[1, 2, 3, 4].map((id) => ({ id, roles: 'broker' as const }))],
  separate: [
    ...[100, 101, 102].map((id) => ({ id, roles: 'controller' as const })),
    ...[1, 2, 3].map((id) => ({ id, roles: 'broker' as const })),
  ],
  dynamic: [
    ...[1, 2, 3].map((id) => ({ id, roles: 'broker,controller' as const })),
    { id: 104, roles: 'controller', joins: true },
  ],
};

export const SHAPES = Object.keys(MEMBERS) as readonly Shape[];

export interface Cluster {
  readonly shape: Shape;
  readonly nodes: readonly SimNode[];
  readonly brokers: readonly SimNode[];
  readonly bootstrapServers: string;
  readonly replicationFactor: number;
  /** Controllers that may become voters, and cease to be; their listener is nID:9093. */
  readonly joining: readonly number[];
  /** Every record is synced before it is acknowledged: then every node may lose the rest. */
  readonly syncsEach: boolean;
  /** Else this broker alone may: min.insync.replicas - 1 of them. */
  readonly victim: SimNode | null;
}

export function buildCluster(network: SimNetwork, shape: Shape, random: Seeded): Cluster {
  const members = MEMBERS[shape];
  const flushEach = shape === 'one' ? random.chance(0.8) : random.chance(0.4);
  const common = commonProperties(random, shape);
  if (flushEach) common['log.flush.interval.messages'] = '1';
  const controllers = members.filter(({ roles }) => roles !== 'broker');
  const voters = controllers.filter(({ joins }) => joins !== true);
  const addresses = controllers.map(({ id }) => `n${id}:9093`).join(',');
  const first = voters.map(({ id }) => `${id}@n${id}:9093:${randomUuid((size) => random.bytes(size))}`).join(',');
  if (shape === 'dynamic') {
    common['controller.quorum.bootstrap.servers'] = addresses;
    common['controller.quorum.auto.join.enable'] = String(random.chance(0.5));
  } else common['controller.quorum.voters'] = voters.map(({ id }) => `${id}@n${id}:9093`).join(',');
  const directories = random.chance(0.3) ? ['/data', '/more'] : ['/data'];
  const nodes = members.map(({ id, roles, joins }) => {
    const format = shape !== 'dynamic' ? {} : joins ? { noInitialControllers: true } : { initialControllers: first };
    return new SimNode(network.host(`n${id}`), { ...common, ...ownProperties(id, roles, directories) }, format);
  });
  const brokers = nodes.filter((_, i) => members[i]?.roles !== 'controller');
  return {
    shape,
    nodes,
    brokers,
    bootstrapServers: brokers.map(({ name }) => `${name}:9092`).join(','),
    replicationFactor: shape === 'one' ? 1 : 3,
    joining: shape === 'dynamic' ? controllers.map(({ id }) => id) : [],
    syncsEach: flushEach,
    victim: shape === 'one' ? null : random.pick(brokers),
  };
}

function ownProperties(id: number, roles: Member['roles'], directories: readonly string[]): Record<string, string> {
  const listeners = [
    ...(roles === 'controller' ? [] : [`PLAINTEXT://n${id}:9092`]),
    ...(roles === 'broker' ? [] : [`CONTROLLER://n${id}:9093`]),
  ];
  return {
    'process.roles': roles,
    'node.id': String(id),
    listeners: listeners.join(','),
    // The metadata log lies in the first.
    'log.dirs': directories.join(','),
  };
}

function commonProperties(random: Seeded, shape: Shape): Record<string, string> {
  const replicas = shape === 'one' ? '1' : '3';
  return {
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'offsets.topic.num.partitions': '2',
    'offsets.topic.replication.factor': replicas,
    'min.insync.replicas': shape === 'one' ? '1' : '2',
    'replica.lag.time.max.ms': String(random.pick([2_000, 10_000, 30_000])),
    'broker.session.timeout.ms': String(random.pick([3_000, 9_000])),
    'broker.heartbeat.interval.ms': String(random.pick([500, 2_000])),
    'group.initial.rebalance.delay.ms': '0',
    'log.initial.task.delay.ms': '1000',
    'log.flush.offset.checkpoint.interval.ms': String(random.pick([500, 5_000, 60_000])),
    'replica.high.watermark.checkpoint.interval.ms': String(random.pick([500, 5_000])),
    'metadata.log.max.snapshot.interval.ms': String(random.pick([2_000, 10_000, 3_600_000])),
    'metadata.log.max.record.bytes.between.snapshots': String(random.pick([500, 5_000, 20_971_520])),
    'internal.metadata.log.segment.bytes': String(random.pick([4_096, 1_048_576])),
    'auto.create.topics.enable': 'false',
    'metadata.max.retention.ms': String(random.pick([1_000, 604_800_000])),
    'metadata.max.retention.bytes': String(random.pick([2_000, 104_857_600])),
    'leader.imbalance.check.interval.seconds': String(random.pick([2, 300])),
  };
}
