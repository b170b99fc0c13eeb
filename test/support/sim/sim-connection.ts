/**
 * One end of a simulated connection. Packets (bytes, an end, a reset) travel in order; the sender's kernel takes what
 * fits the window, the rest stays with the program until the other end has read.
 */

import { crc32c } from '../../../src/protocol/crc32c.ts';
import type { Connection } from '../../../src/runtime/runtime.ts';
import type { CrashKind } from './disk.ts';
import type { SimProcess } from './sim-process.ts';
import { THE_WORLD } from './world.ts';

const WINDOW_BYTES = 256 * 1024;
const DRAIN_BYTES = 64 * 1024;
const LINGER_MS = 250;
const SPLIT_SHARE = 0.05;

type Packet = { readonly bytes: Buffer } | 'end' | 'reset';

interface Unsent {
  readonly bytes: Buffer;
  readonly written: (() => void) | undefined;
}

function resetError(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}

export class SimConnection implements Connection {
  readonly process: SimProcess;
  readonly localPort: number;
  peer!: SimConnection;
  remotePort = 0;
  remoteAddress = '';
  bufferedBytes = 0;
  #wasLarge = false;
  #unsent: Unsent[] = [];
  /** Taken by the kernel, not read at the other end. */
  #flyingBytes = 0;
  #lastArrivalMs = 0;
  /** Packets that a cut link holds up. */
  #stalled: Packet[] = [];
  /** Packets that came while the process did not run. */
  #inKernel = 0;
  #inbox: Buffer[] = [];
  #paused = false;
  #target: (() => Uint8Array) | null = null;
  #took: ((bytes: Uint8Array) => void) | null = null;
  #onClosed: ((error?: Error) => void) | null = null;
  #onDrain: (() => void) | null = null;
  /** The program is done with it: nothing more is written or received. */
  #ended = false;
  #closed = false;
  #delivering = false;

  private constructor(process: SimProcess, localPort: number) {
    this.process = process;
    this.localPort = localPort;
  }

