/** What KafkaConfig demands of several keys together, in its words; and what kts itself cannot do yet, in ours. */
import { EXIT, KtsError } from '../base/kts-error.ts';
import type { BrokerConfig } from './broker-config.ts';
import { ConfigError, ILLEGAL_ARGUMENT, requireConfig } from './config-error.ts';
import type { ConfigValues } from './config-values.ts';

const CODECS = 4;

/** Bounds that one key sets for another: [smaller, larger]. */
const ORDERED: readonly (readonly [string, string])[] = ['consumer', 'share', 'streams'].flatMap((kind) =>
  ['heartbeat.interval.ms', 'session.timeout.ms'].flatMap((what): [string, string][] => [
    [`group.${kind}.min.${what}`, `group.${kind}.max.${what}`],
    [`group.${kind}.min.${what}`, `group.${kind}.${what}`],
    [`group.${kind}.${what}`, `group.${kind}.max.${what}`],
  ]),
);

/** The group coordinator's own rules, checked before those of the node. */
export function checkCoordinatorConfig(values: ConfigValues): void {
  if (!values.list('group.coordinator.rebalance.protocols').includes('classic')) {
    throw new ConfigError("Disabling the 'classic' protocol is not supported.");
  }
  for (const [smaller, larger] of ORDERED) {
    if (values.number(larger) >= values.number(smaller)) continue;
    const isMin = smaller.includes('.min.');
    const message = isMin
      ? `${larger} must be greater than or equal to ${smaller}`
      : `${smaller} must be less than or equal to ${larger}`;
    throw new ConfigError(message, { exception: ILLEGAL_ARGUMENT });
  }
  const codec = values.number('offsets.topic.compression.codec');
  if (codec < 0 || codec > CODECS) {
    throw new ConfigError(`Unknown compression type id: ${codec}`, {
      exception: ILLEGAL_ARGUMENT,
      hint: 'offsets.topic.compression.codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd',
    });
  }
}

function setText(values: Iterable<string | number>): string {
  return [...values].join(',');
}

function checkLogs(config: BrokerConfig): void {
  requireConfig(config.logRollMs >= 1, 'log.roll.ms must be greater than or equal to 1');
  requireConfig(config.logRollJitterMs >= 0, 'log.roll.jitter.ms must be greater than or equal to 0');
  requireConfig(
    config.logRetentionMs >= 1 || config.logRetentionMs === -1,
    'log.retention.ms must be unlimited (-1) or, greater than or equal to 1',
  );
  const cordoned = config.values.listOrNull('cordoned.log.dirs') ?? [];
  const missing = cordoned.filter((directory) => directory !== '*' && !config.logDirs.includes(directory));
  requireConfig(
    missing.length === 0,
    `All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : ${missing.join(', ')}`,
  );
  requireConfig(
    config.number('log.cleaner.dedupe.buffer.size') / config.number('log.cleaner.threads') > 1024 * 1024,
    'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.',
  );
  const waitMs = config.number('replica.fetch.wait.max.ms');
  requireConfig(
    waitMs <= config.number('replica.socket.timeout.ms'),
    'replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary socket timeouts',
  );
  requireConfig(
    waitMs <= config.number('replica.lag.time.max.ms'),
    'replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent changes in ISR',
  );
}

function checkQuorum(config: BrokerConfig): void {
  if (config.quorumVoters.length === 0 && config.quorumBootstrapServers.length === 0) {
    throw new ConfigError(
      'If using process.roles, either controller.quorum.bootstrap.servers must contain the set of bootstrap controllers or controller.quorum.voters must contain a parseable set of controllers.',
      { hint: `for one node: controller.quorum.voters=${config.nodeId}@localhost:9093` },
    );
  }
  const ids = config.quorumVoters.map(({ nodeId }) => nodeId);
  const voters = `controller.quorum.voters=Set(${ids.join(', ')})`;
  if (config.isController) {
    requireConfig(
      ids.length === 0 || ids.includes(config.nodeId),
      `If process.roles contains the 'controller' role, the node id ${config.nodeId} must be included in the set of voters ${voters}`,
    );
  } else {
    requireConfig(
      !ids.includes(config.nodeId),
      `If process.roles contains just the 'broker' role, the node id ${config.nodeId} must not be included in the set of voters ${voters}`,
    );
  }
}

