/**
 * The node that runs without a properties file: broker and controller in one, on loopback only, every internal topic
 * with one replica, nothing to configure. Its directory is formatted on first use and kept.
 */

export interface EmbeddedAddress {
  /** 0: a free one. */
  readonly port: number;
  readonly controllerPort: number;
  /** Whether the machine has ::1; `localhost` means either. */
  readonly ipv6: boolean;
}

/** The properties of the embedded default, as a file would give them; `overrides` win. */
export function embeddedProperties(
  dataDirectory: string,
  address: EmbeddedAddress,
  overrides: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const { port, controllerPort, ipv6 } = address;
  const listeners = [`PLAINTEXT://127.0.0.1:${port}`, `CONTROLLER://127.0.0.1:${controllerPort}`];
  // A free port is known to this process alone, which need not resolve names.
  const advertised = [`PLAINTEXT://${port === 0 ? '127.0.0.1' : 'localhost'}:${port}`];
  const protocols = ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT'];
  if (ipv6 && port !== 0) {
    listeners.splice(1, 0, `LOCAL6://[::1]:${port}`);
    advertised.push(`LOCAL6://localhost:${port}`);
    protocols.push('LOCAL6:PLAINTEXT');
  }
  const properties = new Map([
    ['process.roles', 'broker,controller'],
    ['node.id', '1'],
    ['controller.quorum.voters', `1@127.0.0.1:${controllerPort}`],
    ['controller.listener.names', 'CONTROLLER'],
    ['listeners', listeners.join(',')],
    ['advertised.listeners', advertised.join(',')],
    ['listener.security.protocol.map', protocols.join(',')],
    ['inter.broker.listener.name', 'PLAINTEXT'],
    ['log.dirs', dataDirectory],
    ['offsets.topic.replication.factor', '1'],
    ['transaction.state.log.replication.factor', '1'],
    ['transaction.state.log.min.isr', '1'],
    ['share.coordinator.state.topic.replication.factor', '1'],
    ['share.coordinator.state.topic.min.isr', '1'],
    ['group.initial.rebalance.delay.ms', '0'],
    ...overrides,
  ]);
  const given = overrides.get('listeners');
  if (given === undefined) return properties;
  // Other listeners are advertised as they are, unless it is said how.
  if (!overrides.has('advertised.listeners')) properties.delete('advertised.listeners');
  const controller = /(?:^|,)\s*CONTROLLER:\/\/[^,]*:(\d+)/.exec(given)?.[1];
  if (controller !== undefined && !overrides.has('controller.quorum.voters')) {
    properties.set('controller.quorum.voters', `1@127.0.0.1:${controller}`);
  }
  return properties;
}
