/**
 * One client's connection: frames in, requests started in order, answers out in order.
 *
 * Invariants: answers leave in the order of the requests. A request starts when every request before it is answered;
 * only `pipelined` ones may start behind each other. Requests that are read but not answered are bounded in number and
 * bytes, per connection and over all; beyond a bound the socket is paused. A peer that does not read its answers is not
 * read either. Handlers that answer at once cost neither a promise nor a closure.
 */
import { causeText, type Logger } from '../base/logger.ts';
import { ProtocolError } from '../protocol/kafka-error.ts';
import type { Connection } from '../runtime/runtime.ts';
import type { Dispatcher, DispatchOrigin } from './dispatcher.ts';
import type { FramePool } from './frame-pool.ts';
import { FrameReader } from './frame-reader.ts';
import type { Principal } from './handler.ts';
import type { NetworkMetrics } from './network-metrics.ts';
import type { RequestMemory } from './request-memory.ts';
import type { Outcome, ServerRequest } from './server-request.ts';

/** Requests of one connection that are read and not answered. */
const MAX_WAITING_REQUESTS = 256;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** Above this, a peer counts as a slow reader until the kernel has taken everything. Not below 64 KiB: see onDrain. */
const MAX_UNREAD_BYTES = 512 * 1024;
/** Answers of one turn are joined up to this size. */
const JOIN_BYTES = 16 * 1024;

const ANONYMOUS: Principal = { type: 'User', name: 'ANONYMOUS' };

/** What all connections of a server share. */
export interface ConnectionShared {
  readonly maxRequestBytes: number;
  readonly memory: RequestMemory;
  readonly pool: FramePool;
  /** What small requests are read into; empty again before the next read of any connection. */
  readonly scratch: Uint8Array;
  readonly metrics: NetworkMetrics;
  readonly logger: Logger;
  /** Bytes of large answers that sockets have not taken yet. */
  answerBytes: number;
  touched(connection: ServerConnection): void;
  closed(connection: ServerConnection): void;
}

export interface ServerConnectionOptions {
  readonly connection: Connection;
  readonly dispatcher: Dispatcher;
  readonly shared: ConnectionShared;
  readonly listenerName: string;
  readonly connectionId: string;
}

export class ServerConnection implements DispatchOrigin {
  readonly connectionId: string;
  readonly listenerName: string;
  readonly clientAddress: string;
  readonly principal = ANONYMOUS;
  clientSoftwareName = 'unknown';
  clientSoftwareVersion = 'unknown';
  /** Kept by the server: when bytes last came, and the neighbours in its list by age. */
  lastActiveMs = 0;
  newer: ServerConnection | null = null;
  older: ServerConnection | null = null;

  readonly #connection: Connection;
  readonly #dispatcher: Dispatcher;
  readonly #shared: ConnectionShared;
  readonly #reader: FrameReader;
  readonly #whenClosed = new Set<() => void>();
  readonly #done = (request: ServerRequest, outcome: Outcome): void => this.#finishLater(request, outcome);
  readonly #retry = (): void => this.#proceed();
  /** Requests that are not answered, oldest first, and the first of them that has not started. */
  #head: ServerRequest | null = null;
  #tail: ServerRequest | null = null;
  #toStart: ServerRequest | null = null;
  #waitingCount = 0;
  #waitingBytes = 0;
  #running = 0;
  #serialRunning = false;
  /** A frame that was read before its memory was granted. */
  #held: Buffer | null = null;
  /** The next frame is large and others of its kind have to arrive first. */
  #largeRefused = false;
  #out: Buffer[] = [];
  #outBytes = 0;
  #paused = false;
  #slowReader = false;
  #proceeding = false;
  /** Nothing more is read or started. */
  #closing = false;
  /** Nothing more is answered either. */
  #ending = false;
  #closed = false;

