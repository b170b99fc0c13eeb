/**
 * The server side of a node: named listeners, each with its own handler table, over one account of connections, memory
 * and time. Idle connections are found by one coarse timer over a list by age, not by a timer each.
 */
import type { AssertionFailure } from '../base/assert.ts';
import { causeText, type Logger } from '../base/logger.ts';
import type { Connection, ListenerHandle, Runtime, TimerHandle } from '../runtime/runtime.ts';
import type { FeatureVersions } from './api-versions.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { Dispatcher } from './dispatcher.ts';
import { FramePool } from './frame-pool.ts';
import type { HandlerTable } from './handler.ts';
import { NetworkMetrics } from './network-metrics.ts';
import { RequestMemory } from './request-memory.ts';
import { type ConnectionShared, ServerConnection } from './server-connection.ts';

/** Requests read and not answered, over all connections, where `queued.max.request.bytes` sets nothing. */
export const DEFAULT_REQUEST_MEMORY_BYTES = 64 * 1024 * 1024;

export interface RequestServerOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'sockets'>;
  readonly logger: Logger;
  readonly socketRequestMaxBytes: number;
  /** Below 1: DEFAULT_REQUEST_MEMORY_BYTES. */
  readonly queuedMaxRequestBytes?: number;
  readonly maxConnections?: number;
  readonly maxConnectionsPerIp?: number;
  readonly maxConnectionsPerIpOverrides?: ReadonlyMap<string, number>;
  /** Below 0: never. */
  readonly connectionsMaxIdleMs?: number;
  readonly backlog?: number;
  /** For ApiVersions; asked at each request. */
  readonly features: () => FeatureVersions;
  /** A failed assert in a handler: the node has to stop. */
  readonly onBug: (failure: AssertionFailure) => void;
}

export interface ListenerOptions {
  /** As in `listeners`, in upper case. */
  readonly name: string;
  /** Empty: every address. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly table: HandlerTable;
  /** `max.connections` does not hold here: brokers and controllers must reach each other. */
  readonly isProtected?: boolean;
}

export interface Listener {
  readonly name: string;
  readonly host: string;
  /** The bound one. */
  readonly port: number;
}

const MAX_INDEX = 2 ** 31;
const SCRATCH_BYTES = 64 * 1024;

export class RequestServer {
  readonly metrics = new NetworkMetrics();
  readonly limits: ConnectionLimits;
  readonly memory: RequestMemory;
  readonly #options: RequestServerOptions;
  readonly #pool = new FramePool();
  readonly #shared: ConnectionShared;
  readonly #handles: ListenerHandle[] = [];
  readonly #connections = new Set<ServerConnection>();
  #oldest: ServerConnection | null = null;
  #newest: ServerConnection | null = null;
  #idleTimer: TimerHandle | null = null;
  #nextIndex = 0;
  #closing = false;
  #whenEmpty: (() => void) | null = null;

