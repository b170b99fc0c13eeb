/** Connections that mean no good, and the eye on what they do to the node. */
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';

/** What became of one hostile connection: the bytes that were answered, and whether the node closed it. */
export interface Outcome {
  readonly answer: Buffer;
  readonly closed: boolean;
}

export interface Attack {
  readonly address: string;
  readonly bytes: Uint8Array;
  /** How long to wait for an answer or a close. */
  readonly patienceMs?: number;
  /** Close our half behind the bytes. */
  readonly end?: boolean;
  /** Wait for the close although there was an answer. */
  readonly untilClosed?: boolean;
}

export function attack(attacker: Attack): Promise<Outcome> {
  const { address, bytes, patienceMs = 500, end = false, untilClosed = false } = attacker;
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: Number(port), allowHalfOpen: true });
    const answer: Buffer[] = [];
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answer: Buffer.concat(answer), closed });
    };
    const timer = setTimeout(() => finish(false), patienceMs);
    socket.on('connect', () => (end ? socket.end(bytes) : socket.write(bytes)));
    socket.on('data', (chunk: Buffer) => {
      answer.push(chunk);
      if (!untilClosed) finish(false);
    });
    socket.on('end', () => finish(true));
    socket.on('error', () => finish(true));
  });
}

/** A frame as on the wire: its size, then its bytes. */
export function framed(bytes: Uint8Array): Buffer {
  const frame = Buffer.alloc(4 + bytes.length);
  frame.writeInt32BE(bytes.length);
  frame.set(bytes, 4);
  return frame;
}

/** Looks at the resident memory of a process until it is told to stop. */
export class MemoryWatch {
  readonly #pid: number | undefined;
  readonly #timer: NodeJS.Timeout;
  #peakMb = 0;

  constructor(child: ChildProcess) {
    this.#pid = child.pid;
    this.#timer = setInterval(() => this.look(), 10);
  }

  /** Megabytes now; 0 where the system does not tell. */
  look(): number {
    try {
      const status = fs.readFileSync(`/proc/${this.#pid}/status`, 'utf8');
      const mb = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
      this.#peakMb = Math.max(this.#peakMb, mb);
      return mb;
    } catch {
      return 0;
    }
  }

  /** The most since the last call. */
  takePeakMb(): number {
    this.look();
    const peak = this.#peakMb;
    this.#peakMb = 0;
    return peak;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
