/** A broker that follows, without the rest of it: real logs and fetchers here, a fake leader (broker 2), time by hand. */
import { Partition } from '../../../src/broker/partition.ts';
import { ReplicaFetchers } from '../../../src/broker/replication/replica-fetchers.ts';
import type { PartitionLog } from '../../../src/storage/partition-log.ts';
import {
  openLog,
  readAll,
  removeDirectory,
  type TestContext,
  temporaryDirectory,
  testContext,
} from '../../storage/support.ts';
import { ManualTime } from '../../support/manual-time.ts';
import { MemorySockets } from '../../support/memory-sockets.ts';
import { turn } from '../harness.ts';
import { FakeLeader, type LedPartition } from './fake-leader.ts';

const SETTINGS = {
  socketTimeoutMs: 30_000,
  waitMaxMs: 500,
  minBytes: 1,
  maxBytes: 1 << 20,
  responseMaxBytes: 10 << 20,
  backoffMs: 1000,
};

export interface Pair {
  readonly led: LedPartition;
  readonly own: PartitionLog;
  readonly follower: Partition;
}

export class FollowerWorld {
  readonly time = new ManualTime();
  readonly leader = new FakeLeader(this.time);
  readonly context: TestContext = testContext();
  readonly fetchers: ReplicaFetchers;
  checkpoints = 0;
  /** Log directories whose disk does not take the checkpoint. */
  readonly full = new Set<string>();
  loops = 1;
  throttled: ReadonlySet<number> = new Set();
  readonly quota = {
    isExceeded: false,
    bytes: 0,
    record(bytes: number) {
      this.bytes += bytes;
    },
  };
  readonly #directories: string[] = [];

  constructor() {
    const { time, context, leader, quota } = this;
    this.fetchers = new ReplicaFetchers({
      nodeId: 1,
      runtime: {
        clock: time,
        timers: time,
        random: context.random,
        files: context.files,
        sockets: new MemorySockets(),
      },
      logger: context.logger,
      openLink: leader.openLink,
      endpointOf: (id) => (id === 2 ? leader.address : undefined),
      brokerEpoch: () => 77,
      settings: () => ({ ...SETTINGS, fetchers: this.loops }),
      quota,
      checkpoint: async () => {
        this.checkpoints++;
        return this.full;
      },
    });
  }

  end(): void {
    this.fetchers.stop();
    for (const directory of this.#directories) removeDirectory(directory);
  }

  /** Of the leader, or with this broker's own context of the follower. */
  log(
    topic: string,
    overrides: Parameters<typeof openLog>[2] = {},
    context: TestContext = testContext(),
  ): PartitionLog {
    const directory = temporaryDirectory();
    this.#directories.push(directory);
    const topicId = `TTTTTTTTTTTTTTTTTTTT${topic.charAt(0).toUpperCase()}A`;
    return openLog(context, directory, { topic, topicId, path: `${directory}/${topic}-0`, ...overrides });
  }

  ownLog(topic: string, overrides: Parameters<typeof openLog>[2] = {}): PartitionLog {
    return this.log(topic, overrides, this.context);
  }

  partition(log: PartitionLog): Partition {
    return new Partition({
      topic: log.topic,
      id: 0,
      log,
      around: {
        nodeId: 1,
        clock: this.time,
        logger: this.context.logger,
        maxLagMs: () => 30_000,
        brokerEpoch: () => 77,
        peer: () => undefined,
        propose: () => {},
      },
      settings: () => ({
        minInsyncReplicas: 1,
        compressionType: 'producer',
        compressionLevel: undefined,
        leaderThrottled: new Set(),
        followerThrottled: this.throttled,
      }),
    });
  }

  /** A topic that broker 2 leads, and its empty replica here. */
  pair(topic: string, leaderEpoch = 1): Pair {
    const led = this.leader.lead(this.log(topic), leaderEpoch);
    const own = this.ownLog(topic);
    return { led, own, follower: this.partition(own) };
  }

  /** Time passes in small steps, each with everything that it sets off. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      this.time.advance(Math.min(left, 10));
      await settled();
    }
  }
}

export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}

export function bytesOf(log: PartitionLog): Buffer {
  return log.read(log.logStartOffset, 1 << 24, { maxOffset: log.logEndOffset, minOneBatch: true }).toBuffer();
}

/** Offset ranges with their epochs. */
export function shape(log: PartitionLog): string {
  return readAll(log)
    .map((one) => `${one.baseOffset}-${one.lastOffset}@${one.partitionLeaderEpoch}`)
    .join(' ');
}
