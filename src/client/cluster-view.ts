/**
 * What a client knows of its cluster, and the way to its brokers. Every wait has an end. Until the first answer the
 * bootstrap addresses are asked in turn; later the brokers themselves, and the bootstrap addresses when none answers.
 */
import { AddressError } from '../base/address-error.ts';
import { EXIT, KtsError } from '../base/kts-error.ts';
import { type Address, addressText, parseAddresses } from '../network/address.ts';
import { type Api, api } from '../network/api.ts';
import { type Link, LinkError, type OpenLink, reasonOf } from '../network/link.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { type MetadataResponse, metadataRequest, metadataResponse } from '../protocol/messages/metadata.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { backoffMs, Deadline, pause } from './backoff.ts';
import { type Allocate, Connections } from './connections.ts';
import { toKafkaError } from './error-text.ts';
import { type BrokerView, Metadata, type PartitionView, type TopicView } from './metadata.ts';
import { type ClientSettings, DEFAULT_SETTINGS } from './settings.ts';

const METADATA = api(metadataRequest, metadataResponse);

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
  /** Where the answers on that connection go. */
  readonly allocate?: Allocate;
  /** The newest version to use. */
  readonly maxVersion?: number;
  /** Longer than the request timeout, for calls that wait on purpose. */
  readonly timeoutMs?: number;
  /** What is being done, for the words of a timeout. */
  readonly doing?: string;
  /** A failing connection is the caller's: the first LinkError is thrown. */
  readonly once?: boolean;
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