  constructor(options: RequestServerOptions) {
    this.#options = options;
    const queued = options.queuedMaxRequestBytes ?? 0;
    this.memory = new RequestMemory(queued > 0 ? queued : DEFAULT_REQUEST_MEMORY_BYTES);
    this.limits = new ConnectionLimits({
      maxConnections: options.maxConnections ?? Number.POSITIVE_INFINITY,
      maxConnectionsPerIp: options.maxConnectionsPerIp ?? Number.POSITIVE_INFINITY,
      perIpOverrides: options.maxConnectionsPerIpOverrides ?? new Map(),
    });
    this.#shared = {
      maxRequestBytes: options.socketRequestMaxBytes,
      memory: this.memory,
      pool: this.#pool,
      scratch: Buffer.allocUnsafeSlow(SCRATCH_BYTES),
      metrics: this.metrics,
      logger: options.logger,
      answerBytes: 0,
      touched: (connection) => this.#touch(connection),
      closed: (connection) => this.#forget(connection),
    };
  }

  /** Bytes of large answers that clients have not taken yet. */
  get answerBytes(): number {
    return this.#shared.answerBytes;
  }

  /** Opens a listener; rejects with the socket's error (EADDRINUSE, EACCES, ENOTFOUND…). */
  async listen(options: ListenerOptions): Promise<Listener> {
    const dispatcher = new Dispatcher({
      table: options.table,
      features: this.#options.features,
      pool: this.#pool,
      logger: this.#options.logger,
      metrics: this.metrics,
      onBug: this.#options.onBug,
    });
    const { host, port } = options;
    const backlog = this.#options.backlog;
    const handle = await this.#options.runtime.sockets.listen(
      backlog === undefined ? { host, port } : { host, port, backlog },
      (connection) => this.#accept(connection, options, dispatcher),
    );
    this.#handles.push(handle);
    this.#startIdleTimer();
    return { name: options.name, host: handle.host, port: handle.port };
  }

  /** No new connections; those that are open go on. */
  async stopAccepting(): Promise<void> {
    await Promise.all(this.#handles.splice(0).map((handle) => handle.close()));
  }

  /**
   * Stops accepting and reading, lets every request that has started be answered and its answer leave, then ends the
   * connections. What is not through after `graceMs` is cut.
   */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#idleTimer?.cancel();
    await this.stopAccepting();
    for (const connection of [...this.#connections]) connection.finish();
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
      const timer = this.#options.runtime.timers.after(graceMs, () => {
        for (const connection of [...this.#connections]) connection.destroy();
      });
      this.#whenEmpty = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #accept(connection: Connection, listener: ListenerOptions, dispatcher: Dispatcher): void {
    const address = connection.remoteAddress;
    const refusal = this.#closing ? 'the node is stopping' : this.limits.admit(address, listener.isProtected ?? false);
    if (refusal !== null) {
      this.metrics.connectionsRefused++;
      if (!this.#closing) this.#options.logger.info(refusal);
      connection.destroy();
      return;
    }
    this.metrics.connectionsAccepted++;
    this.metrics.connectionsOpen++;
    const index = this.#nextIndex;
    this.#nextIndex = (index + 1) % MAX_INDEX;
    const local = `${connection.localAddress}:${connection.localPort}`;
    const serverConnection = new ServerConnection({
      connection,
      dispatcher,
      shared: this.#shared,
      listenerName: listener.name,
      connectionId: `${local}-${address}:${connection.remotePort}-${index}`,
    });
    this.#connections.add(serverConnection);
    this.#append(serverConnection);
  }

  #forget(connection: ServerConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.metrics.connectionsOpen--;
    this.limits.release(connection.clientAddress);
    this.#unlink(connection);
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }

  #touch(connection: ServerConnection): void {
    if (this.#newest === connection) {
      connection.lastActiveMs = this.#options.runtime.clock.monotonicMs();
      return;
    }
    this.#unlink(connection);
    this.#append(connection);
  }

  #append(connection: ServerConnection): void {
    connection.lastActiveMs = this.#options.runtime.clock.monotonicMs();
    connection.older = this.#newest;
    connection.newer = null;
    if (this.#newest === null) this.#oldest = connection;
    else this.#newest.newer = connection;
    this.#newest = connection;
  }

  #unlink(connection: ServerConnection): void {
    const { older, newer } = connection;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    connection.older = null;
    connection.newer = null;
  }

  /** Ten looks per idle time, at most one a second: a connection lives at most a tenth longer than configured. */
  #startIdleTimer(): void {
    const idleMs = this.#options.connectionsMaxIdleMs ?? -1;
    if (idleMs < 0 || this.#idleTimer !== null || this.#closing) return;
    const everyMs = Math.max(1000, Math.min(idleMs / 10, 30_000));
    const look = (): void => {
      try {
        this.#closeIdle(idleMs);
      } catch (error) {
        this.#options.logger.error('Closing idle connections failed', causeText(error));
      }
      this.#idleTimer = this.#options.runtime.timers.after(everyMs, look, { unref: true });
    };
    this.#idleTimer = this.#options.runtime.timers.after(everyMs, look, { unref: true });
  }

  #closeIdle(idleMs: number): void {
    const before = this.#options.runtime.clock.monotonicMs() - idleMs;
    for (let left = this.#connections.size; left > 0; left--) {
      const connection = this.#oldest;
      if (connection === null || connection.lastActiveMs > before) return;
      if (connection.isBusy) {
        // Its client waits for us, not the reverse.
        this.#touch(connection);
        continue;
      }
      this.metrics.connectionsIdleClosed++;
      this.#options.logger.debug(`About to close the idle connection ${connection.connectionId}`);
      this.#touch(connection);
      connection.destroy();
    }
  }
}
