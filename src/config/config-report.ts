/**
 * What a node says once about its configuration when it starts: keys that change nothing in kts yet, keys that nobody
 * knows, entries that stand twice. Nothing here refuses anything.
 */
import type { BrokerConfig } from './broker-config.ts';
import { BROKER_KEYS, DYNAMIC_BROKER_KEYS } from './broker-keys.ts';
import { brokerKey } from './config-layers.ts';
import type { Properties } from './config-values.ts';
import { nearestWord } from './nearest.ts';
import { TOPIC_KEYS } from './topic-keys.ts';

export interface ConfigReport {
  /** Given, known to Kafka, and without effect here. */
  readonly withoutEffect: readonly string[];
  readonly unknown: readonly { readonly name: string; readonly nearest: string | undefined }[];
  /** Lines for the log, WARN. */
  readonly warnings: readonly string[];
}

/** Settings of plugins travel under their own prefixes. */
const PLUGIN_PREFIX = /^(rlmm\.config\.|rsm\.config\.|config\.providers\.|metric\.reporters\.|kafka\.metrics\.)/;

/** Read by Kafka's authorizer, outside its key definitions. */
const AUTHORIZER_KEYS = new Set(['super.users', 'allow.everyone.if.no.acl.found']);

/** Keys of Kafka's ZooKeeper times, still found in files. */
export const ZOOKEEPER_KEYS =
  /^(zookeeper\.|zk\.|inter\.broker\.protocol\.version$|log\.message\.format\.version$|control\.plane\.)/;

/** `asked`: what people wrote, where some of the configuration was made for them. */
export function configReport(config: BrokerConfig, asked: Properties = config.values.given): ConfigReport {
  const withoutEffect: string[] = [];
  const unknown: { name: string; nearest: string | undefined }[] = [];
  const warnings = [...config.values.repeatedEntries()];
  for (const name of [...config.values.given.keys()].filter((key) => asked.has(key)).sort()) {
    const row = brokerKey(name);
    if (row !== undefined) {
      if (!row.effect && !isDefault(config, name)) withoutEffect.push(name);
    } else if (AUTHORIZER_KEYS.has(name)) {
      withoutEffect.push(name);
    } else if (ZOOKEEPER_KEYS.test(name)) {
      warnings.push(`${name} has no meaning since Kafka 4: there is no ZooKeeper any more`);
    } else if (!PLUGIN_PREFIX.test(name)) {
      unknown.push({ name, nearest: nearestKey(name) });
    }
  }
  for (const { name, nearest } of unknown) {
    warnings.push(
      `unknown configuration ${name} is ignored${nearest === undefined ? '' : `; did you mean ${nearest}?`}`,
    );
  }
  if (withoutEffect.length > 0) warnings.push(`set, but without effect in kts so far: ${withoutEffect.join(', ')}`);
  if (config.isBroker) warnings.push(...heartbeatWarning(config));
  return { withoutEffect, unknown, warnings };
}

/** A key set to its default asks for nothing. */
function isDefault(config: BrokerConfig, name: string): boolean {
  const row = BROKER_KEYS.get(name);
  return row !== undefined && typeof row.default === 'string' && config.values.canonical(name) === row.default;
}

function nearestKey(name: string): string | undefined {
  // A topic's key in the node's file is the commonest mistake after a typo.
  if (TOPIC_KEYS.has(name)) return BROKER_KEYS.has(`log.${name}`) ? `log.${name}` : undefined;
  return nearestWord(name, [...BROKER_KEYS.keys(), ...DYNAMIC_BROKER_KEYS.keys()]);
}

function heartbeatWarning(config: BrokerConfig): string[] {
  const [heartbeat, session] = [config.brokerHeartbeatIntervalMs, config.brokerSessionTimeoutMs];
  if (heartbeat <= session / 2) return [];
  return [
    `broker.heartbeat.interval.ms (${heartbeat} ms) must be less than or equal to half of the broker.session.timeout.ms (${session} ms). The broker.session.timeout.ms is configured on controller. The broker.heartbeat.interval.ms is configured on broker. If a broker doesn't send heartbeat request within broker.session.timeout.ms, it loses broker lease. Please increase broker.session.timeout.ms or decrease broker.heartbeat.interval.ms.`,
  ];
}