function checkControllerListeners(config: BrokerConfig): void {
  const names = config.controllerListenerNames;
  const own = config.listeners.map(({ listener }) => listener);
  if (!config.isController) {
    requireConfig(
      !names.some((name) => own.includes(name)),
      "controller.listener.names must not contain a value appearing in the 'listeners' configuration when running KRaft with just the broker role",
    );
    return;
  }
  if (!config.isBroker) {
    requireConfig(
      config.advertisedControllerListeners.length === config.listeners.length,
      'The listeners config must only contain KRaft controller listeners from controller.listener.names when process.roles=controller',
    );
  }
  requireConfig(
    config.advertisedControllerListeners.length > 0,
    "controller.listener.names must contain at least one value appearing in the 'listeners' configuration when running the KRaft controller role",
    'add the controller listener to listeners, for instance listeners=PLAINTEXT://:9092,CONTROLLER://:9093',
  );
  requireConfig(
    names.every((name) => own.includes(name)),
    "controller.listener.names must only contain values appearing in the 'listeners' configuration when running the KRaft controller role",
  );
}

function checkBrokerListeners(config: BrokerConfig): void {
  const advertised = config.advertisedListeners.map(({ listener }) => listener);
  const own = config.listeners.map(({ listener }) => listener);
  requireConfig(
    advertised.length > 0,
    'There must be at least one broker advertised listener. Perhaps all listeners appear in controller.listener.names?',
  );
  requireConfig(
    advertised.includes(config.interBrokerListenerName),
    `inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are ${setText(advertised)}`,
    'set inter.broker.listener.name to the listener over which brokers talk to each other',
  );
  requireConfig(
    advertised.every((name) => own.includes(name)),
    `advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${setText(advertised)}. The valid options based on the current configuration are ${setText(own)}`,
  );
  requireConfig(
    !config.advertisedListeners.some(({ host }) => host === '0.0.0.0'),
    'advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.',
    'set advertised.listeners to the name that clients connect to, for instance PLAINTEXT://localhost:9092',
  );
}

function checkConnections(config: BrokerConfig): void {
  const queued = config.number('queued.max.request.bytes');
  requireConfig(
    queued <= 0 || queued >= config.socketRequestMaxBytes,
    'queued.max.request.bytes must be larger or equal to socket.request.max.bytes',
  );
  const overrides = config.maxConnectionsPerIpOverrides;
  requireConfig(
    config.number('max.connections.per.ip') !== 0 || overrides.size > 0,
    'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.',
  );
  const invalid = [...overrides.keys()].filter((address) => !/^([0-9a-zA-Z\-%._:]*)$/.test(address));
  if (invalid.length > 0) {
    throw new ConfigError(`max.connections.per.ip.overrides contains invalid addresses : ${invalid.join(',')}`, {
      exception: ILLEGAL_ARGUMENT,
    });
  }
  const idleMs = config.number('connections.max.idle.ms');
  const delayMs = config.number('connection.failed.authentication.delay.ms');
  requireConfig(
    idleMs < 0 || delayMs < idleMs,
    `connection.failed.authentication.delay.ms=${delayMs} should always be less than connections.max.idle.ms=${idleMs} to prevent failed authentication responses from timing out`,
  );
}

/** TLS and SASL are not there yet: better no node than one that talks in the clear where that was not meant. */
function refuseSecuredListeners(config: BrokerConfig): void {
  for (const { listener, securityProtocol } of [...config.listeners, ...config.advertisedListeners]) {
    if (securityProtocol === 'PLAINTEXT') continue;
    throw new KtsError(`listener ${listener} asks for ${securityProtocol}, and kts speaks only PLAINTEXT so far`, {
      hint: 'map the listener to PLAINTEXT in listener.security.protocol.map, or put a TLS proxy in front of it',
      exitCode: EXIT.usage,
    });
  }
}

function checkEarlyStart(config: BrokerConfig): void {
  const known = new Set([...config.listeners.map(({ listener }) => listener), ...config.controllerListenerNames]);
  for (const name of config.values.listOrNull('early.start.listeners') ?? []) {
    if (known.has(name)) continue;
    throw new ConfigError(
      `early.start.listeners contains listener ${name}, but this is not contained in listeners or controller.listener.names`,
    );
  }
}

export function checkBrokerConfig(config: BrokerConfig): void {
  if (config.nodeId !== config.number('broker.id')) {
    throw new ConfigError('You must set `node.id` to the same value as `broker.id`.', {
      hint: 'leave broker.id out: node.id is enough',
    });
  }
  checkLogs(config);
  checkQuorum(config);
  checkControllerListeners(config);
  if (config.isBroker) checkBrokerListeners(config);
  checkConnections(config);
  checkEarlyStart(config);
  refuseSecuredListeners(config);
}
