/**
 * The environments that people configure containers of Kafka with, told apart by their variables: Apache's and
 * Confluent's image, Bitnami's, wurstmeister's. What they mean comes out as properties of a node; what they ask beyond
 * that (a cluster id, topics to create) beside them.
 */
import { keyOfVariable, propertiesFromEnvironment } from './environment.ts';
import { isSecretKey } from './secret-keys.ts';
import {
  addListeners,
  addressWords,
  ENSEMBLE_LISTENER,
  namesOldListener,
  parseZookeeperConnect,
} from './zookeeper-config.ts';

export type Dialect = 'apache' | 'confluent' | 'bitnami' | 'wurstmeister';

export interface TopicToCreate {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** The fourth word of wurstmeister's, a cleanup.policy. */
  readonly cleanupPolicy: string | undefined;
}

export interface ContainerConfig {
  readonly dialect: Dialect;
  readonly properties: Map<string, string>;
  /** For a directory that is formatted on first use. */
  readonly clusterId: string | undefined;
  readonly topics: readonly TopicToCreate[];
  /** Where tools look for a ZooKeeper, and the controller is to answer them; undefined where the environment names none. */
  readonly zookeeperPort: number | undefined;
  /** What was understood in another way than it was meant, a line each. */
  readonly notes: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const BITNAMI_PREFIX = 'KAFKA_CFG_';
/** What Bitnami's image takes without its prefix too, from its own defaults or from its years with ZooKeeper. */
const OF_BITNAMI: ReadonlySet<string> = new Set([
  'listeners',
  'advertised.listeners',
  'broker.id',
  'zookeeper.connect',
]);
/** Variables of the images themselves, which are no keys of a broker. */
const OF_IMAGES: ReadonlySet<string> = new Set([
  'KAFKA_CREATE_TOPICS',
  'KAFKA_CREATE_TOPICS_SEPARATOR',
  'KAFKA_KRAFT_CLUSTER_ID',
  'KAFKA_START_TIMEOUT',
  'KAFKA_ENABLE_KRAFT',
]);
/** What wurstmeister's image ran to find a value. */
const COMMAND = /^KAFKA_.*_COMMAND$/;

/** Set by our own image, in which loopback is not enough: clients come from outside, and reach the published port as localhost. */
const IN_IMAGE = 'KTS_CONTAINER';
const IMAGE_LISTENERS = [
  ['listeners', 'PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093'],
  ['advertised.listeners', 'PLAINTEXT://localhost:9092'],
] as const;

export function dialectOf(env: Environment): Dialect {
  const names = Object.keys(env);
  const isBitnami = names.some((name) => name.startsWith(BITNAMI_PREFIX)) || 'ALLOW_PLAINTEXT_LISTENER' in env;
  if (isBitnami || 'KAFKA_KRAFT_CLUSTER_ID' in env) return 'bitnami';
  if ('KAFKA_CREATE_TOPICS' in env || ('KAFKA_ZOOKEEPER_CONNECT' in env && !('KAFKA_PROCESS_ROLES' in env))) {
    return 'wurstmeister';
  }
  const isConfluent = 'CLUSTER_ID' in env && 'KAFKA_PROCESS_ROLES' in env && 'KAFKA_ADVERTISED_LISTENERS' in env;
  return isConfluent ? 'confluent' : 'apache';
}

/** Undefined where the environment says nothing of a node. */
export function containerConfig(env: Environment): ContainerConfig | undefined {
  const dialect = dialectOf(env);
  const properties = propertiesOf(dialect, env);
  const { topics, faults } = parseTopics(env['KAFKA_CREATE_TOPICS'] ?? '', env['KAFKA_CREATE_TOPICS_SEPARATOR']);
  addDefaultListeners(properties, dialect, env);
  if (properties.size === 0 && topics.length === 0 && faults.length === 0) return undefined;
  const commands = Object.keys(env).filter((name) => COMMAND.test(name));
  const notes = [...faults, ...commands.map((name) => `${name} is not run: set the value itself`)];
  const zookeeper = properties.get('zookeeper.connect');
  let zookeeperPort: number | undefined;
  if (zookeeper !== undefined && !properties.has('process.roles')) {
    // A container has nobody beside it: its controller runs in it.
    properties.delete('zookeeper.connect');
    const { servers } = parseZookeeperConnect(zookeeper);
    zookeeperPort = servers[0]?.port;
    const name = `${BITNAMI_PREFIX}ZOOKEEPER_CONNECT` in env ? BITNAMI_PREFIX : 'KAFKA_';
    notes.push(
      `${name}ZOOKEEPER_CONNECT=${addressWords(servers)}: there is no ZooKeeper any more; the controller runs in this node`,
    );
  }
  const clusterId = env['CLUSTER_ID'] || env['KAFKA_KRAFT_CLUSTER_ID'] || undefined;
  return { dialect, properties, clusterId, topics, zookeeperPort, notes };
}

function propertiesOf(dialect: Dialect, env: Environment): Map<string, string> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !OF_IMAGES.has(name) && !COMMAND.test(name)));
  if (dialect === 'bitnami') return bitnamiProperties(own);
  // wurstmeister knew dots alone.
  return dialect === 'wurstmeister' ? propertiesFromEnvironment(own, '.') : propertiesFromEnvironment(own);
}

