/**
 * The bench's own client: frames over one socket, answers in the order of the requests, no retries and no cluster view,
 * so that what is measured is the broker. A request frame is encoded once and sent many times: the broker echoes the
 * correlation id, whatever it is.
 */
import net from 'node:net';
import { decodeResponseFrame, encodeRequestFrame } from '../../src/protocol/frames.ts';
import type { Message } from '../../src/protocol/schema.ts';

const HEADER = { correlationId: 1, clientId: 'bench' };
const NOTHING = Buffer.alloc(0);

export interface Api<In, Out> {
  readonly request: Message<unknown, In>;
  readonly response: Message<Out, unknown>;
  readonly version: number;
}

export class WireConnection {
  readonly #socket: net.Socket;
  readonly #waiting: ((frame: Buffer) => void)[] = [];
  #waitingAt = 0;
  #rest: Buffer = NOTHING;
  #fail: (error: Error) => void = () => {};
  readonly closed: Promise<never>;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    this.closed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.closed.catch(() => {});
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the broker closed the connection')));
  }

  static connect(port: number): Promise<WireConnection> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new WireConnection(socket));
      });
    });
  }

  /** Sends a whole frame; `onAnswer` gets the answer without its size bytes, good until it returns. */
  send(frame: Buffer, onAnswer: (answer: Buffer) => void): void {
    this.#waiting.push(onAnswer);
    this.#socket.write(frame);
  }

  call<In, Out>({ request, response, version }: Api<In, Out>, value: NoInfer<In>): Promise<Out> {
    const frame = encodeRequestFrame(request, version, HEADER, value);
    const answer = new Promise<Out>((resolve, reject) => {
      this.send(frame, (bytes) => {
        try {
          resolve(decodeResponseFrame(response, version, bytes).body);
        } catch (error) {
          reject(error);
        }
      });
    });
    return Promise.race([answer, this.closed]);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    let data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (data.length >= 4) {
      const end = 4 + data.readInt32BE(0);
      if (data.length < end) break;
      this.#answer(data.subarray(4, end));
      data = data.subarray(end);
    }
    this.#rest = data.length === 0 ? NOTHING : data;
  }

  #answer(frame: Buffer): void {
    const onAnswer = this.#waiting[this.#waitingAt++];
    if (onAnswer === undefined) {
      this.#fail(new Error('an answer without a request'));
      return;
    }
    // Taken from the front without moving the rest each time.
    if (this.#waitingAt === 4096) {
      this.#waiting.splice(0, 4096);
      this.#waitingAt = 0;
    }
    onAnswer(frame);
  }
}
