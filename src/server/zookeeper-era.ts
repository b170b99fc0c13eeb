/**
 * The start of a node from a file of ZooKeeper's time: a broker's server.properties with zookeeper.connect, or a
 * ZooKeeper's own zoo.cfg. Such programs made their directories themselves; so do these, as long as they are empty:
 * nothing that somebody keeps there is touched.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { KtsError } from '../base/kts-error.ts';
import type { Logger } from '../base/logger.ts';
import { uuidFromBytes } from '../base/uuid.ts';
import { BrokerConfig } from '../config/broker-config.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Properties } from '../config/config-values.ts';
import type { HostAndPort } from '../config/quorum-voters.ts';
import { type EnsembleFile, FIRST_ENSEMBLE_ID, readZooConfig } from '../config/zoo-config.ts';
import {
  addressWords,
  aloneFromZookeeper,
  brokenId,
  brokerFromZookeeper,
  type ConvertedConfig,
  FIRST_GENERATED_ID,
  givenId,
  parseZookeeperConnect,
  tidyOldProperties,
} from '../config/zookeeper-config.ts';
import { type EnsembleView, ensembleView } from '../network/ensemble-view.ts';
import { QuorumStateFile } from '../raft/quorum-state.ts';
import type { Files, Runtime } from '../runtime/runtime.ts';
import { type MetaProperties, readMetaProperties } from '../storage/meta-properties.ts';
import { formatDirectories, randomClusterId } from './format/format-directories.ts';
import { NO_FORMAT_OPTIONS } from './format/format-options.ts';
import { METADATA_TOPIC } from './metadata-log.ts';

/** What is there without anybody having put it there. */
const NOTHING: ReadonlySet<string> = new Set(['lost+found', '.lock']);
/** zookeeper.connection.timeout.ms. */
const CONNECTION_TIMEOUT_MS = 18_000;
/** Scripts start ZooKeeper and the broker in one breath; the broker gives the other so long to listen. */
const FIRST_WAIT_MS = 1_500;
const WAIT_STEP_MS = 100;
const UUID_BYTES = 16;

/** The configuration of the broker, its directories formatted when they are new. */
export async function prepareZookeeperBroker(
  given: Properties,
  runtime: Runtime,
  logger: Logger,
): Promise<BrokerConfig> {
  const { properties, warnings } = tidyOldProperties(given);
  for (const warning of warnings) logger.warn(warning);
  const connect = properties.get('zookeeper.connect') as string;
  const { servers, chroot } = parseZookeeperConnect(connect);
  if (servers.length === 0) {
    throw new KtsError(`zookeeper.connect=${connect} names no address.`, {
      hint: 'Write zookeeper.connect=HOST:2181.',
    });
  }
  if (chroot !== '') logger.warn(`The path ${chroot} of zookeeper.connect is ignored: a quorum holds one cluster`);
  // Which directories there are does not hang on the id, nor on the controllers.
  const guess = lenientConfig(
    brokerFromZookeeper(properties, givenId(properties) ?? '1', servers).properties,
    () => {},
  );
  const stored = storedIdentity(guess, runtime.files);
  const own = await ownAddress(
    servers,
    runtime,
    stored === null ? null : wasItsOwnController(guess, stored, runtime.files),
  );
  const view = own === null && stored === null ? await waitForEnsemble(servers, properties, runtime, logger) : null;
  const id = givenId(properties) ?? String(stored?.nodeId ?? nextId(view));
  const broken = brokenId(properties);
  if (broken !== undefined) logger.warn(`${broken} is no id; node.id=${id} is given`);
  const converted =
    own === null ? brokerFromZookeeper(properties, id, servers) : aloneFromZookeeper(properties, id, own);
  return formatted(converted, { clusterId: view?.clusterId ?? randomClusterId(runtime), stored }, runtime, logger);
}

/** The configuration of a controller from zoo.cfg or zookeeper.properties, its directory formatted when it is new. */
export function prepareEnsembleMember(file: EnsembleFile, runtime: Runtime, logger: Logger): BrokerConfig {
  const { properties, note, ensemble, warnings } = readZooConfig(file, runtime.files);
  for (const warning of warnings) logger.warn(warning);
  const stored = storedIdentity(BrokerConfig.from(properties), runtime.files);
  const clusterId = ensemble === null ? randomClusterId(runtime) : derivedClusterId(ensemble);
  return formatted({ properties, note }, { clusterId, stored }, runtime, logger);
}

/** Members of one ensemble that are formatted apart belong to one cluster. */
function derivedClusterId(ensemble: string): string {
  const digest = createHash('sha256').update(`kts ensemble ${ensemble}`).digest().subarray(0, UUID_BYTES);
  // Ids that begin with a dash are taken for options on command lines.
  digest[0] = (digest[0] as number) & 0x7f;
  return uuidFromBytes(digest);
}

interface Formatting {
  readonly clusterId: string;
  readonly stored: MetaProperties | null;
}

function formatted(converted: ConvertedConfig, how: Formatting, runtime: Runtime, logger: Logger): BrokerConfig {
  logger.warn(converted.note);
  const config = lenientConfig(converted.properties, (warning) => logger.warn(warning));
  if (how.stored !== null) return config;
  for (const directory of config.logDirs) refuseUsed(directory, runtime.files);
  formatDirectories(runtime, config, { ...NO_FORMAT_OPTIONS, clusterId: how.clusterId }, () => {});
  logger.info(`Formatted ${config.logDirs.join(', ')} for the cluster ${how.clusterId}`);
  return config;
}

