import { describe, expect, it } from 'vitest';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { embeddedProperties } from '../../src/server/embedded-default.ts';

const ADDRESS = { port: 9092, controllerPort: 9093, ipv6: true };

function config(overrides: Record<string, string>): BrokerConfig {
  return BrokerConfig.from(embeddedProperties('/data', ADDRESS, new Map(Object.entries(overrides))));
}

describe('the node without a file', () => {
  it('listens on loopback, in both families where there are two', () => {
    const properties = embeddedProperties('/data', ADDRESS);
    expect(properties.get('listeners')).toBe(
      'PLAINTEXT://127.0.0.1:9092,LOCAL6://[::1]:9092,CONTROLLER://127.0.0.1:9093',
    );
    expect(properties.get('advertised.listeners')).toBe('PLAINTEXT://localhost:9092,LOCAL6://localhost:9092');
  });

  it('takes other listeners, advertises them as they are and finds its controller there', () => {
    const listeners = 'PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093';
    const properties = embeddedProperties('/data', ADDRESS, new Map([['listeners', listeners]]));
    expect(properties.has('advertised.listeners')).toBe(false);
    expect(properties.get('controller.quorum.voters')).toBe('1@127.0.0.1:19093');
    expect(() => config({ listeners })).not.toThrow();
  });

  it('leaves alone what is said of them', () => {
    const listeners = 'PLAINTEXT://0.0.0.0:19092,CONTROLLER://127.0.0.1:19093';
    const said = { 'advertised.listeners': 'PLAINTEXT://h:1', 'controller.quorum.voters': '1@c:2' };
    const properties = embeddedProperties('/data', ADDRESS, new Map(Object.entries({ listeners, ...said })));
    expect(Object.fromEntries(properties)).toMatchObject({ listeners, ...said });
  });
});
