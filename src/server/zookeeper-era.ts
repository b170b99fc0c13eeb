/**
 * The start of a node from a file of ZooKeeper's time. Such a broker made its directories itself; so does this one, as
 * long as they are empty: nothing that somebody keeps there is touched.
 */
import { KtsError } from '../base/kts-error.ts';
import type { Logger } from '../base/logger.ts';
import { BrokerConfig } from '../config/broker-config.ts';
import type { Properties } from '../config/config-values.ts';
import { fromZookeeperConfig } from '../config/zookeeper-config.ts';
import type { Files, Runtime } from '../runtime/runtime.ts';
import { readMetaProperties } from '../storage/meta-properties.ts';
import { formatDirectories, randomClusterId } from './format/format-directories.ts';
import { NO_FORMAT_OPTIONS } from './format/format-options.ts';

/** What is there without anybody having put it there. */
const NOTHING = new Set(['lost+found', '.lock']);

/** The configuration of the node, its directories formatted when they are new. */
export function prepareZookeeperEra(properties: Properties, runtime: Runtime, logger: Logger): BrokerConfig {
  // Which directories there are does not hang on the id.
  const guess = BrokerConfig.from(fromZookeeperConfig(properties, null).properties);
  const { properties: converted, note } = fromZookeeperConfig(properties, storedId(guess, runtime.files));
  logger.warn(note);
  const config = BrokerConfig.from(converted);
  if (storedId(config, runtime.files) !== null) return config;
  for (const directory of config.logDirs) refuseUsed(directory, runtime.files);
  const clusterId = randomClusterId(runtime);
  formatDirectories(runtime, config, { ...NO_FORMAT_OPTIONS, clusterId }, () => {});
  logger.info(`Formatted ${config.logDirs.join(', ')} for the new cluster ${clusterId}`);
  return config;
}

function storedId(config: BrokerConfig, files: Files): number | null {
  for (const directory of config.logDirs) {
    try {
      const found = readMetaProperties(files, directory);
      if (found !== null) return found.nodeId;
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
