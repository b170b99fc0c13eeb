/**
 * `storage format`: makes empty directories the log directories of one node of one cluster. What it writes is what
 * Kafka's tool writes, and `meta.properties` comes last: a directory that has it is whole.
 */
import { join } from 'node:path';
import { KtsError } from '../../base/kts-error.ts';
import { randomUuid, type Uuid } from '../../base/uuid.ts';
import { ConfigError } from '../../config/config-error.ts';
import { formatProperties } from '../../config/properties.ts';
import { metadataVersionName } from '../../metadata/features.ts';
import { encodeRecord, type MetadataRecord } from '../../metadata/records.ts';
import { featureRecord } from '../../metadata/snapshot-records.ts';
import { BOOTSTRAP_SNAPSHOT, snapshotBytes, snapshotFileName } from '../../raft/snapshot-files.ts';
import { SUPPORTED_KRAFT_VERSION, type Voter } from '../../raft/voters.ts';
import { type MetaProperties, readMetaProperties } from '../../storage/meta-properties.ts';
import { type InitialFeatures, initialFeatures } from './format-features.ts';
import type { FormatConfig, FormatOptions, FormatRuntime } from './format-options.ts';
import { parseInitialControllers, voter } from './initial-controllers.ts';
import { bootstrapMetadataText, javaDate } from './java-text.ts';
import { scramRecord } from './scram-credentials.ts';

const METADATA_DIRECTORY = '__cluster_metadata-0';
const SNAPSHOT_MODE = 0o400;
/** 3.5-IV2, whose records can hold credentials. */
const FIRST_SCRAM_VERSION = 11;

interface FormatPlan {
  readonly clusterId: string;
  readonly features: InitialFeatures;
  readonly records: readonly MetadataRecord[];
  /** Null: no voters are written (a static quorum, or a node that joins one). */
  readonly voters: readonly Voter[] | null;
  /** Of the metadata directory. */
  readonly metadataDirectoryId: Uuid;
}

export function randomClusterId(runtime: Pick<FormatRuntime, 'random'>): Uuid {
  return randomUuid((size) => runtime.random.bytes(size));
}

function checkQuorumOptions(config: FormatConfig, options: FormatOptions): void {
  const names = options.standalone || options.initialControllers !== null;
  const isStatic = config.quorumVoters.length > 0;
  if (isStatic && names) {
    throw new KtsError(
      'You cannot specify controller.quorum.voters and format the node with --initial-controllers or --standalone. ' +
        'If you want to use dynamic quorum, please remove controller.quorum.voters and specify ' +
        'controller.quorum.bootstrap.servers instead.',
    );
  }
  const isController = config.processRoles.has('controller');
  if (options.standalone && !isController) throw new KtsError('You can only use --standalone on a controller.');
  if (!isStatic && isController && !names && !options.noInitialControllers) {
    throw new KtsError(
      'Because controller.quorum.voters is not set on this controller, you must specify one of the following: ' +
        '--standalone, --initial-controllers, or --no-initial-controllers.',
    );
  }
}

function checkKraftVersion(level: number | null, isDynamic: boolean): void {
  const flags = 'one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used.';
  if (level === 0 && isDynamic) {
    throw new KtsError(
      `Cannot set kraft.version to 0 if controller.quorum.voters is empty and ${flags} ` +
        'For dynamic controllers support, try removing the --feature flag for kraft.version.',
    );
  }
  if (level !== null && level > 0 && !isDynamic) {
    throw new KtsError(
      `Cannot set kraft.version to ${level} unless controller.quorum.voters is empty and ${flags} ` +
        'For dynamic controllers support, try using one of --standalone, --initial-controllers, or ' +
        '--no-initial-controllers and removing controller.quorum.voters.',
    );
  }
}

function initialVoters(config: FormatConfig, options: FormatOptions, directoryId: Uuid): Voter[] | null {
  const listenerName = config.controllerListenerNames[0] ?? 'CONTROLLER';
  if (options.initialControllers !== null) return parseInitialControllers(options.initialControllers, listenerName);
  if (!options.standalone) return null;
  const listener = config.advertisedControllerListeners[0];
  const host = listener === undefined || listener.host === '' ? 'localhost' : listener.host;
  return [voter(config.nodeId, directoryId, { name: listenerName, host, port: listener?.port ?? 0 })];
}

function bootstrapRecords(runtime: FormatRuntime, features: InitialFeatures, options: FormatOptions): MetadataRecord[] {
  const records = [...features.levels].map(([name, level]) => featureRecord(name, level));
  if (options.addScram.length === 0) return records;
  const credentials = options.addScram.map((argument) => scramRecord(argument, runtime.random));
  if (features.metadataVersion < FIRST_SCRAM_VERSION) {
    throw new KtsError('SCRAM is only supported in metadata.version 3.5-IV2 or later.');
  }
  return [...records, ...credentials];
}

function planFormat(runtime: FormatRuntime, config: FormatConfig, options: FormatOptions): FormatPlan {
  const features = initialFeatures(options.releaseVersion, options.features);
  checkQuorumOptions(config, options);
  const isDynamic =
    config.quorumVoters.length === 0 &&
    (options.standalone || options.initialControllers !== null || options.noInitialControllers);
  checkKraftVersion(features.kraftVersion, isDynamic);
  const newId = randomClusterId(runtime);
  const voters = initialVoters(config, options, newId);
  // Named by the list of voters, which is the same text on all nodes.
  const mine = voters?.find((one) => one.id === config.nodeId);
  return {
    clusterId: options.clusterId,
    features,
    records: bootstrapRecords(runtime, features, options),
    voters,
    metadataDirectoryId: mine?.directoryId ?? newId,
  };
}

