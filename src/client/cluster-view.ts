/**
 * What a client knows of its cluster: brokers, topics, leaders; and the connections to it, opened when they are needed.
 * Every wait has an end. Until the first answer the bootstrap addresses are asked in turn; later the brokers themselves.
 */
import { AddressError } from '../base/address-error.ts';
import { EXIT, KtsError } from '../base/kts-error.ts';
import { ZERO_UUID } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { type MetadataResponse, metadataRequest, metadataResponse } from '../protocol/messages/metadata.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type Api, api } from './api.ts';
import { backoffMs, Deadline, pause } from './backoff.ts';
import { toKafkaError } from './error-text.ts';
import { type Link, LinkError, type OpenLink } from './link.ts';
import { type Address, type ClientSettings, DEFAULT_SETTINGS, parseAddresses } from './settings.ts';

const METADATA = api(metadataRequest, metadataResponse);

export interface BrokerView extends Address {
  readonly id: number;
  readonly rack: string | null;
}

export interface PartitionView {
  readonly partition: number;
  /** -1: none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offline: readonly number[];
  readonly errorCode: number;
}

export interface TopicView {
  readonly name: string;
  readonly id: string;
  readonly isInternal: boolean;
  readonly errorCode: number;
  /** By partition number. */
  readonly partitions: readonly PartitionView[];
}

export interface ClusterOptions {
  readonly runtime: Runtime;
  readonly openLink: OpenLink;
  readonly settings?: Partial<ClientSettings>;
}

export interface CallOptions {
  /** A broker's id, the controller, or whoever answers (the default). */
  readonly node?: number | 'any' | 'controller';
  readonly deadline?: Deadline;
  /** A connection of its own for calls that hold others up (long polls): its name. */
  readonly channel?: string;
  /** The newest version to use. */
  readonly maxVersion?: number;
  /** Longer than the request timeout, for calls that wait on purpose. */
  readonly timeoutMs?: number;
  /** What is being done, for the words of a timeout. */
  readonly doing?: string;
}

