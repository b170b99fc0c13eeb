/**
 * Real TCP. Every socket has TCP_NODELAY and SO_KEEPALIVE set, as Kafka's do: without the first a small answer waits
 * for the peer's delayed acknowledgement (6 times the latency measured).
 * Sockets read into memory of their owner (`onRead`); `onData` copies out of a shared buffer, so that what it hands over is
 * the receiver's own. The kernel's window is the only queue in front, which is what makes `pause` push back on the peer.
 */
import { createServer, type NetConnectOpts, connect as netConnect, Socket, type SocketConstructorOpts } from 'node:net';
import type { Connection, ListenerHandle, Sockets } from './runtime.ts';

const LINGER_MS = 250;

/** Where the bytes of one socket go, and who hears of them. */
class ReadPath {
  /** Until the owner says otherwise, which it does before the first byte. */
  target: () => Uint8Array = () => SCRATCH;
  took: (bytes: Uint8Array) => void = () => {};

  /** What Node calls: `buffer` before a read, `callback` behind it. */
  readonly onread = {
    buffer: (): Uint8Array => this.target(),
    callback: (size: number, buffer: Uint8Array): boolean => {
      this.took(buffer.subarray(0, size));
      return true;
    },
  };
}

/** Small reads of all sockets; used up before the next read. */
const SCRATCH = new Uint8Array(64 * 1024);

class NodeConnection implements Connection {
  readonly #socket: Socket;
  readonly onRead?: Connection['onRead'];
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  #failure: Error | undefined;
  #ended = false;

  constructor(socket: Socket, readPath?: ReadPath) {
    this.#socket = socket;
    if (readPath !== undefined) {
      this.onRead = (target, took) => {
        readPath.target = target;
        readPath.took = (bytes) => {
          if (!this.#ended) took(bytes);
        };
      };
    }
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress);
    this.localPort = socket.localPort ?? 0;
    socket.on('error', (error) => {
      this.#failure = error;
    });
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  onData(receive: (bytes: Buffer) => void): void {
    if (this.onRead !== undefined) {
      this.onRead(
        () => SCRATCH,
        (bytes) => receive(Buffer.from(bytes)),
      );
      return;
    }
    this.#socket.on('data', (bytes: Buffer) => {
      if (!this.#ended) receive(bytes);
    });
  }

  onClose(closed: (error?: Error) => void): void {
    if (this.#socket.closed) queueMicrotask(() => closed(this.#failure));
    else this.#socket.on('close', () => closed(this.#failure));
  }

  onDrain(drained: () => void): void {
    this.#socket.on('drain', drained);
  }

  write(bytes: Uint8Array, written?: () => void): void {
    if (this.#ended || this.#socket.destroyed) {
      if (written !== undefined) queueMicrotask(written);
      return;
    }
    this.#socket.write(bytes, written);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    // Closing over unread input resets the connection, and a reset may cost the peer answers that it has not read yet:
    // its input is dropped until it closes its side too, though not for long.
    this.#socket.resume();
    this.#socket.end(() => {
      setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    });
  }
}

/**
 * Node lets a socket read into memory of its owner (`onread`), but only sockets that it makes itself: an accepted one has
 * to be made again over its handle. It saves a buffer per read and half of the garbage collections under load. Should a
 * later Node hide the handle, the plain way is still there.
 */
function withReadPath(accepted: Socket): NodeConnection {
  const inner = accepted as Socket & { _handle?: unknown };
  const handle = inner._handle;
  if (handle === null || handle === undefined) {
    accepted.resume();
    return new NodeConnection(accepted);
  }
  inner._handle = null;
  const path = new ReadPath();
  return new NodeConnection(new Socket({ handle, onread: path.onread } as SocketConstructorOpts), path);
}

/** An IPv4 address as a dual-stack socket reports it, without the `::ffff:` in front. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

function listen(
  options: { readonly host: string; readonly port: number; readonly backlog?: number },
  accept: (connection: Connection) => void,
): Promise<ListenerHandle> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (socket) => {
      // A peer that is gone already has no address; there is nobody to answer.
      if (socket.remoteAddress === undefined) socket.destroy();
      else accept(withReadPath(socket));
    });
    server.once('error', reject);
    const where = options.host === '' ? { port: options.port } : { host: options.host, port: options.port };
    server.listen(options.backlog === undefined ? where : { ...where, backlog: options.backlog }, () => {
      server.off('error', reject);
      // EMFILE and the like while accepting: that connection is refused, the listener stays.
      server.on('error', () => {});
      const address = server.address();
      if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has an address');
      resolve({
        host: address.address,
        port: address.port,
        close: async () => {
          // Stops accepting at once; open connections are the owner's to end.
          server.close();
        },
      });
    });
  });
}

/** Node reports a host with several addresses as an AggregateError without a message; its first cause says it. */
function connectFailure(error: Error): Error {
  const causes = (error as { errors?: readonly unknown[] }).errors;
  const first = causes?.[0];
  return error.message === '' && first instanceof Error ? first : error;
}

function connect(options: {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const { host, port } = options;
    const path = new ReadPath();
    const socket = netConnect({ host, port, noDelay: true, keepAlive: true, onread: path.onread } as NetConnectOpts);
    const timer = setTimeout(() => {
      const error: NodeJS.ErrnoException = new Error(`no connection within ${options.timeoutMs} ms`);
      error.code = 'ETIMEDOUT';
      socket.destroy();
      reject(error);
    }, options.timeoutMs);
    const failed = (error: Error): void => {
      clearTimeout(timer);
      reject(connectFailure(error));
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timer);
      // The connection's own listener comes first, so that no error is ever without one.
      const connection = new NodeConnection(socket, path);
      socket.off('error', failed);
      resolve(connection);
    });
  });
}

export const nodeSockets: Sockets = { listen, connect };
