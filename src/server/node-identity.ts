/**
 * Who the directories of a node say that it is. All of them must agree, and with the configuration; one that is empty
 * and new among formatted ones is given the same identity, as Kafka does with an added disk. One that cannot be read
 * keeps what it says: with another directory.id it would be another voter, and not where the partitions were assigned.
 */
import { join } from 'node:path';
import { KtsError } from '../base/kts-error.ts';
import type { Logger } from '../base/logger.ts';
import { randomUuid, type Uuid } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type MetaProperties, readMetaProperties, writeMetaProperties } from '../storage/meta-properties.ts';

export interface NodeIdentity {
  readonly clusterId: string;
  /** `directory.id` of the directory that holds the metadata log. */
  readonly metadataDirectoryId: Uuid;
}

export function loadNodeIdentity(config: BrokerConfig, runtime: Runtime, logger: Logger): NodeIdentity {
  const directories = [...new Set([config.metadataLogDir, ...config.logDirs])];
  const found = new Map<string, MetaProperties>();
  const unreadable = new Set<string>();
  for (const directory of directories) {
    try {
      const properties = readMetaProperties(runtime.files, directory);
      if (properties !== null) found.set(directory, properties);
    } catch (error) {
      if (error instanceof KtsError) throw error;
      logger.error(`Error while reading meta.properties file ${join(directory, 'meta.properties')}`, error);
      if (directory === config.metadataLogDir) throw unreadableMetadata(directory, error);
      // The log manager deals with it.
      unreadable.add(directory);
    }
  }
  const first = found.get(config.metadataLogDir) ?? found.values().next().value;
  if (!first) {
    throw new KtsError('No readable meta.properties files found.', {
      hint: `Format the storage first: kts storage format --cluster-id "$(kts storage random-uuid)" --config FILE (log.dirs: ${config.logDirs.join(', ')}).`,
    });
  }
  for (const [directory, properties] of found)
    check(join(directory, 'meta.properties'), properties, first, config.nodeId);
  const ids = new Map<string, Uuid>();
  for (const directory of directories) {
    if (unreadable.has(directory)) continue;
    const known = found.get(directory)?.directoryId;
    ids.set(directory, known ?? adopt(directory, { ...first, directoryId: null }, runtime, logger));
  }
  return { clusterId: first.clusterId, metadataDirectoryId: ids.get(config.metadataLogDir) as Uuid };
}

function unreadableMetadata(directory: string, error: unknown): KtsError {
  return new KtsError(
    `Encountered I/O error in metadata log directory ${directory}. Cannot continue: ${(error as Error).message}`,
    { hint: 'Look at the disk. A disk that is lost is replaced by a new one, formatted with kts storage format.' },
  );
}

function check(path: string, properties: MetaProperties, first: MetaProperties, nodeId: number): void {
  if (properties.clusterId !== first.clusterId) {
    throw new KtsError(
      `Invalid cluster.id in: ${path}. Expected ${first.clusterId}, but read ${properties.clusterId}`,
      { hint: 'All log.dirs must belong to one cluster: take out the directory that does not.' },
    );
  }
  if (properties.nodeId !== nodeId) {
    throw new KtsError(
      `Stored node id ${properties.nodeId} doesn't match previous node id ${nodeId} in ${path}. If you moved your data, ` +
        'make sure your configured node id matches. If you intend to create a new node, you should remove all data in ' +
        'your data directories.',
    );
  }
}

function adopt(directory: string, properties: MetaProperties, runtime: Runtime, logger: Logger): Uuid {
  const directoryId = randomUuid((size) => runtime.random.bytes(size));
  try {
    if (runtime.files.statSync(directory) === null) runtime.files.makeDirectorySync(directory);
    writeMetaProperties(runtime.files, directory, { ...properties, directoryId });
    logger.info(`Initializing ${directory} with directory.id ${directoryId}`);
  } catch (error) {
    logger.error(`meta.properties could not be written in ${directory}`, error);
  }
  return directoryId;
}
