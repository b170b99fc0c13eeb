/**
 * What brokers might ask, drawn from a seed: topics, ISRs, fencing and unfencing, reassignments, elections, directories,
 * brokers that are unregistered or forget. What is drawn depends on the answers so far, so that two controllers stay
 * together only while they do the same.
 *
 * Left out is what makes Kafka 4.3.1 lose its way: it does not take topics that are deleted, and replicas that ClearElr
 * clears, out of all its indexes, and then writes changes twice or answers UNKNOWN_SERVER_ERROR. Left out as well are
 * the exceptions that docs/NON-OBVIOUS.md names.
 */
import type { PartitionImage } from '../../../src/metadata/image.ts';
import { dir, type World } from './world.ts';

/** What is recorded and played by the test. */
export const RANDOM = { name: 'random', seed: 21, steps: 300 } as const;

const BROKERS = [1, 2, 3, 4, 5];
const WITH_TWO_DIRECTORIES = [4, 5];
const TOPIC = 2;
const MIN_ISR = 'min.insync.replicas';
const UNCLEAN_ELECTION = 'unclean.leader.election.enable';

class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** mulberry32 */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  someOf<T>(list: readonly T[]): T[] {
    return list.filter(() => this.chance(0.6));
  }

  shuffled<T>(list: readonly T[]): T[] {
    const result = list.slice();
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j] as T, result[i] as T];
    }
    return result;
  }
}

const dirsOf = (id: number): string[] => (WITH_TWO_DIRECTORIES.includes(id) ? [dir(id), dir(id, 1)] : [dir(id)]);

