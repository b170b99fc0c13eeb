/** The log directories of a broker, opened as its configuration says. */
import type { Logger } from '../base/logger.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import { topicConfig } from '../config/topic-config.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type DirectoryFailure, LogManager } from '../storage/log-manager.ts';

export interface BrokerLogsOptions {
  readonly config: BrokerConfig;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly onDirectoryFailure: (failure: DirectoryFailure) => void;
}

/** Locks the directories, recovers every log and removes the clean-shutdown markers. */
export function openBrokerLogs({
  config,
  runtime,
  logger,
  onDirectoryFailure,
}: BrokerLogsOptions): Promise<LogManager> {
  return LogManager.open({
    directories: config.logDirs,
    ...runtime,
    logger,
    // Each log gets its topic's own configuration as soon as the metadata is known.
    configOf: () => topicConfig(config),
    onDirectoryFailure,
    intervals: {
      initialTaskDelayMs: config.number('log.initial.task.delay.ms'),
      retentionCheckMs: config.number('log.retention.check.interval.ms'),
      flushSchedulerMs: config.number('log.flush.scheduler.interval.ms'),
      offsetCheckpointMs: config.number('log.flush.offset.checkpoint.interval.ms'),
      highWatermarkCheckpointMs: config.number('replica.high.watermark.checkpoint.interval.ms'),
      producerExpiryCheckMs: config.number('producer.id.expiration.check.interval.ms'),
    },
    producerIdExpirationMs: config.number('producer.id.expiration.ms'),
  });
}
