/**
 * A connection to a broker: versions are agreed when it opens, requests go out at once and are answered in order, each
 * within its time. After a failure of any kind it is closed, and every request that waits learns why.
 */
import { KTS_VERSION } from '../base/versions.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import { decodeResponseFrame, encodeRequestFrame } from '../protocol/frames.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../protocol/messages/api-versions.ts';
import type { Connection, Runtime, TimerHandle } from '../runtime/runtime.ts';
import type { Address } from './address.ts';
import { type Api, api } from './api.ts';
import { FrameReader } from './frame-reader.ts';
import { type Link, LinkError, type LinkOptions, reasonOf, type VersionRange } from './link.ts';

const API_VERSIONS = api(apiVersionsRequest, apiVersionsResponse);
const SOFTWARE_NAME = 'kts';

/** A larger answer is damage: brokers cut theirs far below. */
const MAX_FRAME_BYTES = 0x7fff_ffff;

/** Small answers of all links; used up before the next read. */
const SCRATCH = new Uint8Array(64 * 1024);

interface Waiting {
  readonly correlationId: number;
  readonly take: (frame: Buffer) => void;
  readonly fail: (error: Error) => void;
  readonly timer: TimerHandle;
}

export class ClientLink implements Link {
  readonly address: Address;
  readonly #runtime: Runtime;
  readonly #clientId: string;
  readonly #connection: Connection;
  readonly #waiting: Waiting[] = [];
  readonly #frames: FrameReader;
  readonly #ranges = new Map<number, VersionRange>();
  readonly #idleMs: number;
  readonly #onClosed: ((error: Error) => void) | undefined;
  #idleTimer: TimerHandle | undefined;
  #usedAtMs: number;
  #nextCorrelationId = 0;
  #closed: Error | undefined;