class Play {
  readonly #world: World;
  readonly #draw: Draw;
  readonly #registered = new Set(BROKERS);
  readonly #topics: string[] = [];
  /** Those whose minimum ISR is the cluster's 1. */
  readonly #plain = new Set<string>();
  #made = 0;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#draw = new Draw(seed);
  }

  async begin(): Promise<void> {
    await this.#world.begin();
    for (const id of BROKERS) await this.#world.join(id, { logDirs: dirsOf(id) });
    while (this.#topics.length < 3) await this.#createTopic();
  }

  async step(): Promise<void> {
    const kind = this.#draw.below(100);
    const topic = this.#draw.oneOf(this.#topics);
    const index = this.#draw.below(this.#world.partitionCount(topic));
    const partition = this.#world.partition(topic, index);
    if (kind < 12) await this.#createTopic();
    else if (kind < 42) await this.#alterIsr(topic, index, partition);
    else if (kind < 58) await this.#heartbeat();
    else if (kind < 60) await this.#failDirectory();
    else if (kind < 70) await this.#reassign(topic, index, partition);
    else if (kind < 77) await this.#elect(topic, index);
    else if (kind < 82) await this.#allowUnclean(topic);
    else if (kind < 87) await this.#unregisterOrRegister();
    else if (kind < 94) await this.#assignDirectory(topic, index, partition);
    else if (kind < 99) await this.#addPartitions(topic);
    else await this.#restart();
  }

  #here(): number[] {
    return BROKERS.filter((id) => this.#registered.has(id));
  }

  async #createTopic(): Promise<void> {
    const draw = this.#draw;
    const name = `t${this.#made++}`;
    const replicationFactor = 1 + draw.below(3);
    const candidates = BROKERS.filter((id) => this.#registered.has(id) || draw.chance(0.1));
    const assignments = Array.from({ length: 1 + draw.below(3) }, () =>
      draw.shuffled(candidates).slice(0, replicationFactor),
    );
    const isPlain = draw.chance(0.5);
    const configs = isPlain ? [] : [{ name: MIN_ISR, value: String(1 + draw.below(3)) }];
    if (draw.chance(0.25)) configs.push({ name: UNCLEAN_ELECTION, value: 'true' });
    await this.#world.createTopic(name, assignments, { configs });
    if (this.#world.partitionCount(name) === 0) return;
    this.#topics.push(name);
    if (isPlain) this.#plain.add(name);
  }

  async #alterIsr(topic: string, partition: number, { leader, replicas }: PartitionImage): Promise<void> {
    const draw = this.#draw;
    const inGoodFaith = [...new Set([...(leader >= 0 ? [leader] : []), ...draw.someOf(replicas)])];
    const isr = draw.shuffled(draw.chance(0.85) ? inGoodFaith : draw.someOf(BROKERS));
    await this.#world.alterIsr(topic, {
      partition,
      isr,
      version: draw.oneOf([2, 3, 3]),
      recovery: draw.chance(0.1) ? 1 : 0,
      ...(draw.chance(0.05) ? { leaderEpoch: draw.oneOf([-1, 1_000]) } : {}),
      ...(draw.chance(0.05) ? { partitionEpoch: draw.oneOf([-1, 1_000]) } : {}),
      ...(leader < 0 ? { leader: draw.oneOf(BROKERS) } : {}),
    });
  }

  async #heartbeat(): Promise<void> {
    const draw = this.#draw;
    const id = draw.oneOf(BROKERS);
    const kind = draw.below(10);
    const cordonedLogDirs = draw.chance(0.5) ? [dir(id)] : [];
    if (!this.#registered.has(id)) return;
    if (kind < 6) await this.#world.heartbeat(id);
    else if (kind < 9) await this.#world.heartbeat(id, { wantFence: true });
    else if (WITH_TWO_DIRECTORIES.includes(id)) await this.#world.heartbeat(id, { cordonedLogDirs });
  }

  async #failDirectory(): Promise<void> {
    const id = this.#draw.oneOf(WITH_TWO_DIRECTORIES);
    const offlineLogDirs = [dir(id, this.#draw.below(2))];
    if (this.#registered.has(id)) await this.#world.heartbeat(id, { offlineLogDirs });
  }

  async #reassign(topic: string, index: number, partition: PartitionImage): Promise<void> {
    const draw = this.#draw;
    const { replicas, adding, removing } = partition;
    const target = draw.shuffled(this.#here()).slice(0, 1 + draw.below(3));
    const allowsAnySize = draw.chance(0.8);
    const cancels = draw.chance(0.6);
    if (!this.#plain.has(topic) || target.length === 0) return;
    if (adding.length + removing.length > 0) {
      if (cancels) return this.#world.reassign(topic, index, null);
      const isOfBothKinds = target.some((id) => !replicas.includes(id)) && replicas.some((id) => !target.includes(id));
      if (!isOfBothKinds) return;
    }
    await this.#world.reassign(topic, index, target, allowsAnySize);
  }

  async #elect(topic: string, partition: number): Promise<void> {
    const type = this.#draw.below(2);
    await this.#world.elect(type, this.#draw.chance(0.3) ? null : [[topic, [partition]]]);
  }

  async #allowUnclean(topic: string): Promise<void> {
    const value = this.#draw.oneOf(['true', 'false']);
    await this.#world.alterConfigs(TOPIC, topic, [UNCLEAN_ELECTION, 0, value]);
  }

  async #unregisterOrRegister(): Promise<void> {
    const id = this.#draw.oneOf(BROKERS);
    if (this.#registered.delete(id)) return this.#world.unregister(id);
    await this.#world.register(id, { logDirs: dirsOf(id) });
    this.#registered.add(id);
  }

  async #assignDirectory(topic: string, partition: number, { leader }: PartitionImage): Promise<void> {
    const id = this.#draw.oneOf(WITH_TWO_DIRECTORIES);
    const directory = dir(id, this.#draw.below(2));
    if (leader >= 0) await this.#world.assignDir(id, directory, topic, [partition]);
  }

  /** Kafka takes the replication factor of some partition; they must have the same. */
  async #addPartitions(topic: string): Promise<void> {
    const draw = this.#draw;
    const count = this.#world.partitionCount(topic);
    const sizes = Array.from({ length: count }, (_, i) => this.#world.partition(topic, i).replicas.length);
    const more = 1 + draw.below(2);
    const assignments = Array.from({ length: more }, () => draw.shuffled(this.#here()).slice(0, sizes[0]));
    if (new Set(sizes).size === 1) await this.#world.addPartitions(topic, count + more, assignments);
  }

  async #restart(): Promise<void> {
    const draw = this.#draw;
    const id = draw.oneOf(BROKERS);
    const isClean = draw.chance(0.5);
    const comesBack = draw.chance(0.7);
    if (!this.#registered.has(id)) return;
    await this.#world.silence(id);
    const previousBrokerEpoch = isClean ? (this.#world.epochs.get(id) as number) : 1;
    if (comesBack) await this.#world.register(id, { logDirs: dirsOf(id), previousBrokerEpoch });
  }
}

export async function playRandom(world: World, seed: number, steps: number): Promise<void> {
  const play = new Play(world, seed);
  await play.begin();
  for (let i = 0; i < steps; i++) {
    if (i % 20 === 0) world.step(`random steps from ${i}`);
    await play.step();
  }
}
