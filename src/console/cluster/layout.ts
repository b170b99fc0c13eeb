/**
 * How a cluster of several nodes on this machine is laid out: DIR/node-N holds server.properties, data and logs of node
 * N, and nothing else is remembered. Whoever wants to know what there is reads the properties.
 */
import { join } from 'node:path';
import { EXIT, KtsError } from '../../base/kts-error.ts';
import { parseProperties } from '../../config/properties.ts';
import type { Files } from '../../runtime/runtime.ts';

export type NodeRoles = 'both' | 'broker' | 'controller';

export interface LocalNode {
  readonly id: number;
  readonly roles: NodeRoles;
  readonly home: string;
  /** Its server.properties. */
  readonly file: string;
  readonly data: string;
  /** HOST:PORT of each; undefined where it has no such role. */
  readonly brokerAddress: string | undefined;
  readonly controllerAddress: string | undefined;
}

/** Loopback only: a cluster to try things with is nobody else's. */
const HOST = '127.0.0.1';
const ROLES: Readonly<Record<NodeRoles, string>> = {
  both: 'broker,controller',
  broker: 'broker',
  controller: 'controller',
};

export function hasBroker(roles: NodeRoles): boolean {
  return roles !== 'controller';
}

export function hasController(roles: NodeRoles): boolean {
  return roles !== 'broker';
}

/** Ids count from 1 in the order of the roles. `ports` gives one for each listener. */
export function planNodes(directory: string, roles: readonly NodeRoles[], ports: () => number): LocalNode[] {
  return roles.map((role, at) => {
    const home = join(directory, `node-${at + 1}`);
    return {
      id: at + 1,
      roles: role,
      home,
      file: join(home, 'server.properties'),
      data: join(home, 'data'),
      brokerAddress: hasBroker(role) ? `${HOST}:${ports()}` : undefined,
      controllerAddress: hasController(role) ? `${HOST}:${ports()}` : undefined,
    };
  });
}

/** The brokers' ports one behind the other from `first`, the controllers' behind them. */
export function consecutivePorts(roles: readonly NodeRoles[], first: number): number[] {
  let broker = first;
  let controller = first + roles.filter(hasBroker).length;
  return roles.flatMap((role) => [
    ...(hasBroker(role) ? [broker++] : []),
    ...(hasController(role) ? [controller++] : []),
  ]);
}

/** What every node says of itself; `overrides` win. */
export function propertiesOf(
  node: LocalNode,
  all: readonly LocalNode[],
  overrides: ReadonlyMap<string, string>,
): Map<string, string> {
  const brokers = all.filter(({ roles }) => hasBroker(roles)).length;
  const replicas = String(Math.min(3, brokers));
  const listeners = [
    ...(node.brokerAddress === undefined ? [] : [`PLAINTEXT://${node.brokerAddress}`]),
    ...(node.controllerAddress === undefined ? [] : [`CONTROLLER://${node.controllerAddress}`]),
  ];
  const controllers = all.flatMap(({ controllerAddress }) => controllerAddress ?? []);
  return new Map([
    ['process.roles', ROLES[node.roles]],
    ['node.id', String(node.id)],
    ['listeners', listeners.join(',')],
    ['controller.listener.names', 'CONTROLLER'],
    ['listener.security.protocol.map', 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT'],
    ['controller.quorum.bootstrap.servers', controllers.join(',')],
    ['log.dirs', node.data],
    ['default.replication.factor', replicas],
    ['offsets.topic.replication.factor', replicas],
    ['transaction.state.log.replication.factor', replicas],
    ['transaction.state.log.min.isr', String(Math.min(2, brokers))],
    ['share.coordinator.state.topic.replication.factor', replicas],
    ['share.coordinator.state.topic.min.isr', String(Math.min(2, brokers))],
    // On one machine a topic of Kafka's fifty partitions three times over is mostly files.
    ['offsets.topic.num.partitions', '10'],
    ['group.initial.rebalance.delay.ms', '0'],
    ...overrides,
  ]);
}

/** `--initial-controllers` of each node's format. */
export function initialControllers(nodes: readonly LocalNode[], directoryIds: ReadonlyMap<number, string>): string {
  return nodes
    .flatMap(({ id, controllerAddress }) =>
      controllerAddress === undefined ? [] : [`${id}@${controllerAddress}:${directoryIds.get(id)}`],
    )
    .join(',');
}

function addressIn(listeners: string, isMeant: (name: string) => boolean): string | undefined {
  for (const listener of listeners.split(',')) {
    const [name = '', address] = listener.trim().split('://');
    if (address !== undefined && isMeant(name.toUpperCase())) return address;
  }
  return undefined;
}

function readNode(files: Files, directory: string, name: string): LocalNode | undefined {
  const home = join(directory, name);
  const file = join(home, 'server.properties');
  if (!/^node-\d+$/.test(name) || files.statSync(file) === null) return undefined;
  const properties = parseProperties(files.readFileSync(file));
  const words = (properties.get('process.roles') ?? '').split(',').map((word) => word.trim());
  const isBroker = words.includes('broker');
  const listeners = properties.get('listeners') ?? '';
  const controllers = (properties.get('controller.listener.names') ?? '').toUpperCase().split(',');
  return {
    id: Number(properties.get('node.id')),
    roles: isBroker && words.includes('controller') ? 'both' : isBroker ? 'broker' : 'controller',
    home,
    file,
    data: properties.get('log.dirs') ?? join(home, 'data'),
    brokerAddress: addressIn(listeners, (listener) => !controllers.includes(listener)),
    controllerAddress: addressIn(listeners, (listener) => controllers.includes(listener)),
  };
}

/** What lies in the directory; none where there is no cluster. */
export function readNodes(files: Files, directory: string): LocalNode[] {
  if (files.statSync(directory)?.isDirectory !== true) return [];
  const nodes = files.listSync(directory).flatMap((name) => readNode(files, directory, name) ?? []);
  return nodes.sort((a, b) => a.id - b.id);
}

/** Those with these ids; all when none are named. */
export function chosenNodes(nodes: readonly LocalNode[], ids: readonly number[]): readonly LocalNode[] {
  const unknown = ids.find((id) => nodes.every((node) => node.id !== id));
  if (unknown !== undefined) {
    throw new KtsError(`there is no node ${unknown}`, {
      hint: `there are ${nodes.map(({ id }) => id).join(', ')}`,
      exitCode: EXIT.notFound,
    });
  }
  return ids.length === 0 ? nodes : nodes.filter(({ id }) => ids.includes(id));
}