  constructor(options: ServerConnectionOptions) {
    const { connection, shared } = options;
    this.#connection = connection;
    this.#dispatcher = options.dispatcher;
    this.#shared = shared;
    this.connectionId = options.connectionId;
    this.listenerName = options.listenerName;
    this.clientAddress = connection.remoteAddress;
    this.#reader = new FrameReader({
      maxBytes: shared.maxRequestBytes,
      reserve: (size) => this.#reserveLarge(size),
      allocate: (size) => shared.pool.take(size),
    });
    if (connection.onRead === undefined) connection.onData((bytes) => this.#receive(bytes));
    else {
      connection.onRead(
        () => this.#reader.target(shared.scratch),
        (bytes) => this.#receive(bytes),
      );
    }
    connection.onDrain(() => this.#drained());
    connection.onClose((error) => this.#onClosed(error));
  }

  /** A request is being handled or waits to be, and will be answered. */
  get isBusy(): boolean {
    return !this.#ending && (this.#head !== null || this.#held !== null);
  }

  setClientSoftware(name: string, version: string): void {
    this.clientSoftwareName = name;
    this.clientSoftwareVersion = version;
  }

  whenClosed(run: () => void): () => void {
    if (this.#closed) {
      queueMicrotask(run);
      return () => {};
    }
    this.#whenClosed.add(run);
    return () => this.#whenClosed.delete(run);
  }

  /** Reads and starts nothing any more; ends once what has started is answered. */
  finish(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#pause();
    this.#dropUnstarted();
    this.#flush();
    this.#endIfDone();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closing) return;
    this.#shared.metrics.bytesIn += bytes.length;
    this.#shared.touched(this);
    this.#reader.push(bytes);
    this.#proceed();
    this.#reader.keep();
  }

  /** Reads frames and starts requests as far as the bounds allow; the one place that resumes a paused socket. */
  #proceed(): void {
    if (this.#proceeding || this.#closing || this.#closed) return;
    this.#proceeding = true;
    let allRead = false;
    try {
      allRead = this.#readFrames();
      this.#flush();
    } catch (error) {
      this.#refuse(error);
    }
    this.#proceeding = false;
    if (this.#closing) this.#endIfDone();
    else if (allRead && !this.#slowReader) this.#resume();
    else this.#pause();
  }

  /** False when a bound stopped it. */
  #readFrames(): boolean {
    for (;;) {
      this.#startRequests();
      if (this.#closing || this.#mustWait()) return false;
      const frame = this.#held ?? this.#nextFrame();
      if (frame === null) return !this.#largeRefused;
      this.#held = frame;
      if (!this.#shared.memory.admit(frame.length, this.#head === null)) {
        this.#shared.memory.wait(this.#retry);
        return false;
      }
      this.#held = null;
      this.#enqueue(frame);
    }
  }

  #nextFrame(): Buffer | null {
    const reserved = this.#reader.reservedBytes;
    this.#largeRefused = false;
    const frame = this.#reader.next();
    if (frame !== null && reserved > 0) this.#shared.memory.releaseArriving(reserved);
    return frame;
  }

  #reserveLarge(size: number): boolean {
    if (this.#shared.memory.reserveArriving(size)) return true;
    this.#largeRefused = true;
    this.#shared.memory.wait(this.#retry);
    return false;
  }

  #mustWait(): boolean {
    return (
      this.#slowReader ||
      this.#waitingCount >= MAX_WAITING_REQUESTS ||
      (this.#waitingCount > 0 && this.#waitingBytes >= MAX_WAITING_BYTES)
    );
  }

  #enqueue(frame: Buffer): void {
    let request: ServerRequest;
    try {
      request = this.#dispatcher.accept(this, frame);
    } catch (error) {
      this.#shared.memory.release(frame.length);
      throw error;
    }
    this.#waitingCount++;
    this.#waitingBytes += frame.length;
    if (this.#tail === null) this.#head = request;
    else this.#tail.next = request;
    this.#tail = request;
    this.#toStart ??= request;
  }

  #startRequests(): void {
    for (;;) {
      const request = this.#toStart;
      if (request === null || this.#closing || this.#slowReader) return;
      const pipelined = request.row.ordering === 'pipelined';
      if (this.#running > 0 && (this.#serialRunning || !pipelined)) return;
      this.#toStart = request.next;
      request.started = true;
      this.#running++;
      this.#serialRunning = !pipelined;
      const outcome = this.#dispatcher.start(request, this, this.#done);
      if (outcome !== null) this.#settle(request, outcome);
    }
  }

  /** A handler's promise has settled: the caller is the loop, not a read. */
  #finishLater(request: ServerRequest, outcome: Outcome): void {
    if (this.#closed) {
      this.#giveBack(outcome);
      return;
    }
    this.#settle(request, outcome);
    if (this.#closing) {
      this.#flush();
      this.#endIfDone();
      return;
    }
    this.#proceed();
  }

  #settle(request: ServerRequest, outcome: Outcome): void {
    request.outcome = outcome;
    this.#running--;
    if (this.#running === 0) this.#serialRunning = false;
    let head = this.#head;
    while (head !== null && head.outcome !== null && !this.#ending) {
      this.#head = head.next;
      if (this.#head === null) this.#tail = null;
      this.#forget(head);
      this.#emit(head.outcome);
      head = this.#head;
    }
  }

  #forget(request: ServerRequest): void {
    this.#waitingCount--;
    this.#waitingBytes -= request.frame.length;
    this.#shared.memory.release(request.frame.length);
    // Its handler is through and kept nothing (see ApiRow); where the client has gone first, it may still be at work.
    if (request.outcome !== null && request.row.ordering === 'pipelined') this.#giveBack(request.frame);
  }

  #emit(outcome: Outcome): void {
    if (outcome === 'drop') return;
    if (outcome === 'close') {
      this.#closing = true;
      this.#ending = true;
      this.#dropUnstarted();
      return;
    }
    this.#shared.metrics.responses++;
    this.#out.push(outcome);
    this.#outBytes += outcome.length;
    if (this.#outBytes > MAX_UNREAD_BYTES / 4) this.#flush();
  }

  #endIfDone(): void {
    if (this.#head === null || this.#ending) this.#connection.end();
  }

  /** Everything that is ready, in one write per answer, small ones of the same turn joined. */
  #flush(): void {
    const out = this.#out;
    if (out.length === 0) return;
    this.#out = [];
    this.#outBytes = 0;
    for (let at = 0; at < out.length; ) {
      const first = out[at] as Buffer;
      let bytes = first.length;
      let end = at + 1;
      while (end < out.length && bytes + (out[end] as Buffer).length <= JOIN_BYTES) {
        bytes += (out[end] as Buffer).length;
        end++;
      }
      this.#write(end === at + 1 ? first : Buffer.concat(out.slice(at, end), bytes));
      at = end;
    }
    if (this.#connection.bufferedBytes > MAX_UNREAD_BYTES) this.#slowReader = true;
  }

  #write(frame: Buffer): void {
    const shared = this.#shared;
    shared.metrics.bytesOut += frame.length;
    if (frame.length <= JOIN_BYTES) {
      this.#connection.write(frame);
      return;
    }
    shared.answerBytes += frame.length;
    this.#connection.write(frame, () => {
      shared.answerBytes -= frame.length;
      this.#giveBack(frame);
    });
  }

  #giveBack(outcome: Outcome): void {
    if (outcome instanceof Buffer) this.#shared.pool.give(outcome);
  }

  #drained(): void {
    if (!this.#slowReader) return;
    this.#slowReader = false;
    this.#proceed();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#shared.metrics.pauses++;
    this.#connection.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#connection.resume();
  }

  /** Bytes that are not the protocol: one line, and the connection ends when earlier answers are out. */
  #refuse(error: unknown): void {
    const { metrics, logger } = this.#shared;
    if (error instanceof ProtocolError) metrics.protocolErrors++;
    const where = `${this.connectionId} on listener ${this.listenerName}`;
    logger.warn(`Closing connection ${where}: ${causeText(error)}`);
    this.#closing = true;
    this.#ending = true;
    this.#pause();
    this.#dropUnstarted();
    this.#flush();
    this.#connection.end();
  }

  #dropUnstarted(): void {
    let last: ServerRequest | null = null;
    let request = this.#head;
    while (request?.started) {
      last = request;
      request = request.next;
    }
    for (; request !== null; request = request.next) this.#forget(request);
    if (last === null) this.#head = null;
    else last.next = null;
    this.#tail = last;
    this.#toStart = null;
    this.#held = null;
    this.#shared.memory.stopWaiting(this.#retry);
  }

  #onClosed(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing = true;
    if (error !== undefined) this.#shared.logger.debug(`Connection ${this.connectionId} failed: ${causeText(error)}`);
    const { memory } = this.#shared;
    if (this.#reader.reservedBytes > 0) memory.releaseArriving(this.#reader.reservedBytes);
    this.#dropUnstarted();
    for (let request = this.#head; request !== null; request = request.next) {
      this.#forget(request);
      if (request.outcome !== null) this.#giveBack(request.outcome);
    }
    this.#head = null;
    this.#tail = null;
    const listeners = [...this.#whenClosed];
    this.#whenClosed.clear();
    for (const run of listeners) run();
    this.#shared.closed(this);
  }
}
