/**
 * The content of one file: what programs see (the page cache), and how to get back to what the disk holds for certain.
 * Nothing is copied for a plain append; what is overwritten or cut off below the synced size is kept until the next sync.
 */
import type { Seeded } from './seeded.ts';

const PAGE = 4096;

interface Undo {
  readonly at: number;
  readonly bytes: Buffer;
}

/** How far a sync in progress reaches. */
export interface SyncMark {
  readonly serial: number;
  undos: number;
  readonly size: number;
}

const NOTHING: Buffer = Buffer.alloc(0);

export class DiskFile {
  data: Buffer = NOTHING;
  size = 0;
  modifiedMs = 0;
  /** Bytes that a power cut cannot take. */
  #durableSize = 0;
  #undos: Undo[] = [];
  #marks: SyncMark[] = [];
  #serial = 0;
  #syncedSerial = 0;

  get isDirty(): boolean {
    return this.#undos.length > 0 || this.size !== this.#durableSize;
  }

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.size - position));
    if (count > 0) target.set(this.data.subarray(position, position + count), offset);
    return count;
  }

  write(source: Uint8Array, position: number): void {
    const end = position + source.length;
    this.#keep(position, Math.min(end, this.size));
    this.#reserve(end);
    if (position > this.size) this.data.fill(0, this.size, position);
    this.data.set(source, position);
    this.size = Math.max(this.size, end);
  }

  truncate(size: number): void {
    if (size < this.size) this.#keep(size, this.size);
    else {
      this.#reserve(size);
      this.data.fill(0, this.size, size);
    }
    this.size = size;
  }

  startSync(): SyncMark {
    const mark = { serial: ++this.#serial, undos: this.#undos.length, size: this.size };
    this.#marks.push(mark);
    return mark;
  }

  endSync(mark: SyncMark, succeeded: boolean): void {
    this.#marks = this.#marks.filter((one) => one !== mark);
    // A sync that began earlier and ended later has nothing to add.
    if (!succeeded || mark.serial < this.#syncedSerial) return;
    this.#syncedSerial = mark.serial;
    this.#undos.splice(0, mark.undos);
    for (const other of this.#marks) other.undos = Math.max(0, other.undos - mark.undos);
    this.#durableSize = mark.size;
  }

  sync(): void {
    this.endSync(this.startSync(), true);
  }

  /** The same content, with the same pages not synced. */
  copy(): DiskFile {
    const copy = new DiskFile();
    copy.data = Buffer.from(this.data.subarray(0, this.size));
    copy.size = this.size;
    copy.modifiedMs = this.modifiedMs;
    copy.#durableSize = this.#durableSize;
    copy.#undos = [...this.#undos];
    return copy;
  }

  /** What is left when the power goes: each page that was not synced is there, or is not. */
  afterPowerCut(random: Seeded): DiskFile {
    const left = new DiskFile();
    left.modifiedMs = this.modifiedMs;
    left.data = this.isDirty ? this.#survivors(random) : Buffer.from(this.data.subarray(0, this.size));
    left.size = left.data.length;
    left.#durableSize = left.size;
    return left;
  }

  #survivors(random: Seeded): Buffer {
    const durable = this.#durable();
    const size = this.#survivingSize(random);
    const result = Buffer.alloc(size);
    durable.copy(result, 0, 0, Math.min(size, durable.length));
    // All of it, nothing of it, or page by page.
    const share = random.pick([0, 0.5, 0.5, 1]);
    for (let page = 0; page < size; page += PAGE) {
      const end = Math.min(page + PAGE, size, this.size);
      if (end > page && random.chance(share)) this.data.copy(result, page, page, end);
    }
    return result;
  }

  #survivingSize(random: Seeded): number {
    const [low, high] = [Math.min(this.size, this.#durableSize), Math.max(this.size, this.#durableSize)];
    return random.pick([low, high, low + random.int(high - low + 1)]);
  }

  #durable(): Buffer {
    const durable = Buffer.alloc(this.#durableSize);
    this.data.copy(durable, 0, 0, Math.min(this.size, this.#durableSize));
    for (const { at, bytes } of this.#undos.toReversed()) {
      if (at < durable.length) bytes.copy(durable, at, 0, Math.min(bytes.length, durable.length - at));
    }
    return durable;
  }

  /** Remembers what is about to go, as far as the disk, or a sync under way, has it. */
  #keep(from: number, to: number): void {
    let limit = this.#durableSize;
    for (const mark of this.#marks) limit = Math.max(limit, mark.size);
    const end = Math.min(to, limit);
    if (end > from) this.#undos.push({ at: from, bytes: Buffer.from(this.data.subarray(from, end)) });
  }

  #reserve(size: number): void {
    if (size <= this.data.length) return;
    const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.data.length, 256));
    this.data.copy(larger, 0, 0, this.size);
    this.data = larger;
  }
}
