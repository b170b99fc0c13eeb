/**
 * The configuration of a node, checked as a whole: what KafkaConfig refuses is refused here, with its sentence. Every
 * key is reachable by name; those that the wiring and the handlers use all the time have a getter.
 */

import { checkBrokerConfig, checkCoordinatorConfig } from './broker-config-rules.ts';
import { BROKER_KEYS } from './broker-keys.ts';
import { ConfigError, ILLEGAL_ARGUMENT } from './config-error.ts';
import type { ConfigKeys } from './config-key.ts';
import { ConfigValues, type Properties } from './config-values.ts';
import { type Endpoint, isSecurityProtocol, type ProtocolMap, parseEndpoints, parseProtocolMap } from './listeners.ts';
import { FAST_FAILURE_DETECTION, OWN_BROKER_KEYS } from './own-keys.ts';
import { type HostAndPort, parseBootstrapServers, parseVoters, type QuorumVoter } from './quorum-voters.ts';

const ALL_KEYS: ConfigKeys = new Map([...BROKER_KEYS, ...OWN_BROKER_KEYS]);

export type ProcessRole = 'broker' | 'controller';

export class BrokerConfig {
  readonly values: ConfigValues;
  readonly processRoles: ReadonlySet<ProcessRole>;
  readonly nodeId: number;
  readonly rack: string | null;
  readonly logDirs: readonly string[];
  /** Where `__cluster_metadata-0` lives: `metadata.log.dir`, else the first of `log.dirs`. */
  readonly metadataLogDir: string;
  readonly controllerListenerNames: readonly string[];
  /** Of both kinds, as configured. */
  readonly listeners: readonly Endpoint[];
  /** What clients are told to connect to, without controller listeners. Hosts may be empty and ports 0: see `resolveEndpoint`. */
  readonly advertisedListeners: readonly Endpoint[];
  readonly advertisedControllerListeners: readonly Endpoint[];
  readonly interBrokerListenerName: string;
  /** How the broker reaches the controllers: name and protocol of the first controller listener. */
  readonly controllerListenerProtocol: Endpoint['securityProtocol'];
  /** Static voters; empty where the quorum is dynamic. */
  readonly quorumVoters: readonly QuorumVoter[];
  readonly quorumBootstrapServers: readonly HostAndPort[];
  readonly maxConnectionsPerIpOverrides: ReadonlyMap<string, number>;

  private constructor(values: ConfigValues) {
    this.values = values;
    checkCoordinatorConfig(values);
    this.processRoles = new Set(values.list('process.roles') as readonly ProcessRole[]);
    this.nodeId = values.number('node.id');
    this.rack = values.textOrNull('broker.rack');
    this.logDirs = values.listOrNull('log.dirs') ?? values.list('log.dir');
    this.metadataLogDir = values.textOrNull('metadata.log.dir') ?? (this.logDirs[0] as string);
    this.controllerListenerNames = values.list('controller.listener.names');
    this.quorumVoters = parseVoters(values.list('controller.quorum.voters'));
    this.quorumBootstrapServers = parseBootstrapServers(values.list('controller.quorum.bootstrap.servers'));
    this.maxConnectionsPerIpOverrides = parseOverrides(values.text('max.connections.per.ip.overrides'));
    const protocols = protocolMap(values, this.controllerListenerNames);
    this.interBrokerListenerName = interBrokerListener(values, protocols);
    this.listeners = parseEndpoints(values.list('listeners'), protocols, { distinctPorts: true });
    const advertised = values.listOrNull('advertised.listeners');
    const given = advertised === null ? [] : parseEndpoints(advertised, protocols, { distinctPorts: false });
    this.advertisedListeners = (advertised === null ? this.listeners : given).filter(
      ({ listener }) => !this.controllerListenerNames.includes(listener),
    );
    this.advertisedControllerListeners = this.#advertisedControllers(given);
    this.controllerListenerProtocol =
      protocols.get(this.controllerListenerNames[0]?.toUpperCase() ?? '') ?? 'PLAINTEXT';
  }

  /** Throws a ConfigError. Keys that are unknown are kept and reported by `configReport`. */
  static from(properties: Properties): BrokerConfig {
    const given = new Map(properties);
    const nodeId = given.get('node.id');
    const brokerId = given.get('broker.id');
    if (nodeId !== undefined && brokerId === undefined) given.set('broker.id', nodeId);
    if (brokerId !== undefined && nodeId === undefined) given.set('node.id', brokerId);
    const config = new BrokerConfig(new ConfigValues(ALL_KEYS, given));
    checkBrokerConfig(config);
    return config;
  }

  get isBroker(): boolean {
    return this.processRoles.has('broker');
  }

  get isController(): boolean {
    return this.processRoles.has('controller');
  }

  get brokerListeners(): readonly Endpoint[] {
    return this.listeners.filter(({ listener }) => !this.controllerListenerNames.includes(listener));
  }

  get controllerListeners(): readonly Endpoint[] {
    return this.listeners.filter(({ listener }) => this.controllerListenerNames.includes(listener));
  }

  number(name: string): number {
    return this.values.number(name);
  }

  numberOrNull(name: string): number | null {
    return this.values.numberOrNull(name);
  }

  boolean(name: string): boolean {
    return this.values.boolean(name);
  }

  text(name: string): string {
    return this.values.text(name);
  }

  textOrNull(name: string): string | null {
    return this.values.textOrNull(name);
  }

  list(name: string): readonly string[] {
    return this.values.list(name);
  }

  get brokerHeartbeatIntervalMs(): number {
    return this.number('broker.heartbeat.interval.ms');
  }

  get brokerSessionTimeoutMs(): number {
    return this.number('broker.session.timeout.ms');
  }

