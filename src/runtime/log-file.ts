/**
 * The file that a node's log goes to beside its output: appended to by one or more processes, and set aside every hour
 * under the name that Kafka gives it (`server.log.2026-11-21-15`). A line is written at once, or lost without a word: a
 * full disk must not stop the node over its log.
 */
import fs from 'node:fs';
import { dirname } from 'node:path';

const HOUR_MS = 3_600_000;

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

/** `2026-11-21-15` in local time. */
function hourName(ms: number): string {
  const d = new Date(ms);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}-${two(d.getHours())}`;
}

export class LogFile {
  readonly #path: string;
  readonly #nowMs: () => number;
  #descriptor: number;
  #hour: number;

  /** Throws when the file cannot be opened. */
  constructor(path: string, nowMs: () => number) {
    this.#path = path;
    this.#nowMs = nowMs;
    fs.mkdirSync(dirname(path), { recursive: true });
    const last = fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs();
    this.#descriptor = fs.openSync(path, 'a');
    this.#hour = Math.floor(last / HOUR_MS);
  }

  write(line: string): void {
    try {
      const hour = Math.floor(this.#nowMs() / HOUR_MS);
      if (hour > this.#hour) this.#setAside(hour);
      fs.writeSync(this.#descriptor, line);
    } catch {
      // The same line leaves on the node's output.
    }
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }

  #setAside(hour: number): void {
    const aside = `${this.#path}.${hourName(this.#hour * HOUR_MS)}`;
    this.#hour = hour;
    try {
      // A second node with the same file finds the name taken, and leaves the new file where it is.
      fs.linkSync(this.#path, aside);
      fs.unlinkSync(this.#path);
    } catch {
      // Then it goes on in the file that is there.
    }
    const next = fs.openSync(this.#path, 'a');
    fs.closeSync(this.#descriptor);
    this.#descriptor = next;
  }
}
