/**
 * A ZooKeeper's configuration (zoo.cfg, zookeeper.properties and the file myid) as that of a KRaft controller. What
 * ZooKeeper was to Kafka, KRaft's controllers are now: the ensemble is the quorum, its members vote at the port at which
 * ZooKeeper's followers met their leader, and the client port answers whoever asks for the cluster's controller.
 */
import { addressText } from '../base/address-text.ts';
import { KtsError } from '../base/kts-error.ts';
import type { Files } from '../runtime/runtime.ts';
import type { Properties } from './config-values.ts';
import { parseProperties } from './properties.ts';
import { ENSEMBLE_LISTENER, tidyOldProperties } from './zookeeper-config.ts';

/**
 * Nodes of a cluster have different ids, while an ensemble and its brokers used to count each for itself. Brokers of
 * ZooKeeper's time had ids up to 1000 (reserved.broker.max.id), or were given one from 1001 on.
 */
export const FIRST_ENSEMBLE_ID = 3000;

const PEER_LISTENER = 'CONTROLLER';
const DEFAULT_CLIENT_PORT = 2181;
const DEFAULT_PEER_PORT = 2888;
const LOOPBACK = '127.0.0.1';
const MAX_PORT = 65_535;
const MAX_MYID = 255;
const ANYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

interface Member {
  readonly myid: number;
  readonly host: string;
  readonly peerPort: number;
  /** Behind the semicolon, which counts more than clientPort; empty and null without. */
  readonly clientHost: string;
  readonly clientPort: number | null;
}

export interface EnsembleNode {
  /** Of a controller-only node. */
  readonly properties: Map<string, string>;
  readonly dataDir: string;
  /** The same text in every member, to derive the cluster id from; null in an ensemble of one. */
  readonly ensemble: string | null;
  /** Empty: every address of this host. */
  readonly clientHost: string;
  readonly clientPort: number;
  /** What stands for what, in one line. */
  readonly note: string;
}

export interface EnsembleFile {
  readonly path: string;
  /** Properties that win over the file's. */
  readonly overrides?: ReadonlyMap<string, string>;
  /** What a member without an address of its own is called. */
  readonly hostname: string;
}

export interface ReadEnsembleNode extends EnsembleNode {
  /** One line for each value that was read as something else than its characters. */
  readonly warnings: readonly string[];
}

/** The node of a file, with the number that stands in `myid` beside its data. */
export function readZooConfig(file: EnsembleFile, files: Pick<Files, 'statSync' | 'readFileSync'>): ReadEnsembleNode {
  const { path, hostname, overrides = [] } = file;
  if (files.statSync(path) === null) {
    throw new KtsError(`there is no file ${path}`, { hint: 'name a zoo.cfg with dataDir and clientPort' });
  }
  const given = new Map([...parseProperties(files.readFileSync(path)), ...overrides]);
  const { properties, warnings } = tidyOldProperties(given);
  const { dynamic, more } = dynamicPart(properties.get('dynamicConfigFile'), path, files);
  const zoo = new Map([...dynamic, ...properties]);
  const myidFile = `${zooDataDir(zoo, path)}/myid`;
  const myid = files.statSync(myidFile) === null ? null : files.readFileSync(myidFile).toString('utf8');
  return { ...fromZooConfig(zoo, { path, myid, hostname }), warnings: [...warnings, ...more] };
}

/** Since 3.5 the server lines may stand in a file of their own. */
function dynamicPart(file: string | undefined, path: string, files: Pick<Files, 'statSync' | 'readFileSync'>) {
  if (!file) return { dynamic: [], more: [] };
  if (files.statSync(file) === null) {
    throw new KtsError(`there is no file ${file}, the dynamicConfigFile of ${path}`, {
      hint: `Write the server.N lines into it, or into ${path}.`,
    });
  }
  const { properties: dynamic, warnings: more } = tidyOldProperties(parseProperties(files.readFileSync(file)));
  return { dynamic, more };
}

/** Where the data of this file is; the directory holds `myid`. */
function zooDataDir(zoo: Properties, path: string): string {
  const dataDir = zoo.get('dataDir')?.trim();
  if (dataDir) return dataDir;
  throw new KtsError(`${path} names no dataDir.`, { hint: 'Add a line such as dataDir=/var/lib/zookeeper.' });
}

