/**
 * What the clients of a simulation were told: every acknowledgement, every record that was read, every commit. Each new
 * piece is held against the earlier ones at once; the first contradiction fails the run.
 */
import type { World } from '../support/sim/world.ts';

export interface Sent {
  /** Producer, partition and the number within them: unique, and in order. */
  readonly producer: string;
  readonly partition: number;
  readonly number: number;
}

export interface StoredRecord {
  readonly offset: number;
  readonly value: string;
}

function parse(value: string): Sent | null {
  const [producer, partition, number] = value.split(':');
  if (producer === undefined || partition === undefined || number === undefined) return null;
  return { producer, partition: Number(partition), number: Number(number) };
}

/** The first words of a value: enough to know it by. */
export function idOf(value: string): string {
  const parts = value.split(':', 3);
  return parts.join(':');
}

class PartitionLedger {
  /** By offset: what a client was told that stands there. */
  readonly known = new Map<number, string>();
  /** By id: where it was acknowledged. */
  readonly acked = new Map<string, number>();
  /** One past the highest record that a consumer was given. */
  consumed = 0;
  /** The highest end that whoever asks for ends was told. */
  end = 0;
  /** One past the highest acknowledged record. */
  ackedEnd = 0;
  committed = -1;
}

export class Ledger {
  readonly #world: World;
  /** There is one node: no other could answer out of its past. */
  readonly #isAlone: boolean;
  readonly #partitions = new Map<string, PartitionLedger>();
  sent = 0;
  acked = 0;
  refused = 0;
  read = 0;
  commits = 0;
  ends = 0;

  constructor(world: World, isAlone: boolean) {
    this.#world = world;
    this.#isAlone = isAlone;
  }

  #of(topic: string, partition: number): PartitionLedger {
    const key = `${topic}-${partition}`;
    let ledger = this.#partitions.get(key);
    if (ledger === undefined) {
      ledger = new PartitionLedger();
      this.#partitions.set(key, ledger);
    }
    return ledger;
  }

  acknowledged(topic: string, partition: number, offset: number, value: string): void {
    this.acked++;
    const ledger = this.#of(topic, partition);
    const id = idOf(value);
    // An offset may be unknown to the broker too; the record must be there all the same.
    if (offset >= 0) this.#stands(topic, partition, offset, id, 'acknowledged');
    const before = ledger.acked.get(id);
    if (before !== undefined && before !== offset) {
      this.#world.fail(`${id} was acknowledged twice in ${topic}-${partition}: at ${before} and at ${offset}`);
    }
    ledger.acked.set(id, offset);
    ledger.ackedEnd = Math.max(ledger.ackedEnd, offset + 1);
  }

  /** A consumer was given this record. */
  consumed(topic: string, partition: number, offset: number, value: string): void {
    this.read++;
    this.#stands(topic, partition, offset, idOf(value), 'read');
    const ledger = this.#of(topic, partition);
    ledger.consumed = Math.max(ledger.consumed, offset + 1);
  }

  /**
   * What the one who asks for ends may rely on. A leader that does not know yet that it is none any more may tell others
   * an older one: then only what this client was told before binds.
   */
  endBefore(topic: string, partition: number): number {
    const { end, consumed, ackedEnd } = this.#of(topic, partition);
    return this.#isAlone ? Math.max(end, consumed, ackedEnd) : end;
  }

  /** One past the highest record that the group was given. */
  consumedEnd(topic: string, partition: number): number {
    return this.#of(topic, partition).consumed;
  }

  /** Where the partition must end at last. */
  knownEnd(topic: string, partition: number): number {
    const { end, consumed, ackedEnd } = this.#of(topic, partition);
    return Math.max(end, consumed, ackedEnd);
  }

  /** The answer to a question that was asked when `atLeast` was known. */
  toldEnd(topic: string, partition: number, end: number, atLeast: number): void {
    this.ends++;
    if (end < atLeast) {
      this.#world.fail(`the end of ${topic}-${partition} went back for a client: ${atLeast} was told before ${end}`);
    }
    const ledger = this.#of(topic, partition);
    ledger.end = Math.max(ledger.end, end);
  }

  committed(topic: string, partition: number): number {
    return this.#of(topic, partition).committed;
  }

  commit(topic: string, partition: number, offset: number): void {
    this.commits++;
    const ledger = this.#of(topic, partition);
    ledger.committed = Math.max(ledger.committed, offset);
  }

  /** The group's offset as the coordinator tells it, asked when `atLeast` was acknowledged. */
  toldCommitted(topic: string, partition: number, offset: number, atLeast: number): void {
    if (offset >= atLeast || !this.#isAlone) return;
    this.#world.fail(
      `the group's offset of ${topic}-${partition} went back: ${atLeast} was acknowledged, now ${offset}`,
    );
  }

  #stands(topic: string, partition: number, offset: number, id: string, how: string): void {
    const { known } = this.#of(topic, partition);
    const before = known.get(offset);
    if (before === undefined) known.set(offset, id);
    else if (before !== id) {
      this.#world.fail(`${topic}-${partition} had ${before} at offset ${offset}, and now ${id} is ${how} there`);
    }
  }

  /** The whole partition as it stands in the end, from its first record on. */
  checkContent(topic: string, partition: number, records: readonly StoredRecord[]): void {
    const wrong = this.#contradiction(topic, partition, records);
    if (wrong !== null) this.#world.fail(`${topic}-${partition}: ${wrong}`);
  }

  #contradiction(topic: string, partition: number, records: readonly StoredRecord[]): string | null {
    const { acked, known } = this.#of(topic, partition);
    const found = new Map<string, number>();
    const numbers = new Map<string, number>();
    let last = -1;
    for (const { offset, value } of records) {
      if (offset <= last) return `offset ${offset} follows ${last}`;
      last = offset;
      const id = idOf(value);
      this.#stands(topic, partition, offset, id, 'read in the end');
      const twice = found.get(id);
      if (twice !== undefined) return `${id} stands at ${twice} and again at ${offset}`;
      found.set(id, offset);
      const sent = parse(value);
      if (sent === null || sent.partition !== partition) return `nobody sent ${value} there`;
      const before = numbers.get(sent.producer) ?? -1;
      if (sent.number <= before) return `${id} at ${offset} stands behind number ${before}`;
      numbers.set(sent.producer, sent.number);
    }
    const until = `${records.length} records, last offset ${last}`;
    for (const [id, offset] of acked) {
      const at = found.get(id);
      if (at === undefined) return `${id} was acknowledged at ${offset} and is lost (${until})`;
      if (offset >= 0 && at !== offset) return `${id} was acknowledged at ${offset} and stands at ${at}`;
    }
    // It was read up to an end behind all that was known by then; a broker that hung until now may append something more.
    for (const [offset, id] of known)
      if (offset <= last && found.get(id) !== offset) return `${id} was read at ${offset} and is gone (${until})`;
    return null;
  }
}
