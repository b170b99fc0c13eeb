/**
 * Brokers at the end of the client's links, in memory and under a clock that the test moves. They keep logs, refuse
 * sequences as Kafka does, and meet each request with the fate that the test gives it.
 */

import { ClusterView } from '../../../src/client/cluster-view.ts';
import type { ClientSettings } from '../../../src/client/settings.ts';
import type { Api } from '../../../src/network/api.ts';
import { type Link, LinkError, type LinkOptions } from '../../../src/network/link.ts';
import { decodeMessage, encodeMessage } from '../../../src/protocol/codec.ts';
import { decodeRequestHeader } from '../../../src/protocol/frames.ts';
import { nodeFiles } from '../../../src/runtime/node-files.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { SeededRandom } from '../../storage/support.ts';
import { ManualTime } from '../../support/manual-time.ts';
import { MemorySockets } from '../../support/memory-sockets.ts';
import { answerOf } from './fake-handlers.ts';
import { FakeLog } from './fake-log.ts';

/** What happens to a request: answered; refused with a code; lost before or behind its work; never answered, likewise. */
export type Fate =
  | 'answer'
  | 'lose'
  | 'loseAnswer'
  | 'hang'
  | 'hangAnswer'
  | { readonly code: number; readonly done?: boolean };

export interface FakeRequest {
  readonly broker: number;
  /** Like `Produce`. */
  readonly name: string;
  readonly version: number;
  // biome-ignore lint/suspicious/noExplicitAny: requests of every kind; each handler knows its own
  readonly body: any;
}

export interface FakePartition {
  leader: number;
  epoch: number;
  readonly log: FakeLog;
}

export interface FakeTopic {
  readonly name: string;
  readonly id: string;
  readonly partitions: FakePartition[];
}

export class FakeCluster {
  readonly time = new ManualTime();
  readonly random: SeededRandom;
  readonly runtime: Runtime;
  readonly topics = new Map<string, FakeTopic>();
  readonly brokers = new Set<number>();
  readonly links = new Set<FakeLink>();
  readonly requests: FakeRequest[] = [];
  readonly fetchSessions = new Map<
    number,
    { readonly broker: number; epoch: number; readonly asked: Map<string, unknown> }
  >();
  hasSessions = true;
  nextSessionId = 1;
  nextProducerId = 1000;
  latencyMs = 1;
  fate: (request: FakeRequest) => Fate = () => 'answer';

  constructor({ brokers = 1, seed = 1 }: { readonly brokers?: number; readonly seed?: number } = {}) {
    this.random = new SeededRandom(seed);
    this.runtime = {
      clock: this.time,
      timers: this.time,
      random: this.random,
      files: nodeFiles,
      sockets: new MemorySockets(),
    };
    for (let id = 1; id <= brokers; id++) this.brokers.add(id);
  }

  topic(name: string, partitions = 1): FakeTopic {
    const ids = [...this.brokers];
    const id = `T${name}`.padEnd(21, 'A').slice(0, 21).concat('A');
    const list = Array.from({ length: partitions }, (_, i) => {
      return { leader: ids[i % ids.length] as number, epoch: 0, log: new FakeLog() };
    });
    const topic = { name, id, partitions: list };
    this.topics.set(name, topic);
    return topic;
  }

  view(settings: Partial<ClientSettings> = {}): ClusterView {
    return new ClusterView({
      runtime: this.runtime,
      openLink: (options) => this.openLink(options),
      settings: { bootstrapServers: 'b1:9092', ...settings },
    });
  }

  openLink = async (options: LinkOptions): Promise<Link> => {
    const id = Number(options.address.host.slice(1));
    if (!this.brokers.has(id)) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const link = new FakeLink(this, id, options);
    this.links.add(link);
    return link;
  };

  /** Its connections end; nothing is lost but what was under way. */
  kill(broker: number): void {
    this.brokers.delete(broker);
    for (const [id, session] of this.fetchSessions) if (session.broker === broker) this.fetchSessions.delete(id);
    for (const link of this.links) if (link.broker === broker) link.fail('connection reset');
  }

  restart(broker: number): void {
    this.brokers.add(broker);
    for (const { partitions } of this.topics.values()) {
      for (const partition of partitions) if (partition.leader === broker) partition.epoch++;
    }
  }

  count(name: string): number {
    return this.requests.filter((request) => request.name === name).length;
  }

