/**
 * A consumer's view of partitions while a cluster fails around it: reads on from whoever leads, keeps what it saw at each
 * offset, and later holds that against the log. A record that was read and is gone, or is another one by then, was
 * never committed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe } from './probe.ts';
import { fetchOnce } from './read-back.ts';
import { Wire } from './wire.ts';

const OFFSET_OUT_OF_RANGE = 1;
const WAIT_MS = 200;

export class TailReader {
  readonly topic: string;
  readonly partition: number;
  readonly #probe: Probe;
  #stopped = false;
  readonly seen: number[] = [];
  readonly faults: string[] = [];

  constructor(probe: Probe, topic: string, partition: number) {
    this.#probe = probe;
    this.topic = topic;
    this.partition = partition;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      let wire: Wire | undefined;
      try {
        const leader = await this.#probe.leaderAddress(this.topic, this.partition);
        if (leader === undefined) throw new Error('no leader');
        wire = await Wire.open(leader);
        while (!this.#stopped) await this.#once(wire);
      } catch {
        await sleep(50);
      } finally {
        wire?.close();
      }
    }
  }

  async #once(wire: Wire): Promise<void> {
    const at = this.seen.length;
    const { errorCode, numbers } = await fetchOnce(wire, this.topic, this.partition, at, WAIT_MS);
    if (errorCode === OFFSET_OUT_OF_RANGE) {
      this.faults.push(`${this.topic}-${this.partition}: ${at} was read up to, and is out of range at ${wire.address}`);
    }
    if (errorCode !== 0) throw new Error(`fetch refused: ${errorCode}`);
    for (const { offset, number } of numbers) {
      if (offset !== this.seen.length) {
        this.faults.push(`${this.topic}-${this.partition}: offset ${offset} came at ${this.seen.length}`);
        return;
      }
      this.seen.push(number);
      if (number !== offset) this.faults.push(`${this.topic}-${this.partition}: record ${number} read at ${offset}`);
    }
  }
}

export class TailReaders {
  readonly #readers: readonly TailReader[];
  readonly #running: Promise<unknown>;

  constructor(probe: Probe, topics: readonly { readonly name: string; readonly partitions: number }[]) {
    this.#readers = topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => new TailReader(probe, name, partition)),
    );
    this.#running = Promise.all(this.#readers.map((reader) => reader.run()));
  }

  get records(): number {
    return this.#readers.reduce((sum, reader) => sum + reader.seen.length, 0);
  }

  async stop(): Promise<void> {
    for (const reader of this.#readers) reader.stop();
    await this.#running;
    const faults = this.#readers.flatMap((reader) => reader.faults);
    if (faults.length > 0) throw new Error(`consumers were told what is not so: ${faults.slice(0, 5).join('; ')}`);
  }
}
