/**
 * `KAFKA_*` of the environment as Apache's container image reads it: `KAFKA_A_B` is `a.b`, `__` is `_`, `___` is `-`.
 * Names that steer the JVM and the image itself are no keys. The caller decides whether the environment counts at all:
 * only where no properties file is given.
 */
const PREFIX = 'KAFKA_';

const EXCLUDED = new Set([
  'KAFKA_VERSION',
  'KAFKA_HEAP_OPTS',
  'KAFKA_LOG4J_OPTS',
  'KAFKA_OPTS',
  'KAFKA_JMX_OPTS',
  'KAFKA_JVM_PERFORMANCE_OPTS',
  'KAFKA_GC_LOG_OPTS',
  'KAFKA_LOG4J_ROOT_LOGLEVEL',
  'KAFKA_LOG4J_LOGGERS',
  'KAFKA_TOOLS_LOG4J_LOGLEVEL',
  'KAFKA_JMX_HOSTNAME',
]);

/** Names that people export for the shell's sake; they are no keys either, and change nothing. */
const SHELL_ONLY = new Set(['KAFKA_HOME', 'KAFKA_DEBUG', 'KAFKA_JMX_PORT', 'KAFKA_CLUSTER_ID', 'KAFKA_CLASSPATH']);

/** `KAFKA_LOG_RETENTION__X___Y` is `log.retention_x-y`. */
export function keyOfVariable(name: string): string {
  return name
    .slice(PREFIX.length)
    .replace(/_{1,3}/g, (run) => (run.length === 1 ? '.' : run.length === 2 ? '_' : '-'))
    .toLowerCase();
}

/** `separator`: what every underscore stands for, where a run of them means nothing of its own. */
export function propertiesFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  separator?: string,
): Map<string, string> {
  const properties = new Map<string, string>();
  for (const name of Object.keys(env).sort()) {
    const value = env[name];
    if (value === undefined || !name.startsWith(PREFIX) || name === PREFIX) continue;
    if (EXCLUDED.has(name) || SHELL_ONLY.has(name)) continue;
    const key =
      separator === undefined
        ? keyOfVariable(name)
        : name.slice(PREFIX.length).toLowerCase().replaceAll('_', separator);
    properties.set(key, value);
  }
  return properties;
}
