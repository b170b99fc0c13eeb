/**
 * A broker's properties from ZooKeeper's time as those of a KRaft node. `zookeeper.connect` names the quorum: the node is
 * only a broker where controllers answer there, and its own controller where it is alone. Keys that only ZooKeeper or its
 * protocol had are left out; whatever else stands in the file is kept, and means what it always meant.
 */
import { addressText } from '../base/address-text.ts';
import { ZOOKEEPER_KEYS } from './config-report.ts';
import type { Properties } from './config-values.ts';
import { nearestWord } from './nearest.ts';
import { type HostAndPort, parseHostAndPort } from './quorum-voters.ts';
import { isSecretKey } from './secret-keys.ts';

export interface ConvertedConfig {
  readonly properties: Map<string, string>;
  /** What was done, in one line. */
  readonly note: string;
}

/** The listener of controllers that stands for ZooKeeper's client port. */
export const ENSEMBLE_LISTENER = 'ZOOKEEPER';

/** The first id that ZooKeeper's brokers gave themselves. */
export const FIRST_GENERATED_ID = 1001;
const DEFAULT_PORT = '9092';
const ZOOKEEPER_PORT = 2181;

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

const CONNECT = 'zookeeper.connect';

/** However its keys are written: who mistypes zookeeper.connect means it. */
export function isZookeeperConfig(properties: Properties): boolean {
  const keys = [...properties.keys()].map(plainKey);
  return !keys.includes('process.roles') && keys.some((key) => nearestWord(key, [CONNECT]) !== undefined);
}

export interface ZookeeperAddresses {
  readonly servers: readonly HostAndPort[];
  /** Empty where there is none. */
  readonly chroot: string;
}

