/** What clients do during a simulation: the real producer, consumers in a group, and questions about ends and offsets. */

import { Admin } from '../../src/client/admin.ts';
import { pause } from '../../src/client/backoff.ts';
import { ClusterView } from '../../src/client/cluster-view.ts';
import { Consumer } from '../../src/client/consumer/consumer.ts';
import { OffsetSpec } from '../../src/client/offsets.ts';
import { Producer } from '../../src/client/producer/producer.ts';
import { ClientLink } from '../../src/network/client-link.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import type { Seeded } from '../support/sim/seeded.ts';
import type { SimProcess } from '../support/sim/sim-process.ts';
import type { Ledger } from './ledger.ts';
import { Operations } from './operations.ts';
import type { Placement } from './watch.ts';

export interface LoadOptions {
  readonly process: SimProcess;
  readonly ledger: Ledger;
  readonly random: Seeded;
  readonly bootstrapServers: string;
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly topicConfigs: Readonly<Record<string, string>>;
  /** Ids of the brokers among which replicas are moved; none: nothing is administered. */
  readonly administered: readonly number[];
  readonly joining: readonly number[];
  /** Who has the replicas of a partition of the topic, as committed last. */
  readonly placementOf: (partition: number) => Placement | undefined;
}

const GROUP = 'readers';

export class Load {
  readonly #options: LoadOptions;
  readonly #process: SimProcess;
  /** No more records are sent. */
  #stopped = false;
  /** Nothing is done any more. */
  #finished = false;
  readonly #unanswered = new Set<Promise<unknown>>();
  /** What was sent by now is settled, and nothing more comes. */
  get settled(): boolean {
    return this.topicMade && this.#sending === 0;
  }