  /** Lets what is ready happen, without time passing. */
  async settle(): Promise<void> {
    for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Time passes, step by step. */
  async run(ms: number, stepMs = 10): Promise<void> {
    await this.settle();
    for (let left = ms; left > 0; left -= stepMs) {
      this.time.advance(Math.min(stepMs, left));
      await this.settle();
    }
  }

  /** Time passes until the promise ends, up to `limitMs`. */
  async until<T>(promise: Promise<T>, limitMs = 300_000, stepMs = 10): Promise<T> {
    let isOver = false;
    const over = promise.then(
      () => {
        isOver = true;
      },
      () => {
        isOver = true;
      },
    );
    for (let spent = 0; spent < limitMs; spent += stepMs) {
      await this.settle();
      if (isOver) break;
      this.time.advance(stepMs);
    }
    await this.settle();
    if (!isOver) throw new Error(`nothing came of it within ${limitMs} ms`);
    await over;
    return promise;
  }
}

interface Waiting {
  readonly finish: (run: () => void) => void;
  readonly reject: (error: Error) => void;
}

export class FakeLink implements Link {
  readonly address: LinkOptions['address'];
  readonly broker: number;
  readonly #cluster: FakeCluster;
  readonly #waiting = new Set<Waiting>();
  /** Requests of one connection are worked on one after the other. */
  #busy: Promise<void> = Promise.resolve();
  #closed: LinkError | undefined;

  constructor(cluster: FakeCluster, broker: number, options: LinkOptions) {
    this.#cluster = cluster;
    this.broker = broker;
    this.address = options.address;
  }

  get isOpen(): boolean {
    return this.#closed === undefined;
  }

  version(api: Api<unknown, unknown>, limit = Number.POSITIVE_INFINITY): number | undefined {
    const { validVersions } = api.request;
    return validVersions === null ? undefined : Math.min(validVersions.max, limit);
  }

  send<In, Out>(api: Api<In, Out>, version: number, value: In, timeoutMs: number): Promise<Out> {
    const body = decodeMessage(api.request, version, encodeMessage(api.request, version, value));
    return this.#exchange(api, version, body, timeoutMs) as Promise<Out>;
  }

  sendPrepared<In, Out>(api: Api<In, Out>, version: number, frame: Buffer, timeoutMs: number): Promise<Out> {
    return this.#exchange(api, version, this.#decode(api, version, frame), timeoutMs) as Promise<Out>;
  }

  async sendPreparedUnanswered(frame: Buffer): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    void frame;
  }

  #decode(api: Api<unknown, unknown>, version: number, frame: Buffer): unknown {
    const bytes = Buffer.from(frame.subarray(4));
    return decodeMessage(api.request, version, bytes, decodeRequestHeader(bytes).bodyStart);
  }

  #exchange(api: Api<unknown, unknown>, version: number, body: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const request = { broker: this.broker, name: api.request.name.replace(/Request$/, ''), version, body };
    return new Promise((resolve, reject) => {
      const timer = this.#cluster.time.after(timeoutMs, () => this.fail(`no answer within ${timeoutMs} ms`));
      const waiting: Waiting = {
        reject,
        finish: (run) => {
          if (!this.#waiting.delete(waiting)) return;
          timer.cancel();
          run();
        },
      };
      this.#waiting.add(waiting);
      this.#busy = this.#busy.then(() => this.#work(api, request, waiting, resolve));
    });
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#cluster.time.after(ms, resolve);
    });
  }

  async #work(
    api: Api<unknown, unknown>,
    request: FakeRequest,
    waiting: Waiting,
    resolve: (value: unknown) => void,
  ): Promise<void> {
    await this.#delay(this.#cluster.latencyMs);
    if (this.#closed !== undefined) return;
    this.#cluster.requests.push(request);
    const fate = this.#cluster.fate(request);
    if (fate === 'lose') {
      this.fail('connection reset');
      return;
    }
    // Nothing behind it is worked on either.
    if (fate === 'hang') return new Promise(() => undefined);
    const code = typeof fate === 'object' ? fate.code : 0;
    const isDone = typeof fate !== 'object' || fate.done === true;
    const answer = answerOf(this.#cluster, request, code, isDone);
    const wait = typeof answer === 'object' && answer !== null && 'waitMs' in answer ? Number(answer.waitMs) : 0;
    if (wait > 0) await this.#delay(wait);
    if (fate === 'hangAnswer') return new Promise(() => undefined);
    if (fate === 'loseAnswer') {
      this.fail('connection reset');
      return;
    }
    const { version } = request;
    const bytes = encodeMessage(api.response, version, answer as never);
    waiting.finish(() => resolve(decodeMessage(api.response, version, bytes)));
  }

  fail(reason: string): void {
    if (this.#closed !== undefined) return;
    const error = new LinkError(reason, { address: this.address });
    this.#closed = error;
    this.#cluster.links.delete(this);
    for (const waiting of [...this.#waiting]) waiting.finish(() => waiting.reject(error));
  }

  close(): void {
    this.fail('the connection was closed');
  }
}