  static pair(from: SimProcess, to: SimProcess, port: number): [SimConnection, SimConnection] {
    const near = new SimConnection(from, from.sockets.newPort());
    const far = new SimConnection(to, port);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.peer = other;
      one.remotePort = other.localPort;
      one.remoteAddress = other.process.host.address;
      one.process.sockets.add(one);
    }
    return [near, far];
  }

  get localAddress(): string {
    return this.process.host.address;
  }

  get isStalled(): boolean {
    return this.#stalled.length > 0;
  }

  onData(receive: (bytes: Buffer) => void): void {
    this.onRead(
      () => SCRATCH,
      (bytes) => receive(Buffer.from(bytes)),
    );
  }

  readonly onRead = (target: () => Uint8Array, took: (bytes: Uint8Array) => void): void => {
    this.#target = target;
    this.#took = took;
    if (this.#inbox.length > 0) this.#post('read', () => this.#deliver());
  };

  onClose(closed: (error?: Error) => void): void {
    this.#onClosed = closed;
    if (this.#closed) this.#post('closed', () => closed());
  }

  onDrain(drained: () => void): void {
    this.#onDrain = drained;
  }

  write(bytes: Uint8Array, written?: () => void): void {
    this.process.checkAlive('socket write');
    if (this.#ended || this.#closed) {
      if (written !== undefined) this.#post('written', written);
      return;
    }
    this.bufferedBytes += bytes.length;
    if (this.bufferedBytes > DRAIN_BYTES) this.#wasLarge = true;
    this.#unsent.push({ bytes: Buffer.from(bytes), written });
    this.#push();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#inbox.length > 0) this.#post('resumed', () => this.#deliver());
  }

  destroy(): void {
    if (this.#ended && this.#closed) return;
    this.#ended = true;
    for (const { written } of this.#unsent.splice(0)) if (written !== undefined) this.#post('written', written);
    this.bufferedBytes = 0;
    if (!this.process.dying) this.#send('reset');
    this.#post('closed', () => this.#close());
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#inbox = [];
    this.#endIfSent();
    this.process.after(LINGER_MS, 'linger', () => this.#close());
  }

  // ---- the world's side ----

  /** From outside: both ends learn that the connection is gone. */
  reset(): void {
    for (const end of [this, this.peer] as const) {
      end.#stalled = [];
      end.#post('reset', () => end.#arrive('reset'));
    }
  }

  /** The client has given up before it was connected. */
  abandon(): void {
    this.#ended = true;
    this.#send('reset');
    this.#close();
  }

  /** The link is whole again. */
  flow(delayMs: number): void {
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.process.world.nowMs + delayMs);
    for (const packet of this.#stalled.splice(0)) this.#send(packet);
  }

  /** The process is no more. Its kernel says so, when it has power; what the program wrote before is sent first. */
  die(kind: CrashKind): void {
    this.process.sockets.remove(this);
    this.#unsent = [];
    if (kind === 'power') {
      this.#stalled = [];
      this.#closed = true;
    } else if (!this.#closed) {
      // Unread input makes it a reset.
      this.#send(this.#inbox.length > 0 ? 'reset' : 'end');
      this.#closed = true;
    }
  }

  // ---- inside ----

  #post(kind: string, run: () => void): void {
    this.process.after(0, kind, run);
  }

  #push(): void {
    while (this.#unsent.length > 0 && this.#flyingBytes < WINDOW_BYTES) {
      const { bytes, written } = this.#unsent.shift() as Unsent;
      this.#flyingBytes += bytes.length;
      this.bufferedBytes -= bytes.length;
      this.#sendBytes(bytes);
      if (written !== undefined) this.#post('written', written);
    }
    if (this.#unsent.length > 0) return;
    if (this.#wasLarge) {
      this.#wasLarge = false;
      this.#post('drain', () => {
        if (!this.#ended) this.#onDrain?.();
      });
    }
    if (this.#ended) this.#endIfSent();
  }

  #sendBytes(bytes: Buffer): void {
    const { random } = this.process.world;
    if (this.process.dying) return;
    this.process.note('send', this.peer.process.name, bytes.length, crc32c(bytes));
    if (bytes.length > 1 && random.chance(SPLIT_SHARE)) {
      const at = 1 + random.int(bytes.length - 1);
      this.#send({ bytes: bytes.subarray(0, at) });
      this.#send({ bytes: bytes.subarray(at) });
    } else this.#send({ bytes });
  }

  #endIfSent(): void {
    if (this.#unsent.length === 0 && !this.#closed) this.#send('end');
  }

  #send(packet: Packet): void {
    const from = this.process.host;
    const to = this.peer.process.host;
    const { network } = from;
    if (this.#stalled.length > 0 || network.isCut(from, to)) {
      this.#stalled.push(packet);
      return;
    }
    const { world } = this.process;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, world.nowMs + network.latencyMs(from, to));
    const kind = this.peer.process.packetKind;
    world.at(this.#lastArrivalMs, THE_WORLD, kind, () => this.#reach(packet));
  }

  /** At the other host. */
  #reach(packet: Packet): void {
    const { peer } = this;
    const { process } = peer;
    if (process.alive && !process.dying) {
      // In the kernel until the process runs.
      if (process.heldUntilMs > process.world.nowMs || peer.#inKernel > 0) peer.#arriveLater(packet);
      else peer.#arrive(packet);
      return;
    }
    // Nobody has this connection any more: its kernel says so, if it has power.
    if (process.host.up && packet !== 'reset') {
      const back = process.host.network.isCut(process.host, this.process.host);
      if (!back) this.process.after(0.1, 'reset', () => this.#arrive('reset'));
    }
  }

  #arriveLater(packet: Packet): void {
    this.#inKernel++;
    this.#post('packet', () => {
      this.#inKernel--;
      this.#arrive(packet);
    });
  }

  #arrive(packet: Packet): void {
    if (this.#closed) return;
    if (packet === 'reset') {
      this.#close(this.#ended ? undefined : resetError());
      return;
    }
    if (packet === 'end') {
      // Both ways end together, once what was written is out.
      if (this.#inbox.length > 0 && !this.#ended) this.#inbox.push(THE_END);
      else this.#ending();
      return;
    }
    if (this.#ended) {
      this.peer.#acknowledge(packet.bytes.length);
      return;
    }
    this.#inbox.push(packet.bytes);
    this.#deliver();
  }

  #ending(): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#endIfSent();
    }
    this.#close();
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    while (!this.#paused && this.#target !== null && !this.#ended && !this.#closed) {
      const bytes = this.#inbox.shift();
      if (bytes === undefined) break;
      if (bytes === THE_END) {
        this.#ending();
        break;
      }
      const target = this.#target();
      const size = Math.min(target.length, bytes.length);
      if (size < bytes.length) this.#inbox.unshift(bytes.subarray(size));
      target.set(size === bytes.length ? bytes : bytes.subarray(0, size));
      this.peer.#acknowledge(size);
      this.#took?.(target.subarray(0, size));
    }
    this.#delivering = false;
  }

  /** The other end has read so much. */
  #acknowledge(size: number): void {
    this.#flyingBytes -= size;
    if (this.#unsent.length > 0 && this.process.alive && !this.process.dying) this.#post('window', () => this.#push());
  }

  #close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended = true;
    this.process.sockets.remove(this);
    for (const { written } of this.#unsent.splice(0)) if (written !== undefined) this.#post('written', written);
    this.bufferedBytes = 0;
    this.process.note('closed', this.peer.process.name, this.localPort, this.remotePort);
    this.#onClosed?.(error);
  }
}

const SCRATCH = new Uint8Array(64 * 1024);
/** Stands in the inbox for the other end's end. */
const THE_END = Buffer.alloc(0);