  get requestTimeoutMs(): number {
    return this.number('request.timeout.ms');
  }

  get socketRequestMaxBytes(): number {
    return this.number('socket.request.max.bytes');
  }

  get fetchMaxBytes(): number {
    return this.number('fetch.max.bytes');
  }

  get messageMaxBytes(): number {
    return this.number('message.max.bytes');
  }

  get numPartitions(): number {
    return this.number('num.partitions');
  }

  get defaultReplicationFactor(): number {
    return this.number('default.replication.factor');
  }

  get minInsyncReplicas(): number {
    return this.number('min.insync.replicas');
  }

  get autoCreateTopicsEnable(): boolean {
    return this.boolean('auto.create.topics.enable');
  }

  get deleteTopicEnable(): boolean {
    return this.boolean('delete.topic.enable');
  }

  get fastFailureDetection(): boolean {
    return this.boolean(FAST_FAILURE_DETECTION);
  }

  get controlledShutdownEnable(): boolean {
    return this.boolean('controlled.shutdown.enable');
  }

  get uncleanLeaderElectionEnable(): boolean {
    return this.boolean('unclean.leader.election.enable');
  }

  get logRetentionMs(): number {
    const ms = this.numberOrNull('log.retention.ms') ?? times(this.numberOrNull('log.retention.minutes'), 60_000);
    const given = ms ?? this.number('log.retention.hours') * 3_600_000;
    return given < 0 ? -1 : given;
  }

  get logRollMs(): number {
    return this.numberOrNull('log.roll.ms') ?? this.number('log.roll.hours') * 3_600_000;
  }

  get logRollJitterMs(): number {
    return this.numberOrNull('log.roll.jitter.ms') ?? this.number('log.roll.jitter.hours') * 3_600_000;
  }

  get logFlushIntervalMs(): number {
    return this.numberOrNull('log.flush.interval.ms') ?? this.number('log.flush.scheduler.interval.ms');
  }

  /** A listener without a host of its own is advertised as this node's entry among the voters, if there is one. */
  #advertisedControllers(given: readonly Endpoint[]): readonly Endpoint[] {
    const own = this.controllerListeners;
    const voter = this.quorumVoters.find(({ nodeId }) => nodeId === this.nodeId);
    return this.controllerListenerNames.flatMap((name, index) => {
      const advertised = given.find(({ listener }) => listener === name.toUpperCase());
      if (advertised !== undefined) return [advertised];
      const endpoint = own.find(({ listener }) => listener === name);
      if (endpoint === undefined) return [];
      if (endpoint.host !== '' && endpoint.host !== '0.0.0.0') return [endpoint];
      if (index > 0 || voter === undefined) return [{ ...endpoint, host: '' }];
      if (voter.host === '0.0.0.0') throw new ConfigError(`Host string (${voter.host}) is not routeable`);
      return [{ ...endpoint, host: voter.host, port: voter.port }];
    });
  }
}

/** An advertised endpoint as it is told to others: the machine's name for an empty host, the bound port for port 0. */
export function resolveEndpoint(endpoint: Endpoint, hostname: string, boundPort: number): Endpoint {
  if (endpoint.host !== '' && endpoint.port !== 0) return endpoint;
  return {
    ...endpoint,
    host: endpoint.host === '' ? hostname : endpoint.host,
    port: endpoint.port === 0 ? boundPort : endpoint.port,
  };
}

function times(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}

/** Unless the map is given, controller listeners are PLAINTEXT as long as no listener asks for TLS or SASL by its name. */
function protocolMap(values: ConfigValues, controllerNames: readonly string[]): ProtocolMap {
  const map = parseProtocolMap(values.text('listener.security.protocol.map'));
  if (values.isGiven('listener.security.protocol.map')) return map;
  const names = [...controllerNames, ...values.list('listeners').map((text) => text.split('://')[0] as string)];
  const secured = names.some((name) => isSecurityProtocol(name.toUpperCase()) && name.toUpperCase() !== 'PLAINTEXT');
  if (secured) return map;
  const whole = new Map(map);
  for (const name of controllerNames) whole.set(name, 'PLAINTEXT');
  return whole;
}

function interBrokerListener(values: ConfigValues, protocols: ProtocolMap): string {
  const given = values.textOrNull('inter.broker.listener.name');
  if (given === null) return values.text('security.inter.broker.protocol');
  if (values.isGiven('security.inter.broker.protocol')) {
    throw new ConfigError('Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.');
  }
  const name = given.toUpperCase();
  if (protocols.has(name)) return name;
  throw new ConfigError(
    `Listener with name ${name} defined in inter.broker.listener.name not found in listener.security.protocol.map.`,
  );
}

/** `address:count,…`; addresses may hold colons. */
function parseOverrides(text: string): ReadonlyMap<string, number> {
  const overrides = new Map<string, number>();
  for (const entry of text.trim() === '' ? [] : text.trim().split(/\s*,\s*/)) {
    const colon = entry.lastIndexOf(':');
    if (colon < 0) {
      throw new ConfigError(
        `Error parsing configuration property 'max.connections.per.ip.overrides': begin 0, end -1, length ${entry.length}`,
        { exception: ILLEGAL_ARGUMENT, hint: 'write it as address:count' },
      );
    }
    const count = entry.slice(colon + 1).trim();
    if (!/^[+-]?[0-9]+$/.test(count)) {
      throw new ConfigError(`For input string: "${count}"`, {
        exception: 'java.lang.NumberFormatException',
        hint: `max.connections.per.ip.overrides wants a number behind ${entry.slice(0, colon)}:`,
      });
    }
    overrides.set(entry.slice(0, colon).trim(), Number(count));
  }
  return overrides;
}