interface FoundDirectories {
  readonly empty: readonly string[];
  readonly formatted: ReadonlyMap<string, MetaProperties>;
}

function runtimeException(message: string): ConfigError {
  return new ConfigError(message, { exception: 'java.lang.RuntimeException' });
}

function findDirectories(
  { files }: FormatRuntime,
  directories: readonly string[],
  print: (line: string) => void,
): FoundDirectories {
  const empty: string[] = [];
  const formatted = new Map<string, MetaProperties>();
  for (const directory of directories) {
    const stat = files.statSync(directory);
    if (stat !== null && !stat.isDirectory) {
      print(`I/O error trying to read log directory ${directory}. Ignoring...`);
      continue;
    }
    const properties = stat === null ? null : readMetaProperties(files, directory);
    if (properties === null) empty.push(directory);
    else formatted.set(directory, properties);
  }
  return { empty, formatted };
}

function checkFormatted(found: FoundDirectories, clusterId: string, nodeId: number): void {
  for (const [directory, properties] of found.formatted) {
    const path = join(directory, 'meta.properties');
    if (properties.clusterId !== clusterId) {
      throw runtimeException(`Invalid cluster.id in: ${path}. Expected ${clusterId}, but read ${properties.clusterId}`);
    }
    if (properties.nodeId !== nodeId) {
      throw runtimeException(
        `Stored node id ${properties.nodeId} doesn't match previous node id ${nodeId} in ${path}. If you moved your ` +
          'data, make sure your configured node id matches. If you intend to create a new node, you should remove ' +
          'all data in your data directories.',
      );
    }
  }
}

function directoryKind(config: FormatConfig, plan: FormatPlan, directory: string): string {
  if (directory !== config.metadataLogDir) return 'data directory';
  if (plan.voters === null) return 'metadata directory';
  const isVoter = plan.voters.some((one) => one.directoryId === plan.metadataDirectoryId);
  return isVoter ? 'dynamic metadata voter directory' : 'dynamic metadata directory';
}

function* encoded(records: readonly MetadataRecord[]): IterableIterator<Uint8Array> {
  for (const record of records) yield encodeRecord(record);
}

function writeVoters(runtime: FormatRuntime, directory: string, voters: readonly Voter[]): void {
  const { files, clock } = runtime;
  const nowMs = clock.nowMs();
  const folder = join(directory, METADATA_DIRECTORY);
  files.makeDirectorySync(folder);
  const head = {
    lastContainedLogTimestampMs: nowMs,
    kraftVersion: SUPPORTED_KRAFT_VERSION.max,
    voters,
    nowMs,
    epoch: 0,
  };
  const path = join(folder, snapshotFileName(BOOTSTRAP_SNAPSHOT));
  files.replaceFileSync(path, snapshotBytes(head, []));
  files.chmodSync(path, SNAPSHOT_MODE);
}

function formatDirectory(runtime: FormatRuntime, config: FormatConfig, plan: FormatPlan, directory: string): void {
  const { files, clock } = runtime;
  const nowMs = clock.nowMs();
  const isMetadata = directory === config.metadataLogDir;
  files.makeDirectorySync(directory);
  const head = { lastContainedLogTimestampMs: 0, kraftVersion: 0, voters: [], nowMs, epoch: 0 };
  files.replaceFileSync(join(directory, 'bootstrap.checkpoint'), snapshotBytes(head, encoded(plan.records)));
  if (isMetadata && plan.voters !== null) writeVoters(runtime, directory, plan.voters);
  const directoryId = isMetadata ? plan.metadataDirectoryId : randomClusterId(runtime);
  const lines: [string, string][] = [
    ['node.id', String(config.nodeId)],
    ['directory.id', directoryId],
    ['version', '1'],
    ['cluster.id', plan.clusterId],
  ];
  const text = formatProperties(lines, `\n${javaDate(nowMs)}`);
  files.replaceFileSync(join(directory, 'meta.properties'), text);
}

/** Kafka goes through its directories in descending order of their names. */
function allDirectories(config: FormatConfig): string[] {
  return [...new Set([config.metadataLogDir, ...config.logDirs])].sort().reverse();
}

/** Formats what is not formatted yet and prints what Kafka's tool prints. Throws KtsError. */
export function formatDirectories(
  runtime: FormatRuntime,
  config: FormatConfig,
  options: FormatOptions,
  print: (line: string) => void,
): void {
  const plan = planFormat(runtime, config, options);
  const found = findDirectories(runtime, allDirectories(config), print);
  if (found.empty.length === 0 && found.formatted.size === 0) {
    throw new KtsError('No available log directories to format.');
  }
  checkFormatted(found, plan.clusterId, config.nodeId);
  const [already] = found.formatted.keys();
  if (already !== undefined && !options.ignoreFormatted) {
    throw new KtsError(
      `Log directory ${already} is already formatted. Use --ignore-formatted to ignore this directory and format the ` +
        'others.',
    );
  }
  if (found.empty.length === 0) {
    print('All of the log directories are already formatted.');
    return;
  }
  const { metadataVersion } = plan.features;
  print(`Bootstrap metadata: ${bootstrapMetadataText(plan.records, metadataVersion)}`);
  for (const directory of found.empty) {
    const kind = directoryKind(config, plan, directory);
    print(`Formatting ${kind} ${directory} with metadata.version ${metadataVersionName(metadataVersion)}.`);
    formatDirectory(runtime, config, plan, directory);
  }
}