  private constructor(options: LinkOptions, connection: Connection) {
    this.address = options.address;
    this.#runtime = options.runtime;
    this.#clientId = options.clientId;
    this.#connection = connection;
    this.#idleMs = options.idleMs;
    this.#onClosed = options.onClosed;
    this.#usedAtMs = options.runtime.clock.monotonicMs();
    this.#frames = new FrameReader({
      maxBytes: MAX_FRAME_BYTES,
      reserve: () => true,
      allocate: options.allocate ?? Buffer.allocUnsafeSlow,
      largeBytes: MAX_FRAME_BYTES,
    });
    if (connection.onRead === undefined) connection.onData((bytes) => this.#received(bytes));
    else {
      connection.onRead(
        () => this.#frames.target(SCRATCH),
        (bytes) => this.#received(bytes),
      );
    }
    connection.onClose((error) => {
      this.#fail(this.#error(error === undefined ? 'the broker closed the connection' : reasonOf(error), error));
    });
    if (this.#idleMs >= 0) this.#watchIdle(this.#idleMs);
  }

  #error(reason: string, cause?: unknown): LinkError {
    return new LinkError(reason, { address: this.address, cause });
  }

  /** One timer per connection; what was used meanwhile is looked at again when its time is up. */
  #watchIdle(afterMs: number): void {
    const look = () => {
      const left = this.#usedAtMs + this.#idleMs - this.#runtime.clock.monotonicMs();
      if (left > 0 || this.#waiting.length > 0) this.#watchIdle(Math.max(left, 1_000));
      else this.close();
    };
    this.#idleTimer = this.#runtime.timers.after(afterMs, look, { unref: true });
  }

  static async open(options: LinkOptions): Promise<ClientLink> {
    const connection = await options.runtime.sockets.connect({
      ...options.address,
      timeoutMs: options.connectTimeoutMs,
    });
    const link = new ClientLink(options, connection);
    try {
      await link.#agree(options.requestTimeoutMs);
    } catch (error) {
      link.close();
      throw error;
    }
    return link;
  }

  /** The newest ApiVersions that we know; a broker that does not know it answers with version 0 and what it knows. */
  async #agree(timeoutMs: number): Promise<void> {
    const own = API_VERSIONS.request.validVersions?.max ?? 0;
    const value = { clientSoftwareName: SOFTWARE_NAME, clientSoftwareVersion: KTS_VERSION };
    const frame = await this.#exchange(API_VERSIONS, own, value, timeoutMs);
    // The error code is the first field behind the correlation id, in every version.
    let code = frame.readInt16BE(4);
    let response = code === ErrorCode.UNSUPPORTED_VERSION ? undefined : this.#decode(API_VERSIONS, own, frame);
    if (response === undefined) {
      const fallback = this.#decode(API_VERSIONS, 0, frame).apiKeys.find((key) => key.apiKey === 18)?.maxVersion ?? 0;
      const version = Math.min(own, fallback);
      response = this.#decode(API_VERSIONS, version, await this.#exchange(API_VERSIONS, version, value, timeoutMs));
      code = response.errorCode;
    }
    if (code !== 0) throw this.#error(`it answered ${errorName(code)} to the first request`);
    for (const key of response.apiKeys) this.#ranges.set(key.apiKey, { min: key.minVersion, max: key.maxVersion });
  }

  get isOpen(): boolean {
    return this.#closed === undefined;
  }

  version(which: Api<unknown, unknown>, limit = Number.POSITIVE_INFINITY): number | undefined {
    const theirs = this.#ranges.get(which.request.apiKey);
    const ours = which.request.validVersions;
    if (theirs === undefined || ours === null) return undefined;
    const version = Math.min(theirs.max, ours.max, limit);
    return version < theirs.min || version < ours.min ? undefined : version;
  }

  range(apiKey: number): VersionRange | undefined {
    return this.#ranges.get(apiKey);
  }

  async send<In, Out>(which: Api<In, Out>, version: number, value: In, timeoutMs: number): Promise<Out> {
    return this.#decode(which, version, await this.#exchange(which, version, value, timeoutMs));
  }

  #decode<In, Out>(which: Api<In, Out>, version: number, frame: Buffer): Out {
    return decodeResponseFrame(which.response, version, frame).body;
  }

  #exchange<In>(which: Api<In, unknown>, version: number, value: In, timeoutMs: number): Promise<Buffer> {
    const correlationId = this.#newCorrelationId();
    const frame = encodeRequestFrame(which.request, version, { correlationId, clientId: this.#clientId }, value);
    return this.#exchangeFrame(frame, correlationId, timeoutMs);
  }

  #newCorrelationId(): number {
    this.#nextCorrelationId = (this.#nextCorrelationId + 1) & 0x7fff_ffff;
    return this.#nextCorrelationId;
  }

  #exchangeFrame(frame: Buffer, correlationId: number, timeoutMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) {
        reject(this.#closed);
        return;
      }
      const timer = this.#runtime.timers.after(timeoutMs, () => {
        this.#fail(this.#error(`no answer within ${Math.round(timeoutMs)} ms`));
      });
      this.#waiting.push({ correlationId, take: resolve, fail: reject, timer });
      this.#usedAtMs = this.#runtime.clock.monotonicMs();
      this.#connection.write(frame);
    });
  }

  /** Stamps a prepared request frame with a number of this connection and sends it. */
  async sendPrepared<In, Out>(which: Api<In, Out>, version: number, frame: Buffer, timeoutMs: number): Promise<Out> {
    const correlationId = this.#newCorrelationId();
    frame.writeInt32BE(correlationId, 8);
    return this.#decode(which, version, await this.#exchangeFrame(frame, correlationId, timeoutMs));
  }

  sendPreparedUnanswered(frame: Buffer): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    frame.writeInt32BE(this.#newCorrelationId(), 8);
    this.#usedAtMs = this.#runtime.clock.monotonicMs();
    return new Promise((resolve, reject) => {
      this.#connection.write(frame, () => {
        if (this.#closed === undefined) resolve();
        else reject(this.#closed);
      });
    });
  }

  #received(bytes: Uint8Array): void {
    try {
      this.#frames.push(bytes);
      for (let frame = this.#frames.next(); frame !== null; frame = this.#frames.next()) this.#answered(frame);
      this.#frames.keep();
    } catch (error) {
      this.#fail(this.#error(reasonOf(error), error));
    }
  }

  #answered(frame: Buffer): void {
    const next = this.#waiting.shift();
    if (next === undefined || frame.length < 4 || frame.readInt32BE(0) !== next.correlationId) {
      const error = this.#error('it answered something that was not asked');
      next?.timer.cancel();
      next?.fail(error);
      this.#fail(error);
      return;
    }
    next.timer.cancel();
    next.take(frame);
  }

  #fail(error: Error): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    this.#idleTimer?.cancel();
    this.#connection.destroy();
    for (const waiting of this.#waiting.splice(0)) {
      waiting.timer.cancel();
      waiting.fail(error);
    }
    this.#onClosed?.(error);
  }

  close(): void {
    this.#fail(this.#error('the connection was closed'));
  }
}
