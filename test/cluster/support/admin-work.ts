/** An administrator at work while a cluster fails: topics are made and deleted, and what was acknowledged of that holds. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe } from './probe.ts';

const KEPT = 8;
const REST_MS = 300;

export class AdminWork {
  readonly #probe: Probe;
  #stopped = false;
  #count = 0;
  readonly #there: string[] = [];
  readonly #gone = new Set<string>();
  readonly #running: Promise<void>;
  changes = 0;
  failures = 0;

  constructor(probe: Probe) {
    this.#probe = probe;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        if (this.#there.length < KEPT) await this.#create();
        else await this.#delete();
        this.changes++;
      } catch {
        // Asked again when the cluster is back; nothing was acknowledged.
        this.failures++;
      }
      await sleep(REST_MS);
    }
  }

  async #create(): Promise<void> {
    const name = `admin-${this.#count++}`;
    await this.#probe.createTopics([{ name, partitions: 2, replicas: 3 }]);
    this.#there.push(name);
  }

  async #delete(): Promise<void> {
    const name = this.#there[0] as string;
    await this.#probe.deleteTopic(name);
    this.#there.shift();
    this.#gone.add(name);
  }

  /** What was made is there, what was deleted is not. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    const topics = new Set((await this.#probe.metadata()).topics.map(({ name }) => name ?? ''));
    const missing = this.#there.filter((name) => !topics.has(name));
    const back = [...this.#gone].filter((name) => topics.has(name));
    if (missing.length + back.length === 0) return;
    throw new Error(`topics were lost: ${missing.join(', ') || 'none'}; came back: ${back.join(', ') || 'none'}`);
  }
}
