/**
 * Feeds lines to a producer: slices of input are cut at their newlines and encoded where they lie. The loop of events
 * gets a turn every few slices, so that answers are heard while a large file is read.
 */
import { isUtf8 } from 'node:buffer';
import type { BulkWriter } from '../../client/producer/producer.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Input } from '../input.ts';
import type { LineParser } from './line-parser.ts';
import { Newlines } from './newlines.ts';

const SLICE_BYTES = 1 << 20;
const SLICES_PER_TURN = 4;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

export interface FeedOptions {
  readonly input: Input;
  readonly bulk: BulkWriter;
  readonly runtime: Runtime;
  /** Undefined: the line is the value. */
  readonly parser: LineParser | undefined;
  /** Bytes that are not UTF-8 become U+FFFD, and a lone carriage return ends a line, as Java reads text. */
  readonly asJava: boolean;
  /** Printed before each line in a terminal. */
  readonly prompt: () => void;
  /** Called behind each record; for --sync. */
  readonly afterRecord: (() => Promise<void>) | undefined;
  /** A record that cannot be sent at all; the feed goes on when this returns. */
  readonly onRefused: (error: unknown, valueBytes: number) => void;
}

class Feed {
  readonly #options: FeedOptions;
  records = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { input, runtime, bulk } = this.#options;
    let buffer = Buffer.allocUnsafeSlow(SLICE_BYTES);
    let held = 0;
    this.#options.prompt();
    for (let slices = 1; ; slices++) {
      if (held === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      const reading = input.read(buffer, held);
      const bytes = typeof reading === 'number' ? reading : await reading;
      bulk.tick();
      if (bytes === 0) break;
      const end = held + bytes;
      const rest = await this.#lines(buffer, end);
      if (rest > 0) buffer.copyWithin(0, rest, end);
      held = end - rest;
      if (slices % SLICES_PER_TURN === 0) await new Promise<void>((resolve) => runtime.timers.soon(resolve));
    }
    if (held > 0) await this.#line(buffer, 0, held);
  }

  /** Sends the whole lines of buffer[0, end); gives the start of the rest. */
  async #lines(buffer: Buffer, end: number): Promise<number> {
    const { parser, bulk, asJava, afterRecord } = this.#options;
    const last = buffer.lastIndexOf(NEWLINE, end - 1);
    if (last < 0) return 0;
    const whole = buffer.subarray(0, last + 1);
    const plain = parser === undefined && afterRecord === undefined && !this.#options.input.isTerminal;
    if (!plain || (asJava && (whole.includes(CARRIAGE_RETURN) || !isUtf8(whole)))) return this.#slowLines(whole);
    const newlines = new Newlines(whole);
    let at = this.#plainLines(bulk, whole, newlines, 0);
    while (at < whole.length) {
      await bulk.room();
      at = this.#plainLines(bulk, whole, newlines, at);
    }
    return at;
  }

  /** Lines that are values, until there is no room; gives the start of the first that was not taken. The loop is hot. */
  #plainLines(bulk: BulkWriter, whole: Buffer, newlines: Newlines, from: number): number {
    let start = from;
    while (start < whole.length) {
      const newline = newlines.next(start);
      const to = newline > start && whole[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline;
      if (!this.#value(bulk, whole, start, to)) return start;
      start = newline + 1;
    }
    return start;
  }

  #value(bulk: BulkWriter, source: Buffer, start: number, end: number): boolean {
    try {
      const taken = bulk.value(source, start, end);
      if (taken) this.records++;
      return taken;
    } catch (error) {
      this.#options.onRefused(error, end - start);
      return true;
    }
  }

  async #slowLines(whole: Buffer): Promise<number> {
    let start = 0;
    while (start < whole.length) {
      const newline = whole.indexOf(NEWLINE, start);
      const to = newline > start && whole[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline;
      await this.#line(whole, start, to);
      start = newline + 1;
    }
    return whole.length;
  }

  /** One line, which may hold several where a lone carriage return counts. */
  async #line(source: Buffer, start: number, end: number): Promise<void> {
    let from = start;
    if (this.#options.asJava) {
      for (
        let at = source.indexOf(CARRIAGE_RETURN, from);
        at >= 0 && at < end;
        at = source.indexOf(CARRIAGE_RETURN, from)
      ) {
        await this.#record(source, from, at);
        from = at + 1;
      }
    }
    if (from < end || from === start) await this.#record(source, from, end);
  }

  async #record(source: Buffer, start: number, end: number): Promise<void> {
    const { asJava, parser, bulk } = this.#options;
    let bytes = source;
    let from = start;
    let to = end;
    if (asJava && !isUtf8(source.subarray(start, end))) {
      bytes = Buffer.from(source.toString('utf8', start, end));
      from = 0;
      to = bytes.length;
    }
    const { key, value, headers } = parser?.parse(bytes, from, to) ?? NO_FIELDS;
    try {
      const give = () => (parser === undefined ? bulk.value(bytes, from, to) : bulk.record(key, value, headers));
      while (!give()) await bulk.room();
      this.records++;
      await this.#options.afterRecord?.();
    } catch (error) {
      this.#options.onRefused(error, parser === undefined ? to - from : value === null ? 0 : value.end - value.start);
    }
    this.#options.prompt();
  }
}

const NO_FIELDS = { key: null, value: null, headers: [] } as const;

/** The number of records that were given to the producer. */
export async function feedLines(options: FeedOptions): Promise<number> {
  const feed = new Feed(options);
  await feed.run();
  return feed.records;
}