/** `KAFKA_CFG_A_B` is a.b, with Apache's doubled underscores. */
function bitnamiProperties(env: Environment): Map<string, string> {
  // What this image sets itself stands under it.
  const properties = new Map([...propertiesFromEnvironment(env)].filter(([key]) => OF_BITNAMI.has(key)));
  for (const name of Object.keys(env).sort()) {
    const value = env[name];
    if (value === undefined || !name.startsWith(BITNAMI_PREFIX)) continue;
    properties.set(keyOfVariable(`KAFKA_${name.slice(BITNAMI_PREFIX.length)}`), value);
  }
  return properties;
}

/** Of environments that name none: from the keys of earlier years, from the advertised ones, our image's own. */
function addDefaultListeners(properties: Map<string, string>, dialect: Dialect, env: Environment): void {
  const isWhole = properties.has('process.roles');
  if (!isWhole && namesOldListener(properties)) addListeners(properties);
  const advertised = properties.get('advertised.listeners');
  if (properties.has('listeners')) return;
  if (advertised !== undefined && (!isWhole || dialect === 'confluent')) {
    const ofAdvertised = advertised.split(',').map((word) => word.trim().replace(/:\/\/.*:/, '://:'));
    properties.set('listeners', ofAdvertised.join(','));
  } else if (!isWhole && env[IN_IMAGE]) {
    for (const [key, value] of IMAGE_LISTENERS) properties.set(key, value);
  }
}

/** `name:partitions:replicas[:policy],…`; words that are no topic are left out, and said. */
function parseTopics(text: string, separator = ',') {
  // Compose files hand over the shell's word for a line's end as it stands there.
  const between = /^(?:\$'\\n'|\\n)$/.test(separator) ? '\n' : separator || ',';
  const topics: TopicToCreate[] = [];
  const faults: string[] = [];
  for (const word of text.split(between).map((each) => each.trim())) {
    if (word === '') continue;
    const [name = '', partitions = '1', replicas = '1', cleanupPolicy] = word.split(':').map((each) => each.trim());
    const counts = [Number(partitions), Number(replicas)] as const;
    if (name === '' || !counts.every((count) => Number.isInteger(count) && count > 0)) {
      faults.push(`KAFKA_CREATE_TOPICS: '${word}' is no NAME:PARTITIONS:REPLICAS[:POLICY], and left out`);
      continue;
    }
    const [count, replicationFactor] = counts;
    topics.push({ name, partitions: count, replicationFactor, cleanupPolicy: cleanupPolicy || undefined });
  }
  return { topics, faults };
}

