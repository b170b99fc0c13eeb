/** Random numbers of a seed: sfc32, with streams of their own by name, so that one user's draws never shift another's. */
import type { Random } from '../../../src/runtime/runtime.ts';

export class Seeded implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    // FNV-1a with three offsets; the first draws mix them.
    this.#a = fnv(name, 0x811c9dc5);
    this.#b = fnv(name, 0x01234567);
    this.#c = fnv(name, 0x9e3779b9);
    for (let i = 0; i < 12; i++) this.next();
  }

  /** A stream that depends on this one's name only, not on what was drawn. */
  fork(name: string): Seeded {
    return new Seeded(`${this.#name}/${name}`);
  }

  /** 32 bits. */
  next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** In [0, 1). */
  float(): number {
    return this.next() / 4_294_967_296;
  }

  /** Whole, in [0, limit). */
  int(limit: number): number {
    return Math.floor(this.float() * limit);
  }

  /** In [from, to). */
  between(from: number, to: number): number {
    return from + this.float() * (to - from);
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.int(values.length)] as T;
  }

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = this.next();
    return bytes;
  }
}

function fnv(text: string, start: number): number {
  let hash = start | 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