/** `host:port`, as people write it. */
export function addressText(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Nobody answered within the time. */
export class UnreachableError extends KtsError {
  /** What was to be done. */
  readonly doing: string;

  constructor(message: string, hint: string, doing: string, cause: unknown) {
    super(message, { hint, exitCode: EXIT.unreachable, cause });
    this.doing = doing;
  }
}

function whyNot(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown host';
  if (code === 'ETIMEDOUT') return 'no answer to the connection';
  return error instanceof Error ? error.message.replace(/\s*\n\s*/g, ' ') : String(error);
}

function isUnknownHost(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOTFOUND' || code === 'EAI_AGAIN';
}

function unknownHost(addresses: readonly Address[]): AddressError {
  const hosts = addresses.map((address) => address.host).join(', ');
  return new AddressError(`there is no host ${hosts}`, 'No resolvable bootstrap urls given in bootstrap.servers');
}

export class ClusterView {
  readonly runtime: Runtime;
  readonly settings: ClientSettings;
  readonly #openLink: OpenLink;
  readonly #bootstrap: readonly Address[];
  readonly #links = new Map<string, Promise<Link>>();
  #brokers = new Map<number, BrokerView>();
  #topics = new Map<string, TopicView>();
  #topicNames = new Map<string, string>();
  #clusterId: string | null = null;
  #controllerId = -1;
  #answered = false;
  #closed = false;
  #turn = 0;

  constructor(options: ClusterOptions) {
    this.runtime = options.runtime;
    this.#openLink = options.openLink;
    this.settings = { ...DEFAULT_SETTINGS, ...options.settings };
    this.#bootstrap = parseAddresses(this.settings.bootstrapServers);
  }

  get clusterId(): string | null {
    return this.#clusterId;
  }

  get controllerId(): number {
    return this.#controllerId;
  }

  get brokers(): readonly BrokerView[] {
    return [...this.#brokers.values()];
  }

  broker(id: number): BrokerView | undefined {
    return this.#brokers.get(id);
  }

  /** As last heard; undefined when it was never asked for. */
  topic(name: string): TopicView | undefined {
    return this.#topics.get(name);
  }

  topicName(id: string): string | undefined {
    return this.#topicNames.get(id);
  }

  partition(topic: string, partition: number): PartitionView | undefined {
    return this.#topics.get(topic)?.partitions[partition];
  }

  deadline(ms = this.settings.apiTimeoutMs): Deadline {
    return new Deadline(this.runtime, ms);
  }

  pause(attempt: number, deadline: Deadline): Promise<void> {
    const { retryBackoffMs, retryBackoffMaxMs } = this.settings;
    const ms = backoffMs({ firstMs: retryBackoffMs, maxMs: retryBackoffMaxMs }, attempt, this.runtime);
    return pause(this.runtime, Math.min(ms, deadline.leftMs));
  }

  /** Sends and gives the answer, whatever codes it holds. Failing connections are tried again until the deadline. */
  async call<In, Out>(which: Api<In, Out>, value: In, options: CallOptions = {}): Promise<Out> {
    const deadline = options.deadline ?? this.deadline();
    for (let attempt = 0; ; attempt++) {
      try {
        const link = await this.#linkOf(options.node ?? 'any', deadline, options);
        const version = this.#versionOf(link, which, options.maxVersion);
        const left = Math.min(options.timeoutMs ?? this.settings.requestTimeoutMs, Math.max(1, deadline.leftMs));
        return await link.send(which, version, value, left);
      } catch (error) {
        if (!(error instanceof LinkError) || this.#closed) throw error;
        if (!deadline.passed) await this.pause(attempt, deadline);
        if (deadline.passed) throw this.#unreachable(options.doing ?? 'connect', error);
      }
    }
  }

  #versionOf(link: Link, which: Api<unknown, unknown>, limit?: number): number {
    const version = link.version(which, limit);
    if (version === undefined) {
      // METADATA, CREATE_TOPICS: as Kafka's clients name an API.
      const name = which.request.name.replace(/Request$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, '_');
      throw toKafkaError(ErrorCode.UNSUPPORTED_VERSION, `The node does not support ${name.toUpperCase()}`);
    }
    return version;
  }

  /** Whether the broker that answers knows the API. */
  async supports(which: Api<unknown, unknown>, deadline = this.deadline()): Promise<boolean> {
    const link = await this.#linkOf('any', deadline);
    return link.version(which) !== undefined;
  }

  async #linkOf(
    node: number | 'any' | 'controller',
    deadline: Deadline,
    { doing, channel }: { readonly doing?: string; readonly channel?: string } = {},
  ): Promise<Link> {
    if (node === 'any') return this.#anyLink(deadline, doing);
    if (node === 'controller') {
      if (this.#controllerId < 0) await this.refresh([], { deadline });
      const controller = this.#brokers.get(this.#controllerId);
      if (controller === undefined) return this.#anyLink(deadline, doing);
      return this.#brokerLink(controller, deadline);
    }
    let broker = this.#brokers.get(node);
    if (broker === undefined) {
      await this.refresh([], { deadline });
      broker = this.#brokers.get(node);
    }
    if (broker === undefined) throw new LinkError(`broker ${node} is not in the cluster`);
    return this.#brokerLink(broker, deadline, channel);
  }

  /** The connection to a broker by its id; opened when there is none. */
  async link(node: number, deadline = this.deadline()): Promise<Link> {
    return this.#linkOf(node, deadline);
  }

  async #brokerLink(broker: BrokerView, deadline: Deadline, channel = ''): Promise<Link> {
    try {
      return await this.#open(broker, deadline, channel);
    } catch (error) {
      const text = addressText(broker);
      if (this.#bootstrap.some((address) => addressText(address) === text)) throw error;
      const hint = 'it must be an address that clients can reach: see advertised.listeners of the broker';
      const message = `broker ${broker.id} names ${text} as its address, and that cannot be reached: ${whyNot(error)}`;
      if (!deadline.passed) throw new LinkError(message, { cause: error });
      throw new UnreachableError(message, hint, 'connect', error);
    }
  }

  /** Opens or shares; a failed or closed one is forgotten. */
  async #open(address: Address, deadline: Deadline, channel = ''): Promise<Link> {
    const key = channel + addressText(address);
    const known = this.#links.get(key);
    if (known !== undefined) {
      const link = await known;
      if (link.isOpen) return link;
      if (this.#links.get(key) === known) this.#links.delete(key);
      else return this.#open(address, deadline, channel);
    }
    if (this.#closed) throw new KtsError('the client is closed');
    const opening = this.#openLink({
      runtime: this.runtime,
      address,
      clientId: this.settings.clientId,
      connectTimeoutMs: Math.min(this.settings.connectTimeoutMs, Math.max(1, deadline.leftMs)),
      requestTimeoutMs: this.settings.requestTimeoutMs,
    });
    this.#links.set(key, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#links.get(key) === opening) this.#links.delete(key);
      throw error instanceof LinkError ? error : new LinkError(whyNot(error), { cause: error });
    }
  }

  /** An open connection if there is one, else the first address that answers. */
  async #anyLink(deadline: Deadline, doing = 'connect'): Promise<Link> {
    const patience = this.#answered
      ? deadline
      : this.deadline(Math.min(deadline.leftMs, this.settings.bootstrapPatienceMs));
    let last: unknown;
    for (let attempt = 0; ; attempt++) {
      const candidates: Address[] = [...this.#brokers.values(), ...this.#bootstrap];
      for (let i = 0; i < candidates.length; i++) {
        const address = candidates[(this.#turn + i) % candidates.length] as Address;
        try {
          const link = await this.#open(address, patience);
          this.#turn = (this.#turn + i) % candidates.length;
          this.#answered = true;
          return link;
        } catch (error) {
          if (!(error instanceof LinkError)) throw error;
          last = error.cause ?? error;
        }
      }
      if (this.#closed) throw new KtsError('the client is closed');
      if (!this.#answered && isUnknownHost(last) && this.#bootstrap.length === 1) throw unknownHost(this.#bootstrap);
      await this.pause(attempt, patience);
      if (patience.passed) throw this.#unreachable(doing, last);
    }
  }

  #unreachable(doing: string, cause: unknown): UnreachableError {
    const addresses = this.#bootstrap.map(addressText).join(', ');
    return new UnreachableError(
      `no broker answers at ${addresses}: ${whyNot(cause)}`,
      'kts server-start runs one; --bootstrap-server or KTS_BOOTSTRAP_SERVER name another',
      doing,
      cause,
    );
  }

  /** Asks for metadata: of all topics (null), or of these. Topics that are gone are forgotten. */
  async refresh(
    topics: readonly string[] | null,
    options: { readonly deadline?: Deadline; readonly create?: boolean; readonly doing?: string } = {},
  ): Promise<MetadataResponse> {
    const response = await this.call(
      METADATA,
      {
        topics: topics === null ? null : topics.map((name) => ({ name })),
        allowAutoTopicCreation: options.create ?? false,
      },
      options,
    );
    if (response.errorCode !== 0) throw toKafkaError(response.errorCode);
    this.#learn(response, topics === null);
    return response;
  }

  #learn(response: MetadataResponse, everything: boolean): void {
    this.#clusterId = response.clusterId;
    this.#controllerId = response.controllerId;
    this.#brokers = new Map(
      response.brokers.map((b) => [b.nodeId, { id: b.nodeId, host: b.host, port: b.port, rack: b.rack }]),
    );
    if (everything) {
      this.#topics = new Map();
      this.#topicNames = new Map();
    }
    for (const topic of response.topics) {
      if (topic.name === null) continue;
      const partitions: PartitionView[] = [];
      for (const p of topic.partitions) {
        partitions[p.partitionIndex] = {
          partition: p.partitionIndex,
          leader: p.leaderId,
          leaderEpoch: p.leaderEpoch,
          replicas: p.replicaNodes,
          isr: p.isrNodes,
          offline: p.offlineReplicas,
          errorCode: p.errorCode,
        };
      }
      const view = {
        name: topic.name,
        id: topic.topicId,
        isInternal: topic.isInternal,
        errorCode: topic.errorCode,
        partitions,
      };
      this.#topics.set(topic.name, view);
      if (topic.topicId !== ZERO_UUID) this.#topicNames.set(topic.topicId, topic.name);
    }
  }

  close(): void {
    this.#closed = true;
    for (const opening of this.#links.values()) {
      opening.then(
        (link) => link.close(),
        () => undefined,
      );
    }
    this.#links.clear();
  }
}