/** Of Apache's image, for who names no cluster. */
const APACHE_CLUSTER_ID = '5L6g3nShT-eMCtK--X86sw';
const CONTROLLER = 'CONTROLLER';

/** The defaults of a node on its own, under what the environment says of its listeners and its id. */
export function overDefaults(container: ContainerConfig, defaults: ReadonlyMap<string, string>): Map<string, string> {
  const { properties, zookeeperPort } = container;
  const id = properties.get('node.id') ?? properties.get('broker.id') ?? '1';
  // Who tells the roles configures the whole node, as in Apache's image.
  if (properties.has('process.roles')) {
    return new Map([['log.dirs', defaults.get('log.dirs') as string], ...properties]);
  }
  const merged = new Map([...defaults, ...properties]);
  merged.delete('broker.id');
  merged.set('node.id', id);
  merged.set('controller.quorum.voters', (defaults.get('controller.quorum.voters') as string).replace(/^\d+/, id));
  const listeners = properties.get('listeners');
  if (listeners !== undefined) addControllerTo(merged, defaults);
  if (zookeeperPort !== undefined) addZookeeperTo(merged, zookeeperPort);
  return merged;
}

/** On the addresses of the first listener. */
function addZookeeperTo(merged: Map<string, string>, port: number): void {
  const listeners = merged.get('listeners') as string;
  if (listeners.split(',').some((word) => word.trim().startsWith(`${ENSEMBLE_LISTENER}:`))) return;
  const host = /:\/\/(.*):/.exec(listeners.split(',')[0] as string)?.[1] ?? '';
  merged.set('listeners', `${listeners},${ENSEMBLE_LISTENER}://${host}:${port}`);
  merged.set('controller.listener.names', `${merged.get('controller.listener.names')},${ENSEMBLE_LISTENER}`);
  const map = merged.get('listener.security.protocol.map') as string;
  merged.set('listener.security.protocol.map', `${map},${ENSEMBLE_LISTENER}:PLAINTEXT`);
}

/** Brokers of ZooKeeper's time named no listener for controllers. */
function addControllerTo(merged: Map<string, string>, defaults: ReadonlyMap<string, string>): void {
  const own = hasController(merged)
    ? undefined
    : (defaults.get('listeners') as string).split(',').find((word) => word.startsWith(`${CONTROLLER}:`));
  if (own !== undefined) merged.set('listeners', `${merged.get('listeners')},${own}`);
  const map = merged.get('listener.security.protocol.map') as string;
  if (!map.includes(`${CONTROLLER}:`)) merged.set('listener.security.protocol.map', `${map},${CONTROLLER}:PLAINTEXT`);
  const first = (merged.get('listeners') as string).split('://')[0]?.trim() as string;
  const names = (merged.get('listeners') as string).split(',').map((word) => word.split('://')[0]?.trim());
  if (!names.includes(merged.get('inter.broker.listener.name'))) merged.set('inter.broker.listener.name', first);
  // Those of the defaults belong to the listeners of the defaults.
  if (merged.get('advertised.listeners') === defaults.get('advertised.listeners'))
    merged.delete('advertised.listeners');
}

function hasController(properties: ReadonlyMap<string, string>): boolean {
  return (properties.get('listeners') ?? '').split(',').some((word) => word.trim().startsWith(`${CONTROLLER}:`));
}

/** Undefined: a new one. */
export function clusterIdOf({ clusterId, dialect, properties }: ContainerConfig): string | undefined {
  const isWhole = properties.has('process.roles') && (dialect === 'apache' || dialect === 'confluent');
  return clusterId ?? (isWhole ? APACHE_CLUSTER_ID : undefined);
}

/** For a log that others may read. */
export function masked(properties: ReadonlyMap<string, string>): string[] {
  return [...properties].sort().map(([key, value]) => `${key}=${isSecretKey(key) ? '******' : value}`);
}