  #sending = 0;
  operations: Operations | null = null;
  topicMade = false;
  checked = false;
  /** By partition, as found in the end. */
  ends: ReadonlyMap<number, number> = new Map();
  #producers = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#process = options.process;
  }

  start(producers: number, consumers: number): void {
    this.#keep('topic', () => this.#makeTopic(producers, consumers));
  }

  /** One more consumer of the group, and nothing else. */
  startReader(name: number): void {
    this.#keep('reader', () => this.#consume(name));
  }

  /** Sends no more, and settles what is under way. */
  stopSending(): void {
    this.#stopped = true;
  }

  finish(): void {
    this.#finished = true;
  }

  /** An error of one of these loops that it did not expect fails the run. */
  #keep(what: string, run: () => Promise<void>): void {
    run().catch((error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#process.world.fail(`${what} ended: ${text}`);
    });
  }

  #cluster(name: string): ClusterView {
    const { random, bootstrapServers } = this.#options;
    return new ClusterView({
      runtime: this.#process.runtime,
      openLink: ClientLink.open,
      settings: {
        bootstrapServers,
        clientId: name,
        requestTimeoutMs: random.pick([1_500, 3_000, 10_000]),
        apiTimeoutMs: 15_000,
        bootstrapPatienceMs: 120_000,
        connectTimeoutMs: 1_000,
        connectTimeoutMaxMs: 2_000,
        retryBackoffMs: 50,
        metadataMaxAgeMs: 5_000,
      },
    });
  }

  #pause(ms: number): Promise<void> {
    return pause(this.#process.runtime, ms);
  }

  async #makeTopic(producers: number, consumers: number): Promise<void> {
    const { topic, partitions, replicationFactor, topicConfigs } = this.#options;
    const admin = new Admin(this.#cluster('admin'));
    for (;;) {
      const outcome = await admin
        .createTopics([{ name: topic, partitions, replicationFactor, configs: topicConfigs }])
        .catch(() => null);
      const error = outcome?.get(topic);
      // Its first answer may have been lost.
      if (outcome !== null && (error === null || error?.code === 36)) break;
      await this.#pause(200);
    }
    this.topicMade = true;
    this.#sending = producers;
    for (let i = 0; i < producers; i++) this.#keep('producer', () => this.#produce());
    for (let i = 0; i < consumers; i++) this.#keep('consumer', () => this.#consume(i));
    if (this.#options.administered.length > 0) this.#keep('operations', () => this.#operate());
    this.#keep('ends', () => this.#askEnds());
    this.#keep('offsets', () => this.#askOffsets());
  }

  async #produce(): Promise<void> {
    const { random, topic, partitions, ledger } = this.#options;
    const name = `p${this.#producers++}`;
    const numbers = new Map<number, number>();
    const patient = random.chance(0.7);
    const producer = new Producer<string, string>(this.#cluster(name), {
      lingerMs: random.pick([0, 0, 5, 20]),
      batchBytes: random.pick([500, 4_000, 65_536]),
      compression: random.int(5),
      maxInFlight: 1 + random.int(5),
      requestTimeoutMs: random.pick([1_500, 3_000]),
      deliveryTimeoutMs: patient ? 120_000 : random.pick([4_000, 8_000]),
      maxBlockMs: 120_000,
    });
    while (!this.#stopped) {
      for (let burst = 1 + random.int(5); burst > 0; burst--) {
        const partition = random.int(partitions);
        const number = numbers.get(partition) ?? 0;
        numbers.set(partition, number + 1);
        const value = `${name}:${partition}:${number}:${'x'.repeat(random.pick([0, 10, 300, 2_000]))}`;
        ledger.sent++;
        const sent = producer.send({ topic, partition, key: null, value }).then(
          ({ offset }) => ledger.acknowledged(topic, partition, offset, value),
          (error: unknown) => {
            ledger.refused++;
            this.#process.world.say(this.#process, () => `refused ${value.slice(0, 20)}: ${String(error)}`);
          },
        );
        this.#unanswered.add(sent);
        sent.finally(() => this.#unanswered.delete(sent));
      }
      await this.#pause(random.between(5, 150));
    }
    while (this.#unanswered.size > 0) await Promise.all([...this.#unanswered]);
    await producer.close({ timeoutMs: 1_000 });
    this.#sending--;
  }

  async #consume(index: number): Promise<void> {
    const { random, topic, ledger } = this.#options;
    const consumer = new Consumer(this.#cluster(`c${index}`), {
      groupId: GROUP,
      autoCommit: false,
      offsetReset: 'earliest',
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 1_000,
      rebalanceTimeoutMs: 10_000,
      fetchMaxWaitMs: random.pick([50, 500]),
      maxPollRecords: random.pick([10, 500]),
    });
    const mine = new Map<number, number>();
    consumer.subscribe([topic], {
      onAssigned: (partitions) => {
        for (const { partition } of partitions) mine.delete(partition);
      },
      onRevoked: (partitions) => {
        for (const { partition } of partitions) mine.delete(partition);
      },
    });
    while (!this.#finished) {
      const records = await consumer.poll(500).catch(() => {
        // It says so, and goes on.
        return this.#pause(100).then(() => []);
      });
      for (const { partition, offset, value } of records) {
        const before = mine.get(partition);
        if (before !== undefined && offset <= before) {
          this.#process.world.fail(`c${index} was given ${topic}-${partition} at ${offset} behind ${before}`);
        }
        mine.set(partition, offset);
        ledger.consumed(topic, partition, offset, (value as Buffer).toString());
      }
      if (records.length > 0 && random.chance(0.5)) await this.#commit(consumer, mine);
    }
    await consumer.close({ timeoutMs: 1_000 });
  }

  async #commit(consumer: Consumer, mine: ReadonlyMap<number, number>): Promise<void> {
    const { topic, ledger } = this.#options;
    const offsets = [...mine].map(([partition, last]) => ({ topic, partition, offset: last + 1 }));
    try {
      await consumer.commit(offsets);
    } catch {
      return;
    }
    for (const { partition, offset } of offsets) ledger.commit(topic, partition, offset);
  }

  async #operate(): Promise<void> {
    const { random, topic, partitions, replicationFactor, administered: brokers } = this.#options;
    const cluster = this.#cluster('operator');
    this.operations = new Operations({
      admin: new Admin(cluster),
      cluster,
      joining: this.#options.joining,
      say: (line) => this.#process.world.say(this.#process, () => line),
      random: random.fork('operations'),
      topic,
      partitions,
      brokers,
      replicationFactor,
      pause: async (ms) => {
        await this.#pause(ms);
        return !this.#stopped;
      },
    });
    await this.operations.run();
  }

  /** The end that clients see never goes back. */
  async #askEnds(): Promise<void> {
    const { random, topic, ledger } = this.#options;
    const admin = new Admin(this.#cluster('ends'));
    while (!this.#finished) {
      await this.#pause(random.between(50, 500));
      const wanted = this.#all().map((one) => ({ ...one, timestamp: OffsetSpec.latest }));
      const known = wanted.map(({ partition }) => ledger.endBefore(topic, partition));
      const answers = await admin.listOffsets(wanted).catch(() => null);
      if (answers === null) continue;
      for (const { partition, errorCode, offset } of answers.values()) {
        if (errorCode === 0) ledger.toldEnd(topic, partition, offset, known[partition] ?? 0);
      }
    }
  }

  /** An acknowledged commit is never taken back. */
  async #askOffsets(): Promise<void> {
    const { random, topic, ledger, partitions } = this.#options;
    const admin = new Admin(this.#cluster('offsets'));
    while (!this.#finished) {
      await this.#pause(random.between(50, 800));
      const known = Array.from({ length: partitions }, (_, partition) => ledger.committed(topic, partition));
      const answer = await admin.groupOffsets(GROUP).catch(() => null);
      if (answer === null) continue;
      for (const [partition, atLeast] of known.entries()) {
        const told = [...answer.values()].find((one) => one.topic === topic && one.partition === partition);
        if (told === undefined) ledger.toldCommitted(topic, partition, -1, atLeast);
        else ledger.toldCommitted(topic, partition, told.offset, atLeast);
      }
    }
  }

  /** Every partition is read from its beginning to its end, and held against the ledger; then `checked` is true. */
  check(): void {
    this.#keep('the last reading', async () => {
      const { topic, ledger } = this.#options;
      const cluster = this.#cluster('check');
      const admin = new Admin(cluster);
      let ends: ReadonlyMap<
        string,
        { readonly partition: number; readonly offset: number; readonly errorCode: number }
      >;
      for (;;) {
        const wanted = this.#all().map((one) => ({ ...one, timestamp: OffsetSpec.latest }));
        const answers = await admin.listOffsets(wanted).catch(() => null);
        // Whoever was cut off until now may still take itself for the leader.
        const isKnown = (one: { readonly partition: number; readonly errorCode: number; readonly offset: number }) =>
          one.errorCode === 0 && one.offset >= ledger.knownEnd(topic, one.partition);
        if (answers !== null && [...answers.values()].every(isKnown)) {
          ends = answers;
          break;
        }
        await this.#pause(100);
      }
      const content = await this.#readAll(ends);
      for (const [partition, records] of content) ledger.checkContent(topic, partition, records);
      while (!this.#caughtUp(ends)) await this.#pause(50);
      while (!(await this.#isWhole(admin))) await this.#pause(100);
      while (!(await this.#hasCommits(admin))) await this.#pause(100);
      this.ends = new Map([...ends.values()].map(({ partition, offset }) => [partition, offset]));
      this.checked = true;
    });
  }

  /** The coordinator knows every commit that was acknowledged. */
  async #hasCommits(admin: Admin): Promise<boolean> {
    const { topic, ledger } = this.#options;
    const answer = await admin.groupOffsets(GROUP).catch(() => null);
    if (answer === null) return false;
    const told = new Map(
      [...answer.values()].filter((one) => one.topic === topic).map((one) => [one.partition, one.offset]),
    );
    return this.#all().every(({ partition }) => (told.get(partition) ?? -1) >= ledger.committed(topic, partition));
  }

  /**
   * Every replica is in sync, and every partition has a leader. A broker tells what it knows of the metadata, in Kafka too:
   * whoever was cut off until now may still tell of replicas that have moved, and is asked again until it knows.
   */
  async #isWhole(admin: Admin): Promise<boolean> {
    const { topic, placementOf } = this.#options;
    const found = (await admin.describeTopics([topic]).catch(() => null))?.get(topic);
    if (found === undefined || found instanceof KafkaError) return false;
    return found.partitions.every(({ partition, leader, replicas, isr }) => {
      const committed = placementOf(partition);
      const isCurrent = String(replicas) === String(committed?.replicas) && String(isr) === String(committed?.isr);
      return isCurrent && leader >= 0 && isr.length === replicas.length;
    });
  }

  /** The group has read everything too. */
  #caughtUp(ends: ReadonlyMap<string, { readonly partition: number; readonly offset: number }>): boolean {
    const { topic, ledger } = this.#options;
    return [...ends.values()].every(({ partition, offset }) => ledger.consumedEnd(topic, partition) >= offset);
  }

  async #readAll(ends: ReadonlyMap<string, { readonly partition: number; readonly offset: number }>) {
    const { topic } = this.#options;
    const consumer = new Consumer(this.#cluster('check'), { autoCommit: false, offsetReset: 'earliest' });
    consumer.assign(this.#all());
    const content = new Map<number, { offset: number; value: string }[]>(
      this.#all().map(({ partition }) => [partition, []]),
    );
    const atEnd = () =>
      [...ends.values()].every(({ partition, offset }) => {
        const last = content.get(partition)?.at(-1)?.offset ?? -1;
        return last + 1 >= offset;
      });
    while (!atEnd()) {
      const records = await consumer.poll(200).catch((error: unknown) => {
        if (error instanceof KafkaError) return this.#pause(50).then(() => []);
        throw error;
      });
      for (const { partition, offset, value } of records) {
        if (offset < (ends.get(`${topic}-${partition}`)?.offset ?? Number.POSITIVE_INFINITY)) {
          content.get(partition)?.push({ offset, value: (value as Buffer).toString() });
        }
      }
    }
    await consumer.close({ timeoutMs: 1_000 });
    return content;
  }

  #all() {
    const { topic, partitions } = this.#options;
    return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  }
}
