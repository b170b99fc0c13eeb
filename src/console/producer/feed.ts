/**
 * Feeds lines to a producer: slices of input are cut at their newlines and encoded where they lie. The loop of events
 * gets a turn every few slices, so that answers are heard while a large file is read. Plain lines of a large file are read
 * and encoded in a thread.
 */
import { isUtf8 } from 'node:buffer';
import { AS_IT_IS } from '../../client/producer/line-encoder.ts';
import type { BulkWriter } from '../../client/producer/producer.ts';
import type { Pieces } from '../../runtime/background-reader.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Input } from '../input.ts';
import type { StartLines } from './background-lines.ts';
import type { LineParser } from './line-parser.ts';
import { Newlines } from './newlines.ts';

const SLICE_BYTES = 1 << 20;
const SLICES_PER_TURN = 4;
const PIECES_PER_TURN = 16;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

export interface FeedOptions {
  readonly input: Input;
  readonly bulk: BulkWriter;
  /** What a thread makes of the input, if it does so from the beginning. */
  readonly pieces: Pieces | undefined;
  /** Asked while plain lines are read here. */
  readonly inBackground: StartLines;
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
  /** The beginning of a line whose end was not read yet. */
  #buffer = Buffer.allocUnsafeSlow(SLICE_BYTES);
  #held = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const pieces = this.#options.pieces ?? (await this.#read());
    if (pieces !== undefined) await this.#takePieces(pieces).finally(() => pieces.abandon());
    const isCut = pieces === undefined ? this.#options.input.isStopped === true : pieces.isCut;
    if (this.#held > 0 && !isCut) await this.#line(this.#buffer, 0, this.#held);
  }

  /** Until the end, or until a thread takes over. */
  async #read(): Promise<Pieces | undefined> {
    const { input, bulk, inBackground } = this.#options;
    this.#options.prompt();
    let total = 0;
    for (let slices = 1; ; slices++) {
      if (this.#held === this.#buffer.length) this.#grow();
      const reading = input.read(this.#buffer, this.#held);
      const bytes = typeof reading === 'number' ? reading : await reading;
      bulk.tick();
      if (bytes === 0) return undefined;
      total += bytes;
      await this.#took(bytes);
      if (slices % SLICES_PER_TURN !== 0) continue;
      await this.#turn();
      const pieces = this.#isPlain ? inBackground(total, this.#held > 0) : undefined;
      if (pieces !== undefined) return pieces;
    }
  }

  /** A line is the value, and nothing happens between two lines. */
  get #isPlain(): boolean {
    const { parser, afterRecord, input } = this.#options;
    return parser === undefined && afterRecord === undefined && !input.isTerminal;
  }

  async #takePieces(pieces: Pieces): Promise<void> {
    const { bulk } = this.#options;
    for (let taken = 1; ; taken++) {
      const piece = await pieces.next();
      if (piece === undefined) return;
      bulk.tick();
      if (piece.mark === AS_IT_IS) {
        while (this.#held + piece.bytes.length > this.#buffer.length) this.#grow();
        await this.#took(piece.bytes.copy(this.#buffer, this.#held));
      } else {
        while (!bulk.batch(piece.bytes, piece.mark)) await bulk.room();
        this.records += piece.mark;
      }
      // The next one may be there already: messages of the thread are all that is heard until then.
      if (taken % PIECES_PER_TURN === 0) await this.#turn();
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#options.runtime.timers.soon(resolve));
  }

  #grow(): void {
    this.#buffer = Buffer.concat([this.#buffer], this.#buffer.length * 2);
  }

  /** So many bytes lie behind those that are held. */
  async #took(bytes: number): Promise<void> {
    const end = this.#held + bytes;
    const rest = await this.#lines(this.#buffer, end);
    if (rest > 0) this.#buffer.copyWithin(0, rest, end);
    this.#held = end - rest;
  }

  /** Sends the whole lines of buffer[0, end); gives the start of the rest. */
  async #lines(buffer: Buffer, end: number): Promise<number> {
    const { bulk, asJava } = this.#options;
    const last = buffer.lastIndexOf(NEWLINE, end - 1);
    if (last < 0) return 0;
    const whole = buffer.subarray(0, last + 1);
    if (!this.#isPlain || (asJava && (whole.includes(CARRIAGE_RETURN) || !isUtf8(whole))))
      return this.#slowLines(whole);
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
