/**
 * The listeners of a node. Those of the broker and those of the controller belong to servers of their own, as in Kafka:
 * a controller goes on answering the quorum while the broker of its process has closed already.
 */
import type { AssertionFailure } from '../base/assert.ts';
import { KtsError } from '../base/kts-error.ts';
import { causeText, type Logger } from '../base/logger.ts';
import { type BrokerConfig, resolveEndpoint } from '../config/broker-config.ts';
import type { Endpoint } from '../config/listeners.ts';
import type { FeatureVersions } from '../network/api-versions.ts';
import type { ApiRow } from '../network/handler.ts';
import type { VersionRange } from '../network/link.ts';
import { type Listener, RequestServer } from '../network/request-server.ts';
import type { VoterEndpoint } from '../raft/voters.ts';
import type { Runtime } from '../runtime/runtime.ts';

const SECURITY_PROTOCOL_CODES: Readonly<Record<Endpoint['securityProtocol'], number>> = {
  PLAINTEXT: 0,
  SSL: 1,
  SASL_PLAINTEXT: 2,
  SASL_SSL: 3,
};

/** An advertised address, as the broker registers it. */
export interface AdvertisedEndpoint extends VoterEndpoint {
  readonly securityProtocol: number;
}

export interface NodeListenersOptions {
  readonly config: BrokerConfig;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Advertised where a listener names no host. */
  readonly hostname: string;
  readonly features: () => FeatureVersions;
  /** See FeatureVersions; for the broker's listeners. */
  readonly versionsOfController: (apiKey: number) => VersionRange | undefined | null;
  readonly onBug: (failure: AssertionFailure) => void;
}

interface Side {
  readonly table: Map<number, ApiRow>;
  readonly server: RequestServer;
}

export class NodeListeners {
  readonly #options: NodeListenersOptions;
  readonly #broker: Side;
  readonly #controller: Side;
  readonly #bound: Listener[] = [];

  constructor(options: NodeListenersOptions) {
    this.#options = options;
    const features = () => ({ ...options.features(), ofController: options.versionsOfController });
    this.#broker = { table: new Map(), server: requestServer({ ...options, features }) };
    this.#controller = { table: new Map(), server: requestServer(options) };
  }

  /** As bound. */
  get bound(): readonly Listener[] {
    return this.#bound;
  }

  /** Rejects with a KtsError that names the address which is taken. */
  async bind(): Promise<void> {
    const { config, logger } = this.#options;
    const acceptor = logger.named('kafka.network.DataPlaneAcceptor');
    for (const endpoint of config.listeners) {
      const { listener: name, host, port } = endpoint;
      const isProtected = config.controllerListenerNames.includes(name);
      const { server, table } = isProtected ? this.#controller : this.#broker;
      try {
        this.#bound.push(await server.listen({ name, host, port, table, isProtected }));
      } catch (error) {
        throw listenFailure(endpoint, error);
      }
      acceptor.info(`Awaiting socket connections on ${host === '' ? '0.0.0.0' : host}:${this.#bound.at(-1)?.port}.`);
    }
  }

  answerBroker(rows: Iterable<ApiRow>): void {
    for (const row of rows) this.#broker.table.set(row.apiKey, row);
  }

  answerController(rows: Iterable<ApiRow>): void {
    for (const row of rows) this.#controller.table.set(row.apiKey, row);
  }

  /** Bytes of large answers that the broker's clients have not taken yet. */
  get answerBytes(): number {
    return this.#broker.server.answerBytes;
  }

  closeBroker(graceMs: number): Promise<void> {
    return this.#broker.server.close(graceMs);
  }

  closeController(graceMs: number): Promise<void> {
    return this.#controller.server.close(graceMs);
  }

  /** Where other nodes reach this controller, in the order of controller.listener.names. */
  controllerEndpoints(): VoterEndpoint[] {
    return this.#options.config.advertisedControllerListeners.map((endpoint) => {
      const { listener, host, port } = this.#resolve(endpoint);
      return { name: listener, host, port };
    });
  }

  /** What clients and other brokers are told to connect to. */
  advertised(): AdvertisedEndpoint[] {
    return this.#options.config.advertisedListeners.map((endpoint) => {
      const { listener, host, port, securityProtocol } = this.#resolve(endpoint);
      return { name: listener, host, port, securityProtocol: SECURITY_PROTOCOL_CODES[securityProtocol] };
    });
  }

  #resolve(endpoint: Endpoint): Endpoint {
    const port = this.#bound.find(({ name }) => name === endpoint.listener)?.port ?? endpoint.port;
    return resolveEndpoint(endpoint, this.#options.hostname, port);
  }
}

function requestServer({ config, runtime, logger, features, onBug }: NodeListenersOptions): RequestServer {
  return new RequestServer({
    runtime,
    logger: logger.named('kafka.network.SocketServer'),
    socketRequestMaxBytes: config.socketRequestMaxBytes,
    queuedMaxRequestBytes: config.number('queued.max.request.bytes'),
    maxConnections: config.number('max.connections'),
    maxConnectionsPerIp: config.number('max.connections.per.ip'),
    maxConnectionsPerIpOverrides: config.maxConnectionsPerIpOverrides,
    connectionsMaxIdleMs: config.number('connections.max.idle.ms'),
    backlog: config.number('socket.listen.backlog.size'),
    features,
    onBug,
  });
}

function listenFailure(endpoint: Endpoint, error: unknown): KtsError {
  const where = `${endpoint.host === '' ? '0.0.0.0' : endpoint.host}:${endpoint.port}`;
  if ((error as { code?: string }).code === 'EADDRINUSE') {
    return new KtsError(`Socket server failed to bind to ${where}: Address already in use.`, {
      hint: `Stop the program that listens there, or choose another port for listener ${endpoint.listener}.`,
      cause: error,
    });
  }
  return new KtsError(`Socket server failed to bind to ${where}: ${causeText(error)}`, { cause: error });
}
