/**
 * Log levels of this node as BROKER_LOGGER configs. They live in the process only: a restart forgets them, as Kafka's
 * does, and nothing of it reaches the controller.
 */

import { LOG_LEVELS, type LogLevel, type LogLevels, ROOT_LOGGER } from '../../base/log-levels.ts';
import type { Logger } from '../../base/logger.ts';
import type { DescribedConfig } from '../../config/describe-configs.ts';
import { ConfigSource } from '../../config/topic-config.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';

export interface LoggerChange {
  readonly name: string;
  readonly value: string | null;
  /** Absent in AlterConfigs, which Kafka does not take for loggers either. */
  readonly configOperation?: number;
}

const SET = 0;
const DELETE = 1;
const OPERATION_NAMES = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'];

export function describeLoggers(logger: Logger, names: readonly string[] | null): DescribedConfig[] {
  const all = logger.levels?.all() ?? [];
  return all
    .filter(([name]) => names === null || names.includes(name))
    .map(([name, value]) => ({
      name,
      value,
      readOnly: false,
      configSource: ConfigSource.DYNAMIC_BROKER_LOGGER,
      isSensitive: false,
      synonyms: [],
      configType: 0,
      documentation: null,
    }));
}

/** All of a resource's changes or none. */
export function alterLoggers(logger: Logger, changes: readonly LoggerChange[], validateOnly: boolean): void {
  const { levels } = logger;
  if (levels === undefined) throw new KafkaError(ErrorCode.INVALID_REQUEST, 'This node writes no log.');
  for (const change of changes) checkChange(levels, change);
  if (validateOnly) return;
  for (const { name, value, configOperation } of changes) {
    if (configOperation === DELETE) levels.unset(name);
    else levels.set(name, value as LogLevel);
    logger.info(
      configOperation === DELETE ? `Unset the log level of ${name}` : `Updated the log level of ${name} to ${value}`,
    );
  }
}

function checkChange(levels: LogLevels, { name, value, configOperation }: LoggerChange): void {
  if (configOperation !== SET && configOperation !== DELETE) {
    const operation = OPERATION_NAMES[configOperation ?? SET] ?? String(configOperation);
    const message = `${operation} operation is not allowed for the BROKER_LOGGER resource`;
    throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
  }
  if (!levels.has(name)) throw new KafkaError(ErrorCode.INVALID_CONFIG, `Logger ${name} does not exist!`);
  if (configOperation === DELETE && name === ROOT_LOGGER) {
    throw new KafkaError(ErrorCode.INVALID_REQUEST, 'Removing the log level of the root logger is not allowed');
  }
  if (configOperation === SET && !(LOG_LEVELS as readonly (string | null)[]).includes(value)) {
    throw new KafkaError(
      ErrorCode.INVALID_CONFIG,
      `Cannot set the log level of ${name} to ${value} as it is not a supported log level. ` +
        `Valid log levels are ${LOG_LEVELS.join(', ')}`,
    );
  }
}