/** `myid`: the text of that file, or null where there is none. `hostname`: what a member without an address of its own is called. */
export function fromZooConfig(
  zoo: Properties,
  context: { readonly path: string; readonly myid: string | null; readonly hostname: string },
): EnsembleNode {
  const dataDir = zooDataDir(zoo, context.path);
  const members = membersOf(zoo, context.path);
  const own = ownMember(members, context, dataDir);
  const isAnywhere = own !== null && ANYWHERE.has(own.host);
  const line = own ?? members[0];
  const clientPort = line?.clientPort ?? clientPortOf(zoo, context.path);
  const namedHost = line?.clientHost || (zoo.get('clientPortAddress')?.trim() ?? '');
  const clientHost = ANYWHERE.has(namedHost) ? '' : namedHost;
  const listeners = [`${ENSEMBLE_LISTENER}://${addressText({ host: clientHost, port: clientPort })}`];
  if (own !== null)
    listeners.unshift(`${PEER_LISTENER}://${addressText({ host: isAnywhere ? '' : own.host, port: own.peerPort })}`);
  const names = own === null ? ENSEMBLE_LISTENER : `${PEER_LISTENER},${ENSEMBLE_LISTENER}`;
  const id = FIRST_ENSEMBLE_ID + (own?.myid ?? 1);
  const voters =
    own === null
      ? [`${id}@${addressText({ host: clientHost === '' ? LOOPBACK : clientHost, port: clientPort })}`]
      : members.map((one) => voterText(one, context.hostname));
  const properties = new Map([
    ['process.roles', 'controller'],
    ['node.id', String(id)],
    ['listeners', listeners.join(',')],
    ['controller.listener.names', names],
    ['listener.security.protocol.map', `${PEER_LISTENER}:PLAINTEXT,${ENSEMBLE_LISTENER}:PLAINTEXT`],
    ['controller.quorum.voters', voters.join(',')],
    // Beside what a real ZooKeeper may have left in its own.
    ['log.dirs', `${dataDir}/kraft`],
  ]);
  const what = own === null ? 'one controller' : `controller ${id} of ${voters.length}`;
  return {
    properties,
    dataDir,
    ensemble: own === null ? null : members.map(({ myid, peerPort }) => `${myid}:${peerPort}`).join(','),
    clientHost,
    clientPort,
    note:
      `there is no ZooKeeper any more: ${context.path} makes ${what} of a KRaft quorum (node.id=${id}), which answers ` +
      `on the client port ${clientPort}`,
  };
}

/** A member may write 0.0.0.0 for itself; the others must find it all the same. */
function voterText({ myid, host, peerPort }: Member, hostname: string): string {
  return `${FIRST_ENSEMBLE_ID + myid}@${addressText({ host: ANYWHERE.has(host) ? hostname : host, port: peerPort })}`;
}

function membersOf(zoo: Properties, path: string): Member[] {
  const members: Member[] = [];
  for (const [key, value] of zoo) {
    const match = /^server\.(\d+)$/.exec(key.trim());
    if (match !== null) members.push(member(Number(match[1]), value.trim(), `${path}: ${key}=${value}`));
  }
  return members.sort((a, b) => a.myid - b.myid);
}

/**
 * `HOST:PEER_PORT:ELECTION_PORT[:participant|:observer][;[HOST:]CLIENT_PORT]`; of several addresses the first counts. An
 * observer votes like the others: a controller of a static quorum cannot only watch.
 */
function member(myid: number, value: string, where: string): Member {
  const [addresses = '', client] = value.replace(/\s/g, '').split(';');
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?(?::\d+)?(?::(?:participant|observer))?$/i.exec(
    addresses.split('|')[0] ?? '',
  );
  const peerPort = Number(match?.[3] ?? DEFAULT_PEER_PORT);
  const [, clientHost = '', clientText] = /^(?:(.*):)?(\d*)$/.exec(client ?? '') ?? ['', '', 'none'];
  const clientPort = client === undefined ? null : Number(clientText);
  if (match === null || !isPort(peerPort) || (clientPort !== null && !isPort(clientPort)) || myid > MAX_MYID) {
    throw new KtsError(`${where} names no member of an ensemble.`, {
      hint: 'Write server.N=HOST:2888:3888 with N from 1 to 255.',
    });
  }
  return {
    myid,
    host: (match[1] ?? match[2]) as string,
    peerPort,
    clientHost: clientHost.replace(/^\[(.*)\]$/, '$1'),
    clientPort,
  };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= MAX_PORT;
}

function clientPortOf(zoo: Properties, path: string): number {
  const text = zoo.get('clientPort')?.trim();
  const port = text === undefined || text === '' ? DEFAULT_CLIENT_PORT : Number(text);
  if (isPort(port)) return port;
  throw new KtsError(`${path}: clientPort=${text} is not a port.`, { hint: 'Use a number from 1 to 65535.' });
}

/** Null in an ensemble of one, which needs neither server lines nor myid, and is standalone with them as well. */
function ownMember(
  members: readonly Member[],
  context: { readonly path: string; readonly myid: string | null },
  dataDir: string,
): Member | null {
  if (members.length <= 1) return null;
  const { myid, path } = context;
  const file = `${dataDir}/myid`;
  const numbers = members.map((one) => one.myid).join(', ');
  if (myid === null) {
    throw new KtsError(`${file} file is missing`, {
      hint: `Write the number of this member (${numbers}) into it: echo N > ${file}`,
    });
  }
  const text = myid.trim();
  const found = members.find((one) => /^\d+$/.test(text) && one.myid === Number(text));
  if (found !== undefined) return found;
  const what = text === '' ? 'is empty' : `says '${text}', and ${path} has no line server.${text}`;
  throw new KtsError(`${file} ${what}.`, { hint: `Write one of ${numbers} into it: echo N > ${file}` });
}