/** The broker could not be reached, or did not answer: what the request did is unknown. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof LinkError || error instanceof UnreachableError;
}

function isUnknownHost(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOTFOUND' || code === 'EAI_AGAIN';
}

function unknownHost(addresses: readonly Address[]): AddressError {
  const hosts = addresses.map((address) => address.host).join(', ');
  return new AddressError(`there is no host ${hosts}`, 'No resolvable bootstrap urls given in bootstrap.servers');
}

const HINT = 'kts server-start runs one; --bootstrap-server or KTS_BOOTSTRAP_SERVER name another';

export class ClusterView {
  readonly runtime: Runtime;
  readonly settings: ClientSettings;
  readonly #bootstrap: readonly Address[];
  readonly #connections: Connections;
  readonly #metadata = new Metadata();
  #wanted = new Map<string, boolean>();
  #updating: Promise<void> = Promise.resolve();
  #queuedUpdate: Promise<void> | undefined;
  #answered = false;
  #turn = 0;
  #channels = 0;

  constructor(options: ClusterOptions) {
    this.runtime = options.runtime;
    this.settings = { ...DEFAULT_SETTINGS, ...options.settings };
    this.#bootstrap = parseAddresses(this.settings.bootstrapServers);
    this.#connections = new Connections(this.runtime, options.openLink, this.settings);
  }

  get clusterId(): string | null {
    return this.#metadata.clusterId;
  }

  get controllerId(): number {
    return this.#metadata.controllerId;
  }

  get brokers(): readonly BrokerView[] {
    return [...this.#metadata.brokers.values()];
  }

  broker(id: number): BrokerView | undefined {
    return this.#metadata.brokers.get(id);
  }

  /** Another number whenever something new was heard. */
  get metadataVersion(): number {
    return this.#metadata.version;
  }

  /** As last heard; undefined when it was never asked for. */
  topic(name: string): TopicView | undefined {
    return this.#metadata.topic(name);
  }

  topicName(id: string): string | undefined {
    return this.#metadata.topicName(id);
  }

  partition(topic: string, partition: number): PartitionView | undefined {
    return this.#metadata.topic(topic)?.partitions[partition];
  }

  /** A leader that an answer named on the way; false when it is no news. */
  learnLeader(topic: string, partition: number, leader: number, leaderEpoch: number): boolean {
    return this.#metadata.learnLeader(topic, partition, leader, leaderEpoch);
  }

  /** `broker 1 at host:port`, for people. */
  brokerText(id: number): string {
    const broker = this.broker(id);
    return broker === undefined ? `broker ${id}` : `broker ${id} at ${addressText(broker)}`;
  }

  get isClosed(): boolean {
    return this.#connections.isClosed;
  }

  /** A name for connections that nobody else uses. */
  newChannel(kind: string): string {
    return `${kind}${this.#channels++} `;
  }

  deadline(ms = this.settings.apiTimeoutMs): Deadline {
    return new Deadline(this.runtime, ms);
  }

  /** The pause before repetition `attempt`. */
  backoffMs(attempt: number): number {
    const { retryBackoffMs, retryBackoffMaxMs } = this.settings;
    const maxMs = Math.max(retryBackoffMs, retryBackoffMaxMs);
    return backoffMs({ firstMs: retryBackoffMs, maxMs }, attempt, this.runtime);
  }

  pause(attempt: number, deadline: Deadline): Promise<void> {
    return pause(this.runtime, Math.min(this.backoffMs(attempt), deadline.leftMs));
  }

  /** Sends and gives the answer, whatever codes it holds. Failing connections are tried again until the deadline. */
  async call<In, Out>(which: Api<In, Out>, value: In, options: CallOptions = {}): Promise<Out> {
    const deadline = options.deadline ?? this.deadline();
    for (let attempt = 0; ; attempt++) {
      try {
        const link = await this.#linkOf(options.node ?? 'any', deadline, options);
        const version = this.#versionOf(link, which, options.maxVersion);
        const answer = link.send(which, version, value, options.timeoutMs ?? this.settings.requestTimeoutMs);
        return await this.#within(answer, link, deadline);
      } catch (error) {
        if (!(error instanceof LinkError) || this.#connections.isClosed || options.once) throw error;
        const isLast = attempt >= this.settings.retries;
        if (!isLast && !deadline.passed) await this.pause(attempt, deadline);
        if (isLast || deadline.passed) throw this.unreachable(options, error);
      }
    }
  }

  /** A caller that is in a hurry gives up alone: the connection, which others use, stays. */
  #within<Out>(answer: Promise<Out>, link: Link, deadline: Deadline): Promise<Out> {
    const { leftMs } = deadline;
    if (leftMs >= this.settings.requestTimeoutMs) return answer;
    return new Promise((resolve, reject) => {
      const timer = this.runtime.timers.after(leftMs, () => {
        reject(new LinkError(`no answer within ${Math.round(leftMs)} ms`, { address: link.address }));
      });
      answer.finally(() => timer.cancel()).then(resolve, reject);
    });
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
  async supports(which: Api<unknown, unknown>, deadline = this.deadline(), doing?: string): Promise<boolean> {
    const link = await this.#linkOf('any', deadline, doing === undefined ? {} : { doing });
    return link.version(which) !== undefined;
  }

  async #linkOf(
    node: number | 'any' | 'controller',
    deadline: Deadline,
    { doing, channel, allocate }: Pick<CallOptions, 'doing' | 'channel' | 'allocate'> = {},
  ): Promise<Link> {
    if (node === 'any') return this.#anyLink(deadline, doing);
    if (node === 'controller') {
      if (this.controllerId < 0) await this.refresh([], { deadline });
      const controller = this.broker(this.controllerId);
      if (controller === undefined) return this.#anyLink(deadline, doing);
      return this.#brokerLink(controller, deadline);
    }
    let broker = this.broker(node);
    if (broker === undefined) {
      await this.refresh([], { deadline });
      broker = this.broker(node);
    }
    if (broker === undefined) throw new LinkError(`broker ${node} is not in the cluster`);
    return this.#brokerLink(broker, deadline, channel, allocate);
  }

  /** The connection to a broker by its id; opened when there is none. Rejects with a LinkError when that fails. */
  link(node: number, deadline = this.deadline()): Promise<Link> {
    return this.#linkOf(node, deadline);
  }

  async #brokerLink(broker: BrokerView, deadline: Deadline, channel = '', allocate?: Allocate): Promise<Link> {
    try {
      return await this.#connections.open(broker, deadline, channel, allocate);
    } catch (error) {
      const text = addressText(broker);
      if (this.#bootstrap.some((address) => addressText(address) === text)) throw error;
      const message = `broker ${broker.id} names ${text} as its address, and that cannot be reached: ${reasonOf(error)}`;
      throw new LinkError(message, { cause: error });
    }
  }

  /** An open connection if there is one, else the first address that answers. */
  async #anyLink(deadline: Deadline, doing = 'connect'): Promise<Link> {
    const patience = this.#answered
      ? deadline
      : this.deadline(Math.min(deadline.leftMs, this.settings.bootstrapPatienceMs));
    let last: unknown;
    for (let attempt = 0; ; attempt++) {
      const candidates = this.#candidates();
      for (let i = 0; i < candidates.length; i++) {
        const address = candidates[(this.#turn + i) % candidates.length] as Address;
        // One that just failed has its rest, unless it is the only one.
        if (candidates.length > 1 && this.#connections.restMs(address) > 0) continue;
        try {
          const link = await this.#connections.open(address, patience);
          this.#turn = (this.#turn + i) % candidates.length;
          this.#answered = true;
          return link;
        } catch (error) {
          if (!(error instanceof LinkError)) throw error;
          last = error.cause ?? error;
        }
      }
      if (this.#connections.isClosed) throw new KtsError('the client is closed');
      if (!this.#answered && isUnknownHost(last) && this.#bootstrap.length === 1) throw unknownHost(this.#bootstrap);
      await this.pause(attempt, patience);
      if (patience.passed) throw this.unreachable({ doing }, last);
    }
  }

  #candidates(): readonly Address[] {
    if (this.#answered && this.settings.metadataRecovery === 'none') return this.brokers;
    const known = new Set(this.brokers.map(addressText));
    return [...this.brokers, ...this.#bootstrap.filter((address) => !known.has(addressText(address)))];
  }

  /** The error when the time is up: names who did not answer, and why. */
  unreachable({ node, doing = 'connect' }: Pick<CallOptions, 'node' | 'doing'>, cause: unknown): UnreachableError {
    if (typeof node === 'number') {
      const reason = reasonOf(cause);
      const isTold = reason.includes('cannot be reached');
      const hint = isTold
        ? 'it must be an address that clients can reach: see advertised.listeners of the broker'
        : 'is it running?';
      return new UnreachableError(
        isTold ? reason : `${this.brokerText(node)} does not answer: ${reason}`,
        hint,
        doing,
        cause,
      );
    }
    const addresses = this.#bootstrap.map(addressText).join(', ');
    return new UnreachableError(`no broker answers at ${addresses}: ${reasonOf(cause)}`, HINT, doing, cause);
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
    this.#metadata.learn(response, topics === null);
    return response;
  }

  /** Fresh metadata of a topic, asked together with what others want at the same time. */
  update(topic: string, create = false): Promise<void> {
    this.#wanted.set(topic, create || (this.#wanted.get(topic) ?? false));
    this.#queuedUpdate ??= this.#updating.then(() => {
      this.#updating = this.#updateWanted();
      const running = this.#updating;
      this.#updating = running.catch(() => undefined);
      return running;
    });
    return this.#queuedUpdate;
  }

  async #updateWanted(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = new Map();
    this.#queuedUpdate = undefined;
    const deadline = this.deadline(this.settings.requestTimeoutMs);
    for (const create of [true, false]) {
      const topics = [...wanted].flatMap(([topic, wanted]) => (wanted === create ? [topic] : []));
      if (topics.length > 0) await this.refresh(topics, { deadline, create });
    }
  }

  close(): void {
    this.#connections.close();
  }
}