/** Values that are none of their key never stopped such files from being copied on: each is said and left out. */
function lenientConfig(properties: Map<string, string>, warn: (line: string) => void): BrokerConfig {
  const kept = new Map(properties);
  for (;;) {
    try {
      return BrokerConfig.from(kept);
    } catch (error) {
      const key = error instanceof ConfigError ? /for configuration (\S+?)(?::|$)/.exec(error.message)?.[1] : undefined;
      if (key === undefined || !kept.delete(key)) throw error;
      warn(`${(error as Error).message}; its default is used`);
    }
  }
}

function storedIdentity(config: BrokerConfig, files: Files): MetaProperties | null {
  for (const directory of config.logDirs) {
    try {
      const found = readMetaProperties(files, directory);
      if (found !== null) return found;
    } catch (error) {
      // A disk that does not answer is dealt with later; one that belongs to somebody else, at once.
      if (error instanceof KtsError) throw error;
    }
  }
  return null;
}

function refuseUsed(directory: string, files: Files): void {
  if (files.statSync(directory) === null) return;
  if (files.listSync(directory).every((name) => NOTHING.has(name))) return;
  throw new KtsError(`No readable meta.properties files found: ${directory} holds something else already.`, {
    hint: 'name an empty or new directory in log.dirs',
  });
}

/** A node that once was its own controller holds the cluster's metadata, and one that was not must never begin anew. */
function wasItsOwnController(config: BrokerConfig, stored: MetaProperties, files: Files): boolean {
  const path = join(config.metadataLogDir, `${METADATA_TOPIC}-0`, 'quorum-state');
  const { leaderId, votedId } = new QuorumStateFile(files, path).read();
  return leaderId === stored.nodeId || votedId === stored.nodeId;
}

/**
 * The address at which this node is to be its own controller, or null where others are. `before`: what it was at its
 * last start. Whether an address is this host's, and free, is told by listening there.
 */
async function ownAddress(
  servers: readonly HostAndPort[],
  runtime: Runtime,
  before: boolean | null,
): Promise<HostAndPort | null> {
  const [only, another] = servers;
  if (before !== null) return before && only !== undefined ? only : null;
  if (only === undefined || another !== undefined) return null;
  const giveUpAt = runtime.clock.monotonicMs() + FIRST_WAIT_MS;
  for (;;) {
    if (!(await isFree(only, runtime))) return null;
    if (runtime.clock.monotonicMs() >= giveUpAt) return only;
    await pause(WAIT_STEP_MS, runtime);
  }
}

async function isFree(address: HostAndPort, runtime: Runtime): Promise<boolean> {
  try {
    const probe = await runtime.sockets.listen(address, (connection) => connection.destroy());
    await probe.close();
    return true;
  } catch {
    return false;
  }
}

/** As long as a broker of that time waited for its ZooKeeper. */
async function waitForEnsemble(
  servers: readonly HostAndPort[],
  properties: Properties,
  runtime: Runtime,
  logger: Logger,
): Promise<EnsembleView> {
  const asked = Number(properties.get('zookeeper.connection.timeout.ms') ?? CONNECTION_TIMEOUT_MS);
  const timeoutMs = Number.isFinite(asked) && asked > 0 ? asked : CONNECTION_TIMEOUT_MS;
  const giveUpAt = runtime.clock.monotonicMs() + timeoutMs;
  for (let said = false; ; said = true) {
    const view = await ensembleView(servers, runtime);
    if (view !== null) return view;
    if (runtime.clock.monotonicMs() >= giveUpAt) {
      const others = await listening(servers, runtime);
      throw new KtsError(`Timed out waiting for connection to the controllers at ${addressWords(servers)}.`, {
        hint:
          others.length === 0
            ? 'Start them first (zkServer.sh start), or name them in zookeeper.connect.'
            : `What listens on ${addressWords(others)} is no controller: a ZooKeeper's place is taken by zkServer.sh of kts.`,
      });
    }
    if (!said) logger.info(`Waiting for the controllers at ${addressWords(servers)}`);
    await pause(WAIT_STEP_MS, runtime);
  }
}

/** Those at which anybody listens at all. */
async function listening(servers: readonly HostAndPort[], runtime: Runtime): Promise<HostAndPort[]> {
  const tried = servers.map(async (address) => {
    try {
      (await runtime.sockets.connect({ ...address, timeoutMs: WAIT_STEP_MS })).destroy();
      return [address];
    } catch {
      return [];
    }
  });
  return (await Promise.all(tried)).flat();
}

/** Above those of all brokers, also of one that is away, and of a broker that is the controller and not registered yet. */
function nextId(view: EnsembleView | null): number {
  const taken =
    view === null ? [] : [...view.registered, ...(view.controllerId < FIRST_ENSEMBLE_ID ? [view.controllerId] : [])];
  return Math.max(FIRST_GENERATED_ID - 1, ...taken) + 1;
}

function pause(ms: number, runtime: Runtime): Promise<void> {
  return new Promise((resolve) => runtime.timers.after(ms, resolve));
}
