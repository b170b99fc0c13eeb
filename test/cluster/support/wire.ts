/** One connection to a node with an end to every wait, for drills in which nodes hang, die and cannot be reached. */
import net from 'node:net';
import { decodeResponseFrame, encodeRequestFrame } from '../../../src/protocol/frames.ts';
import type { Message } from '../../../src/protocol/schema.ts';

export interface Api<In, Out> {
  readonly request: Message<unknown, In>;
  readonly response: Message<Out, unknown>;
  readonly version: number;
}

const CONNECT_MS = 1_500;
const ANSWER_MS = 10_000;

interface Waiting {
  readonly take: (frame: Buffer) => void;
  readonly fail: (error: Error) => void;
}

export class Wire {
  readonly address: string;
  readonly #socket: net.Socket;
  readonly #waiting = new Map<number, Waiting>();
  #bytes: Buffer = Buffer.alloc(0);
  #correlationId = 0;

  private constructor(address: string, socket: net.Socket) {
    this.address = address;
    this.#socket = socket;
    socket.on('data', (bytes) => this.#receive(bytes as Buffer));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#end(new Error(`${address} closed the connection`)));
  }

  static open(address: string, timeoutMs = CONNECT_MS): Promise<Wire> {
    const colon = address.lastIndexOf(':');
    const socket = net.connect({
      host: address.slice(0, colon),
      port: Number(address.slice(colon + 1)),
      noDelay: true,
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error(`${address} does not answer`)), timeoutMs);
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.removeAllListeners('error');
        resolve(new Wire(address, socket));
      });
    });
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  call<In, Out>({ request, response, version }: Api<In, Out>, value: NoInfer<In>, timeoutMs = ANSWER_MS): Promise<Out> {
    const correlationId = this.#correlationId++;
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new Error(`${this.address} closed the connection`));
      // Whoever does not answer in time is not asked again on this connection: its answers would be guessed at.
      const timer = setTimeout(() => {
        this.#end(new Error(`${this.address} did not answer ${request.name} within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(correlationId, {
        take: (frame) => {
          clearTimeout(timer);
          try {
            resolve(decodeResponseFrame(response, version, frame).body);
          } catch (error) {
            reject(error);
          }
        },
        fail: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#socket.write(encodeRequestFrame(request, version, { correlationId, clientId: 'drill' }, value));
    });
  }

  close(): void {
    this.#end(new Error('closed'));
  }

  #end(error: Error): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#socket.destroy();
    for (const one of waiting) one.fail(error);
  }

  #receive(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    while (this.#bytes.length >= 8) {
      const end = 4 + this.#bytes.readInt32BE(0);
      if (this.#bytes.length < end) return;
      const frame = this.#bytes.subarray(4, end);
      const correlationId = frame.readInt32BE(0);
      this.#bytes = this.#bytes.subarray(end);
      const waiting = this.#waiting.get(correlationId);
      this.#waiting.delete(correlationId);
      waiting?.take(frame);
    }
  }
}
