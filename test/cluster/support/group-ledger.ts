/**
 * Groups that know every acknowledgement of their commits: each commits higher and higher offsets, one at a time, and
 * what the coordinator tells is never below the last one that it acknowledged.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FIND_COORDINATOR, OFFSET_COMMIT, OFFSET_FETCH } from './apis.ts';
import type { Probe } from './probe.ts';
import { Wire } from './wire.ts';

/** Not here, loading, not known, timed out, not enough replicas: wait, and look for the coordinator again. */
const LATER = new Set([-1, 3, 5, 6, 7, 14, 15, 16, 19, 20]);
const FETCH_EVERY = 10;

export class GroupLedger {
  readonly groupId: string;
  readonly #probe: Probe;
  readonly #topic: string;
  #stopped = false;
  #next = 1;
  acknowledged = 0;
  commits = 0;
  fetches = 0;
  readonly faults: string[] = [];

  constructor(probe: Probe, groupId: string, topic: string) {
    this.#probe = probe;
    this.groupId = groupId;
    this.#topic = topic;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      let wire: Wire | undefined;
      try {
        wire = await Wire.open(await this.#coordinator());
        while (!this.#stopped) {
          await this.#commit(wire);
          if (this.commits % FETCH_EVERY === 0) await this.#fetch(wire);
          await sleep(10);
        }
      } catch {
        await sleep(50);
      } finally {
        wire?.close();
      }
    }
  }

  async #coordinator(): Promise<string> {
    const answer = await this.#probe.any(
      FIND_COORDINATOR,
      { key: this.groupId, keyType: 0 },
      ({ errorCode }) => errorCode === 0,
    );
    return `${answer.host}:${answer.port}`;
  }

  async #commit(wire: Wire): Promise<void> {
    const committedOffset = this.#next;
    const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: '' }];
    const answer = await wire.call(OFFSET_COMMIT, {
      groupId: this.groupId,
      memberId: '',
      topics: [{ name: this.#topic, partitions }],
    });
    const code = answer.topics[0]?.partitions[0]?.errorCode ?? -1;
    if (code !== 0) {
      if (!LATER.has(code)) this.faults.push(`${this.groupId}: a commit was refused with ${code}`);
      throw new Error(`refused: ${code}`);
    }
    this.acknowledged = committedOffset;
    this.#next++;
    this.commits++;
  }

  async #fetch(wire: Wire): Promise<void> {
    const answer = await wire.call(OFFSET_FETCH, {
      groupId: this.groupId,
      topics: [{ name: this.#topic, partitionIndexes: [0] }],
      requireStable: true,
    });
    const partition = answer.topics[0]?.partitions[0];
    const code = answer.errorCode || (partition?.errorCode ?? -1);
    if (code !== 0) throw new Error(`refused: ${code}`);
    this.fetches++;
    const told = Number(partition?.committedOffset ?? -1);
    if (told < this.acknowledged) {
      this.faults.push(`${this.groupId}: ${this.acknowledged} was acknowledged, ${told} is told by ${wire.address}`);
    }
  }

  /** After the last fault: what the cluster holds now. */
  async verify(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        const wire = await Wire.open(await this.#coordinator());
        await this.#fetch(wire).finally(() => wire.close());
        return;
      } catch (error) {
        if (attempt > 100) throw error;
        await sleep(100);
      }
    }
  }
}

export class GroupLedgers {
  readonly #groups: readonly GroupLedger[];
  readonly #running: Promise<unknown>;

  constructor(probe: Probe, topic: string, count: number) {
    this.#groups = Array.from({ length: count }, (_, at) => new GroupLedger(probe, `ledger-${at}`, topic));
    this.#running = Promise.all(this.#groups.map((group) => group.run()));
  }

  get commits(): number {
    return this.#groups.reduce((sum, group) => sum + group.commits, 0);
  }

  async stop(): Promise<void> {
    for (const group of this.#groups) group.stop();
    await this.#running;
    for (const group of this.#groups) await group.verify();
    const faults = this.#groups.flatMap((group) => group.faults);
    if (faults.length > 0) throw new Error(`group offsets went back: ${faults.slice(0, 5).join('; ')}`);
  }
}
