/** One connection to a node, which writes what it is told and reads answers in order: independent of src/client. */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeResponseFrame, encodeRequestFrame } from '../../src/protocol/frames.ts';
import type { Decoded, Encodable, Message } from '../../src/protocol/schema.ts';

export class RawConnection {
  readonly #socket: net.Socket;
  readonly #waiting: { readonly decode: (frame: Buffer) => unknown; readonly settle: PromiseWithResolvers<unknown> }[] =
    [];
  #bytes: Buffer = Buffer.alloc(0);
  #correlationId = 0;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#receive(Buffer.from(bytes as Uint8Array)));
    socket.on('close', () => {
      for (const { settle } of this.#waiting.splice(0)) settle.reject(new Error('the connection was lost'));
    });
    socket.on('error', () => socket.destroy());
  }

  static async open(address: string): Promise<RawConnection> {
    const [host, port] = address.split(':') as [string, string];
    for (;;) {
      const socket = net.connect(Number(port), host);
      const open = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      if (open) return new RawConnection(socket.setNoDelay(true));
      await sleep(10);
    }
  }

  send<Req extends Message, Res extends Message>(
    request: Req,
    response: Res,
    version: number,
    value: Encodable<Req>,
  ): Promise<Decoded<Res>> {
    const header = { correlationId: this.#correlationId++, clientId: 'raw' };
    const settle = Promise.withResolvers<unknown>();
    this.#waiting.push({ decode: (frame) => decodeResponseFrame(response, version, frame).body, settle });
    if (this.#socket.destroyed) this.#socket.emit('close');
    else this.#socket.write(encodeRequestFrame(request, version, header, value));
    return settle.promise as Promise<Decoded<Res>>;
  }

  /** Bytes as they are, right or wrong. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Resolves when the other side has closed the connection. */
  get closed(): Promise<void> {
    if (this.#socket.closed) return Promise.resolve();
    return new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (this.#bytes.length >= 4) {
      const end = 4 + this.#bytes.readInt32BE(0);
      if (this.#bytes.length < end) return;
      const frame = this.#bytes.subarray(4, end);
      this.#bytes = this.#bytes.subarray(end);
      const waiting = this.#waiting.shift();
      waiting?.settle.resolve(waiting.decode(frame));
    }
  }
}
