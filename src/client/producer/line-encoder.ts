/**
 * Lines as the records of whole batches, in a thread that reads a file: each piece is what stands behind a batch's header.
 * Lines that need a closer look, and those that are longer than a piece, come as they are, in pieces of their own.
 */
import type { PieceMaker, PieceWriter } from '../../runtime/background-reader.ts';

export interface LineEncoding {
  /** What is read at once; more than the longest line. */
  readonly sliceBytes: number;
  /** A longer line is not encoded here. With its record's other fields it fits into a piece. */
  readonly longestLine: number;
  /** Lines are text as Java reads it: what has bytes that are not UTF-8, or a carriage return, is not encoded here. */
  readonly asJava: boolean;
  /** What comes first is the rest of a line: that comes as it is. */
  readonly isWithinLine: boolean;
}

/** The mark of a piece that holds input as it is; any other's is the number of its records. */
export const AS_IT_IS = 0;

/** Started with its text: nothing from outside may be named in it. */
export class LineEncoder implements PieceMaker {
  readonly #writer: PieceWriter<LineEncoding>;
  readonly #isUtf8: (bytes: Uint8Array) => boolean;
  readonly #buffer: Buffer;
  readonly #words: Int32Array;
  #target: Uint8Array;
  /** Where the next record goes, and how many there are. */
  #at = 0;
  #count = 0;
  #isWithinLine: boolean;

  constructor(writer: PieceWriter<LineEncoding>, isUtf8: (bytes: Uint8Array) => boolean) {
    this.#writer = writer;
    this.#isUtf8 = isUtf8;
    this.#buffer = Buffer.allocUnsafeSlow(writer.settings.sliceBytes);
    this.#words = new Int32Array(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.length >> 2);
    this.#target = writer.piece();
    this.#isWithinLine = writer.settings.isWithinLine;
  }

  run(): void {
    let held = 0;
    for (;;) {
      const bytes = this.#writer.read(this.#buffer, held);
      if (bytes === 0) break;
      if (bytes < 0) {
        if (this.#count > 0) this.#give(this.#count);
        if (bytes === -2) return;
        continue;
      }
      const end = held + bytes;
      const last = this.#buffer.lastIndexOf(10, end - 1);
      if (last >= 0) {
        this.#lines(last);
        this.#buffer.copyWithin(0, last + 1, end);
      }
      held = end - (last + 1);
      if (held <= this.#writer.settings.longestLine) continue;
      this.#asTheyAre(0, held);
      held = 0;
      this.#isWithinLine = true;
    }
    this.#asTheyAre(0, held);
  }

  /** Whole lines, the last of which ends at `last`. */
  #lines(last: number): void {
    const { asJava, longestLine } = this.#writer.settings;
    const carriageReturn = 13;
    const buffer = this.#buffer;
    const whole = buffer.subarray(0, last + 1);
    if (asJava && (whole.includes(carriageReturn) || !this.#isUtf8(whole))) {
      this.#isWithinLine = false;
      this.#asTheyAre(0, last + 1);
      return;
    }
    for (let start = this.#restOfLine(last); start <= last; ) {
      const newline = this.#newline(start, last);
      const end = newline > start && buffer[newline - 1] === carriageReturn ? newline - 1 : newline;
      if (end - start > longestLine) this.#asTheyAre(start, newline + 1);
      else this.#record(start, end);
      start = newline + 1;
    }
  }

  /** Gives the rest of a line that began before; where the next one begins. */
  #restOfLine(last: number): number {
    if (!this.#isWithinLine) return 0;
    this.#isWithinLine = false;
    const start = this.#newline(0, last) + 1;
    this.#asTheyAre(0, start);
    return start;
  }

  /** The first one from `start` on; sixteen bytes at a time, see Newlines. */
  #newline(start: number, last: number): number {
    const buffer = this.#buffer;
    const words = this.#words;
    let at = start;
    for (; (at & 3) !== 0; at++) if (buffer[at] === 10) return at;
    let word = at >> 2;
    for (const lastWord = (last >> 2) - 4; word <= lastWord; word += 4) {
      const a = (words[word] as number) ^ 0x0a0a_0a0a;
      const b = (words[word + 1] as number) ^ 0x0a0a_0a0a;
      const c = (words[word + 2] as number) ^ 0x0a0a_0a0a;
      const d = (words[word + 3] as number) ^ 0x0a0a_0a0a;
      const zeros =
        ((a - 0x0101_0101) & ~a) | ((b - 0x0101_0101) & ~b) | ((c - 0x0101_0101) & ~c) | ((d - 0x0101_0101) & ~d);
      if ((zeros & 0x8080_8080) !== 0) break;
    }
    at = word << 2;
    while (buffer[at] !== 10) at++;
    return at;
  }

  /** A record without key and headers, as BatchWriter.appendValue writes it. */
  #record(start: number, end: number): void {
    const length = end - start;
    let size = this.#sizeOf(length);
    if (this.#at + size + 5 > this.#target.length) {
      this.#give(this.#count);
      size = this.#sizeOf(length);
    }
    const target = this.#target;
    let at = this.#varint(this.#at, size);
    target[at++] = 0;
    target[at++] = 0;
    at = this.#varint(at, this.#count++);
    target[at++] = 1;
    at = this.#varint(at, length);
    if (length > 24) this.#buffer.copy(target, at, start, end);
    else for (let i = 0; i < length; i++) target[at + i] = this.#buffer[start + i] as number;
    at += length;
    target[at++] = 0;
    this.#at = at;
  }

  #sizeOf(length: number): number {
    return 4 + this.#varintSize(this.#count) + this.#varintSize(length) + length;
  }

  #varintSize(value: number): number {
    return value < 64 ? 1 : value < 8_192 ? 2 : value < 1_048_576 ? 3 : 4;
  }

  #varint(at: number, value: number): number {
    const target = this.#target;
    let to = at;
    let left = value * 2;
    for (; left > 0x7f; left >>>= 7) target[to++] = (left & 0x7f) | 0x80;
    target[to++] = left;
    return to;
  }

  /** Behind the records before it. */
  #asTheyAre(start: number, end: number): void {
    if (this.#count > 0) this.#give(this.#count);
    for (let from = start; from < end; ) {
      const some = Math.min(this.#target.length, end - from);
      this.#target.set(this.#buffer.subarray(from, from + some), 0);
      from += some;
      this.#at = some;
      this.#give(0);
    }
  }

  #give(mark: number): void {
    this.#writer.give(this.#at, mark);
    this.#target = this.#writer.piece();
    this.#at = 0;
    this.#count = 0;
  }
}
