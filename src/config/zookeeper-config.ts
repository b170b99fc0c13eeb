/**
 * A broker's properties from ZooKeeper's time as those of a node that is its own controller. Keys that only ZooKeeper
 * or its protocol had are left out; whatever else stands in the file is kept, and means what it always meant.
 */
import { ZOOKEEPER_KEYS } from './config-report.ts';
import type { Properties } from './config-values.ts';

export interface ConvertedConfig {
  readonly properties: Map<string, string>;
  /** What was done, in one line. */
  readonly note: string;
}

/** The first id that ZooKeeper's brokers gave themselves. */
const FIRST_GENERATED_ID = 1001;
const DEFAULT_PORT = '9092';

/** Of a cluster of one; their defaults want three brokers. */
const ALONE: readonly (readonly [string, string])[] = [
  ['offsets.topic.replication.factor', '1'],
  ['transaction.state.log.replication.factor', '1'],
  ['transaction.state.log.min.isr', '1'],
  ['share.coordinator.state.topic.replication.factor', '1'],
  ['share.coordinator.state.topic.min.isr', '1'],
];

/** How brokers named their one listener before there were several. */
const OLD_LISTENER_KEYS = ['host.name', 'port', 'advertised.host.name', 'advertised.port'] as const;

export function isZookeeperConfig(properties: Properties): boolean {
  return properties.has('zookeeper.connect') && !properties.has('process.roles');
}

/** The key that names the node; undefined when the broker was to find an id itself. */
function idKey(properties: Properties): string | undefined {
  return ['node.id', 'broker.id'].find((key) => properties.has(key) && !isGenerated(properties.get(key)));
}

function isGenerated(id: string | undefined): boolean {
  return id === undefined || /^\s*(?:-1)?\s*$/.test(id);
}

function addListeners(converted: Map<string, string>): void {
  const [host = '', port = DEFAULT_PORT, advertisedHost, advertisedPort] = OLD_LISTENER_KEYS.map((key) => {
    const text = converted.get(key)?.trim();
    converted.delete(key);
    return text === '' ? undefined : text;
  });
  if (!converted.has('listeners')) converted.set('listeners', `PLAINTEXT://${host}:${port}`);
  if ((advertisedHost ?? advertisedPort) === undefined || converted.has('advertised.listeners')) return;
  converted.set('advertised.listeners', `PLAINTEXT://${advertisedHost ?? host}:${advertisedPort ?? port}`);
}

/** A name that no listener of the file has. */
function addController(converted: Map<string, string>, id: string): void {
  const listeners = converted.get('listeners') as string;
  const names = new Set(listeners.split(',').map((text) => text.split('://')[0]?.trim().toUpperCase()));
  const name = names.has('CONTROLLER') ? 'KRAFT_CONTROLLER' : 'CONTROLLER';
  converted.set('listeners', `${listeners},${name}://127.0.0.1:0`);
  converted.set('controller.listener.names', name);
  converted.set('controller.quorum.voters', `${id}@127.0.0.1:0`);
  converted.delete('controller.quorum.bootstrap.servers');
  const map = converted.get('listener.security.protocol.map');
  if (map !== undefined) converted.set('listener.security.protocol.map', `${map},${name}:PLAINTEXT`);
}

/** `storedId`: the id in the node's directory, from an earlier start. */
export function fromZookeeperConfig(properties: Properties, storedId: number | null): ConvertedConfig {
  const converted = new Map([...properties].filter(([key]) => !ZOOKEEPER_KEYS.test(key)));
  const key = idKey(properties);
  const id = key === undefined ? String(storedId ?? FIRST_GENERATED_ID) : (properties.get(key) as string).trim();
  // Two different ones are still refused, later.
  if (isGenerated(converted.get('broker.id'))) converted.delete('broker.id');
  converted.set('node.id', id);
  converted.set('process.roles', 'broker,controller');
  addListeners(converted);
  addController(converted, id);
  for (const [name, value] of ALONE) if (!converted.has(name)) converted.set(name, value);
  const origin = key === undefined ? '' : ` from ${key}`;
  return {
    properties: converted,
    note:
      `zookeeper.connect without process.roles: there is no ZooKeeper any more, so this is a KRaft node of its own, ` +
      `node.id=${id}${origin}, its controller on a free port of 127.0.0.1`,
  };
}
