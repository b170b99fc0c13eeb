/**
 * The disk of one host, which outlives its processes. Names are durable only when their directory was synced: a power
 * cut keeps the first so many of a directory's changes. A kill loses nothing that was written, but may come in the middle
 * of a write; `crashIn` takes the image of the disk then, while the process goes on for the rest of its turn in vain.
 */
import { DiskFile } from './disk-file.ts';
import type { Seeded } from './seeded.ts';

type Entry = DiskFile | DiskDirectory;

interface Change {
  /** Undone by a power cut as one with its counterpart in another directory: then it is not undone here alone. */
  readonly crossing: boolean;
  apply(entries: Map<string, Entry>): void;
}

export class DiskDirectory {
  entries = new Map<string, Entry>();
  /** What is on the disk, when changes came since. */
  #durable: Map<string, Entry> | null = null;
  #changes: Change[] = [];

  set(name: string, entry: Entry): void {
    this.#change({ crossing: false, apply: (entries) => entries.set(name, entry) });
  }

  delete(name: string, crossing = false): void {
    this.#change({ crossing, apply: (entries) => entries.delete(name) });
  }

  rename(from: string, to: string): void {
    this.#change({
      crossing: false,
      apply: (entries) => {
        const entry = entries.get(from);
        if (entry === undefined) return;
        entries.delete(from);
        entries.set(to, entry);
      },
    });
  }

  get changeCount(): number {
    return this.#changes.length;
  }

  sync(count = this.#changes.length): void {
    if (this.#durable === null) return;
    const done = this.#changes.splice(0, count);
    if (this.#changes.length === 0) this.#durable = null;
    else for (const change of done) change.apply(this.#durable);
  }

  copy(): DiskDirectory {
    const known = new Map<Entry, Entry>();
    return this.#copy((entry) => {
      const copy = known.get(entry) ?? entry.copy();
      known.set(entry, copy);
      return copy;
    });
  }

  #copy(copyOf: (entry: Entry) => Entry): DiskDirectory {
    const copy = new DiskDirectory();
    copy.entries = mapped(this.entries, copyOf);
    if (this.#durable !== null) {
      copy.#durable = mapped(this.#durable, copyOf);
      // Changes name entries of the old tree; as steps to the present they are one.
      const now = copy.entries;
      copy.#changes = [
        {
          crossing: false,
          apply: (entries) => {
            entries.clear();
            for (const [name, entry] of now) entries.set(name, entry);
          },
        },
      ];
    }
    return copy;
  }

  afterPowerCut(random: Seeded): DiskDirectory {
    const left = new DiskDirectory();
    let entries = this.entries;
    if (this.#durable !== null) {
      entries = new Map(this.#durable);
      const all = this.#changes.length;
      const kept = random.pick([0, all, random.int(all + 1)]);
      for (const change of this.#changes.slice(0, kept)) if (!change.crossing) change.apply(entries);
    }
    for (const [name, entry] of entries) left.entries.set(name, entry.afterPowerCut(random));
    return left;
  }

  #change(change: Change): void {
    this.#durable ??= new Map(this.entries);
    this.#changes.push(change);
    change.apply(this.entries);
  }
}

function mapped(entries: ReadonlyMap<string, Entry>, copyOf: (entry: Entry) => Entry): Map<string, Entry> {
  return new Map([...entries].map(([name, entry]) => [name, copyOf(entry)]));
}

export type DiskOperation = 'open' | 'read' | 'write' | 'truncate' | 'sync' | 'rename' | 'remove' | 'make' | 'list';

export type CrashKind = 'kill' | 'power';

export class Disk {
  root: DiskDirectory;
  capacity = Number.POSITIVE_INFINITY;
  usedBytes = 0;
  /** Calls that failed so far. */
  errors = 0;
  /** The code of an error that the next operation meets, if any. */
  fault: ((operation: DiskOperation, path: string) => string | null) | null = null;
  /** How long a sync takes. */
  syncMs: () => number = () => 1;
  /** Syncs take so many times as long. */
  slowness = 1;
  /** Calls left until the process dies in the middle of one. */
  #callsLeft = Number.POSITIVE_INFINITY;
  #onCrash: (() => void) | null = null;

  constructor(root = new DiskDirectory()) {
    this.root = root;
  }

  /** Makes the directory, and makes it durable. */
  mount(path: string): void {
    let at = this.root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      if (!at.entries.has(name)) at.set(name, new DiskDirectory());
      at.sync();
      at = at.entries.get(name) as DiskDirectory;
    }
  }

  /** After so many more changes `crash` is called, in the middle of one, or rather before it. */
  crashIn(calls: number, crash: () => void): void {
    this.#callsLeft = calls;
    this.#onCrash = crash;
  }

  noCrash(): void {
    this.#callsLeft = Number.POSITIVE_INFINITY;
    this.#onCrash = null;
  }

  /** Every call that changes something counts. True when the crash comes here; a write then puts a part down before. */
  get crashIsNext(): boolean {
    return this.#callsLeft <= 1;
  }

  countCall(): void {
    if (--this.#callsLeft > 0) return;
    const crash = this.#onCrash;
    this.noCrash();
    crash?.();
  }

  /** The disk as another process finds it after this moment. */
  image(kind: CrashKind, random: Seeded): Disk {
    const image = new Disk(kind === 'kill' ? this.root.copy() : this.root.afterPowerCut(random));
    image.capacity = this.capacity;
    image.fault = this.fault;
    image.syncMs = this.syncMs;
    image.errors = this.errors;
    image.slowness = this.slowness;
    image.usedBytes = sizeOf(image.root);
    return image;
  }
}

export function sizeOf(entry: Entry): number {
  if (entry instanceof DiskFile) return entry.size;
  let size = 0;
  for (const child of entry.entries.values()) size += sizeOf(child);
  return size;
}
