/**
 * Sockets without a network: what one side writes, the other receives at once, or when the test says so. `stalled`
 * stands for a peer that does not read: its output stays buffered until `release`.
 */
import type { Connection, ListenerHandle, Sockets } from '../../src/runtime/runtime.ts';

export class MemoryConnection implements Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress = '127.0.0.1';
  readonly localPort: number;
  peer!: MemoryConnection;
  isPaused = false;
  isClosed = false;
  /** The peer of this side takes nothing. */
  stalled = false;
  bufferedBytes = 0;
  writes = 0;
  #pending: { bytes: Buffer; written: (() => void) | undefined }[] = [];
  #inbox: Buffer[] = [];
  #receive: ((bytes: Buffer) => void) | null = null;
  #closed: ((error?: Error) => void) | null = null;
  #drained: (() => void) | null = null;
  #ended = false;

  constructor(address: string, remotePort: number, localPort: number) {
    this.remoteAddress = address;
    this.remotePort = remotePort;
    this.localPort = localPort;
  }

  onData(receive: (bytes: Buffer) => void): void {
    this.#receive = receive;
    this.#deliver();
  }

  onClose(closed: (error?: Error) => void): void {
    this.#closed = closed;
  }

  onDrain(drained: () => void): void {
    this.#drained = drained;
  }

  write(bytes: Uint8Array, written?: () => void): void {
    this.writes++;
    if (this.isClosed || this.#ended) {
      written?.();
      return;
    }
    this.#pending.push({ bytes: Buffer.from(bytes), written });
    this.bufferedBytes += bytes.length;
    if (!this.stalled) this.release();
  }

  /** The peer takes everything that is buffered. */
  release(): void {
    this.stalled = false;
    const wasLarge = this.bufferedBytes > 65_536;
    for (const { bytes, written } of this.#pending.splice(0)) {
      this.bufferedBytes -= bytes.length;
      this.peer.arrive(bytes);
      written?.();
    }
    if (wasLarge) this.#drained?.();
    if (this.#ended) this.#bothClosed();
  }

  arrive(bytes: Buffer): void {
    if (this.isClosed || this.#ended) return;
    this.#inbox.push(bytes);
    this.#deliver();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#deliver();
  }

  destroy(): void {
    for (const { written } of this.#pending.splice(0)) written?.();
    this.bufferedBytes = 0;
    this.#bothClosed();
  }

  end(): void {
    this.#ended = true;
    if (this.#pending.length === 0) this.#bothClosed();
  }

  close(error?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#closed?.(error);
  }

  #bothClosed(): void {
    this.close();
    this.peer.close();
  }

  #deliver(): void {
    while (!this.isPaused && this.#receive !== null && !this.isClosed) {
      const bytes = this.#inbox.shift();
      if (bytes === undefined) return;
      this.#receive(bytes);
    }
  }
}

/** The test's end of a connection to a server, with whole frames cut out of what came. */
export class MemoryClient {
  readonly own: MemoryConnection;
  readonly server: MemoryConnection;
  received = Buffer.alloc(0);

  constructor(own: MemoryConnection, server: MemoryConnection) {
    this.own = own;
    this.server = server;
    own.onData((bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
    });
  }

  get isClosed(): boolean {
    return this.own.isClosed;
  }

  send(bytes: Uint8Array): void {
    this.own.write(bytes);
  }

  /** Takes the whole frames that came so far, without their sizes. */
  frames(): Buffer[] {
    const frames: Buffer[] = [];
    while (this.received.length >= 4 && this.received.length >= 4 + this.received.readInt32BE(0)) {
      const end = 4 + this.received.readInt32BE(0);
      frames.push(this.received.subarray(4, end));
      this.received = this.received.subarray(end);
    }
    return frames;
  }
}

export class MemorySockets implements Sockets {
  readonly #listeners = new Map<number, (connection: Connection) => void>();
  #nextPort = 40_000;

  async listen(
    options: { readonly host: string; readonly port: number },
    accept: (connection: Connection) => void,
  ): Promise<ListenerHandle> {
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    if (this.#listeners.has(port)) throw Object.assign(new Error('address in use'), { code: 'EADDRINUSE' });
    this.#listeners.set(port, accept);
    return {
      host: options.host,
      port,
      close: async () => {
        this.#listeners.delete(port);
      },
    };
  }

  /** A connection from `address`, handed to the listener at once. */
  dial(port: number, address = '127.0.0.1'): MemoryClient {
    const [own, server] = this.#pair(port, address);
    this.#listeners.get(port)?.(server);
    return new MemoryClient(own, server);
  }

  async connect(options: { readonly host: string; readonly port: number }): Promise<Connection> {
    const accept = this.#listeners.get(options.port);
    if (accept === undefined) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    const [own, server] = this.#pair(options.port, options.host);
    accept(server);
    return own;
  }

  #pair(port: number, address: string): [MemoryConnection, MemoryConnection] {
    const clientPort = this.#nextPort++;
    const own = new MemoryConnection('127.0.0.1', port, clientPort);
    const server = new MemoryConnection(address, clientPort, port);
    own.peer = server;
    server.peer = own;
    return [own, server];
  }
}
