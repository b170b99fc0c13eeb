/** Kafka's coordinators begin each line of their log with who they are. */
import type { Logger } from '../base/logger.ts';

export function withPrefix(logger: Logger, prefix: string): Logger {
  return {
    debug: (message) => logger.debug(`${prefix} ${message}`),
    info: (message) => logger.info(`${prefix} ${message}`),
    warn: (message) => logger.warn(`${prefix} ${message}`),
    error: (message, cause) => logger.error(`${prefix} ${message}`, cause),
    named: (name) => withPrefix(logger.named(name), prefix),
  };
}
