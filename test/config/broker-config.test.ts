/** 181 configurations and what Kafka 4.3.1's KafkaConfig says to each. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KtsError } from '../../src/base/kts-error.ts';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import type { Endpoint } from '../../src/config/listeners.ts';

interface Case {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly error: string | null;
  readonly listeners?: readonly string[];
  readonly advertised?: readonly string[];
  readonly advertisedController?: readonly string[];
  readonly logDirs?: readonly string[];
}

const CASES = JSON.parse(
  readFileSync(new URL('./facts/broker-config-cases.json', import.meta.url), 'utf8'),
) as readonly Case[];

/** Java classes cannot be loaded here, so Kafka's refusals of unknown ones have no counterpart. */
const JAVA_ONLY = new Set(['principal.builder.class=com.x.Y', 'group.consumer.assignors=nope']);
/** Kafka accepts these; kts has neither TLS nor SASL yet. */
const SECURED = new Set(['map duplicate']);

const texts = (endpoints: readonly Endpoint[]): string[] =>
  endpoints.map(({ listener, host, port }) => `${listener}://${host}:${port}`);

function errorOf(properties: Case['properties']): unknown {
  try {
    BrokerConfig.from(new Map(Object.entries(properties)));
    return null;
  } catch (error) {
    return error;
  }
}

describe('BrokerConfig', () => {
  it.each(CASES.filter((each) => each.error !== null && !JAVA_ONLY.has(each.name)))(
    'refuses $name as Kafka does',
    ({ properties, error }) => {
      const thrown = errorOf(properties);
      expect(thrown).toBeInstanceOf(ConfigError);
      const { exception, kafkaMessage } = thrown as ConfigError;
      expect(`${exception}: ${kafkaMessage}`).toBe(error);
    },
  );

  it.each(CASES.filter((each) => each.error === null && !SECURED.has(each.name)))('accepts $name', (each) => {
    const config = BrokerConfig.from(new Map(Object.entries(each.properties)));
    expect(texts(config.listeners)).toEqual(each.listeners);
    expect(texts(config.advertisedListeners)).toEqual(each.advertised);
    expect(texts(config.advertisedControllerListeners)).toEqual(each.advertisedController);
    expect(config.logDirs).toEqual(each.logDirs);
  });

  it('refuses TLS and SASL in its own words', () => {
    for (const each of CASES.filter(({ name }) => SECURED.has(name))) {
      const thrown = errorOf(each.properties);
      expect(thrown).toBeInstanceOf(KtsError);
      expect((thrown as KtsError).message).toMatch(/kts speaks only PLAINTEXT/);
    }
  });
});