/** `host[:port],host[:port][/chroot]`, as every tool of that time took it. Words that are no addresses are left out. */
export function parseZookeeperConnect(text: string): ZookeeperAddresses {
  const slash = text.indexOf('/');
  const hosts = slash < 0 ? text : text.slice(0, slash);
  const servers = hosts
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .flatMap((word) => {
      const isWhole = /:\d+$/.test(word) && !/^[^[]*:.*:/.test(word);
      return parseHostAndPort(isWhole ? word : `${word}:${ZOOKEEPER_PORT}`) ?? [];
    });
  return { servers, chroot: slash < 0 ? '' : text.slice(slash).trim() };
}

export function addressWords(servers: readonly HostAndPort[]): string {
  return servers.map(addressText).join(',');
}

/** The key that names the node; undefined when the broker was to find an id itself. */
function idKey(properties: Properties): string | undefined {
  return ['node.id', 'broker.id'].find((key) => properties.has(key) && !isGenerated(properties.get(key)));
}

/** -1, nothing at all, and words that are no number. */
function isGenerated(id: string | undefined): boolean {
  return id === undefined || !/^\s*\d+\s*$/.test(id);
}

/** What stands where an id should, and is none; undefined where the file gives one, or leaves it to the broker. */
export function brokenId(properties: Properties): string | undefined {
  if (idKey(properties) !== undefined) return undefined;
  const key = ['node.id', 'broker.id'].find((name) => !/^(?:-1)?$/.test(properties.get(name) ?? ''));
  return key === undefined ? undefined : `${key}=${properties.get(key)}`;
}

/** The id that the file gives the broker; null where it was to find one itself. */
export function givenId(properties: Properties): string | null {
  const key = idKey(properties);
  return key === undefined ? null : (properties.get(key) as string).trim();
}

export function namesOldListener(properties: Properties): boolean {
  return OLD_LISTENER_KEYS.some((key) => properties.has(key));
}

/** Host and port, each in a key of its own, become the one listener that they meant. */
export function addListeners(converted: Map<string, string>): void {
  const [host = '', port = DEFAULT_PORT, advertisedHost, advertisedPort] = OLD_LISTENER_KEYS.map((key) => {
    const text = converted.get(key)?.trim();
    converted.delete(key);
    return text === '' ? undefined : text;
  });
  if (!converted.has('listeners')) converted.set('listeners', `PLAINTEXT://${host}:${port}`);
  if ((advertisedHost ?? advertisedPort) === undefined || converted.has('advertised.listeners')) return;
  converted.set('advertised.listeners', `PLAINTEXT://${advertisedHost ?? host}:${advertisedPort ?? port}`);
}

/** What belongs to the broker itself, whoever its controllers are. */
function brokerPart(properties: Properties, id: string): Map<string, string> {
  const converted = new Map([...properties].filter(([key]) => !ZOOKEEPER_KEYS.test(key)));
  // Two different ones are still refused, later.
  if (isGenerated(converted.get('broker.id'))) converted.delete('broker.id');
  converted.set('node.id', id);
  addListeners(converted);
  return converted;
}

/** The controllers' listener needs a name that no listener of the file has. */
function controllerName(converted: Map<string, string>): string {
  const listeners = converted.get('listeners') as string;
  const names = new Set(listeners.split(',').map((text) => text.split('://')[0]?.trim().toUpperCase()));
  const name = names.has(ENSEMBLE_LISTENER) ? `KRAFT_${ENSEMBLE_LISTENER}` : ENSEMBLE_LISTENER;
  const map = converted.get('listener.security.protocol.map');
  const rows = map ?? 'PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL';
  converted.set('listener.security.protocol.map', `${rows},${name}:PLAINTEXT`);
  converted.set('controller.listener.names', name);
  converted.delete('controller.quorum.bootstrap.servers');
  converted.delete('controller.quorum.voters');
  return name;
}

function origin(properties: Properties): string {
  const key = idKey(properties);
  return key === undefined ? '' : ` from ${key}`;
}

/** A node that is its own controller, which listens where ZooKeeper was. */
export function aloneFromZookeeper(properties: Properties, id: string, own: HostAndPort): ConvertedConfig {
  const converted = brokerPart(properties, id);
  const name = controllerName(converted);
  const where = addressWords([own]);
  converted.set('process.roles', 'broker,controller');
  converted.set('listeners', `${converted.get('listeners')},${name}://${where}`);
  converted.set('controller.quorum.voters', `${id}@${where}`);
  for (const [key, value] of ALONE) if (!converted.has(key)) converted.set(key, value);
  return {
    properties: converted,
    note:
      `zookeeper.connect without process.roles: there is no ZooKeeper any more, and nothing listens on ${where}, so this ` +
      `is a KRaft node of its own, node.id=${id}${origin(properties)}, its controller on that address`,
  };
}

/** A node that is only a broker of the controllers at those addresses. */
export function brokerFromZookeeper(
  properties: Properties,
  id: string,
  controllers: readonly HostAndPort[],
): ConvertedConfig {
  const converted = brokerPart(properties, id);
  controllerName(converted);
  const where = addressWords(controllers);
  converted.set('process.roles', 'broker');
  converted.set('controller.quorum.bootstrap.servers', where);
  return {
    properties: converted,
    note:
      `zookeeper.connect without process.roles: there is no ZooKeeper any more, so this is a KRaft broker, ` +
      `node.id=${id}${origin(properties)}, of the controllers at ${where}`,
  };
}

export interface Tidied {
  readonly properties: Map<string, string>;
  /** One line for each value that was read as something else than its characters. */
  readonly warnings: readonly string[];
}

/** Signs behind a value that belong to a sentence or a list; behind a number, these too. */
const TRAILING_SIGNS = /[\s,;\u3001\u3002]+$/;
const TRAILING_SIGNS_OF_WORDS = /[\s,;:.\u3001\u3002]+$/;
const COMMENT = /\s+[#\uff03].*$/s;
const QUOTED = /^(["'\u201c\u201d\u2018\u2019])(.*)["'\u201c\u201d\u2018\u2019]$/s;

/**
 * Files that people copied from notes: digits and signs of full width become plain ones; blanks, quotes and comments
 * around words go. What then still is no value of its key is refused later, as in any file.
 */
export function tidyOldProperties(properties: Properties): Tidied {
  const tidied = new Map<string, string>();
  const warnings: string[] = [];
  for (const [rawKey, raw] of properties) {
    const { key, text } = entryOf(rawKey, raw);
    if (key.startsWith('#')) continue;
    const value = isSecretKey(key) ? text : plainValue(text);
    if (value !== text) warnings.push(`${key}=${text} is read as ${key}=${value}`);
    tidied.set(key, value);
  }
  if (!tidied.has(CONNECT)) renameNear(tidied, warnings);
  return { properties: tidied, warnings };
}

/** A wide equals sign is none for whoever reads the file, and leaves all of the line in the key. */
function entryOf(rawKey: string, raw: string): { readonly key: string; readonly text: string } {
  const key = plainKey(rawKey);
  const text = asUtf8(raw).trim();
  const equals = text === '' && !rawKey.includes('=') ? key.indexOf('=') : -1;
  return equals < 0 ? { key, text } : { key: key.slice(0, equals).trim(), text: key.slice(equals + 1).trim() };
}

function plainKey(key: string): string {
  return asUtf8(key).normalize('NFKC').trim();
}

function plainValue(text: string): string {
  const bare = text.replace(COMMENT, '').replace(QUOTED, '$2').replace(TRAILING_SIGNS, '');
  const plain = bare.normalize('NFKC').trim();
  const word = plain.replace(TRAILING_SIGNS_OF_WORDS, '');
  if (/^(?:-?\d+|true|false)$/i.test(word)) return word;
  return isWide(bare) ? plain.replace(TRAILING_SIGNS, '') : bare.trim();
}

function renameNear(properties: Map<string, string>, warnings: string[]): void {
  const near = [...properties.keys()].find((key) => nearestWord(key, [CONNECT]) !== undefined);
  if (near === undefined) return;
  warnings.push(`unknown configuration ${near} is read as ${CONNECT}`);
  properties.set(CONNECT, properties.get(near) as string);
  properties.delete(near);
}

/** Properties files are read byte by byte, as Java reads them; editors write UTF-8. */
function asUtf8(text: string): string {
  if (!/[\u0080-\u00ff]/.test(text) || /[^\u0000-\u00ff]/.test(text)) return text;
  const decoded = Buffer.from(text, 'latin1').toString('utf8');
  return decoded.includes('\ufffd') ? text : decoded;
}

/** Full-width forms of ASCII, and the wide blank. */
function isWide(text: string): boolean {
  return /[\uff01-\uff5e\u3000]/.test(text);
}
