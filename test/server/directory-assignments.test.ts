/** What a broker tells of its directories, against a controller that answers what the test says. */
import { beforeEach, expect, it } from 'vitest';
import type { ControllerChannel } from '../../src/broker/services.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import type { AssignReplicasToDirsRequest } from '../../src/protocol/messages/assign-replicas-to-dirs.ts';
import { DirectoryAssignments } from '../../src/server/directory-assignments.ts';
import { LineLogger } from '../storage/support.ts';
import { ManualTime } from '../support/manual-time.ts';

const TOPIC = 'TTTTTTTTTTTTTTTTTTTTAA';
const DIRECTORY = 'DDDDDDDDDDDDDDDDDDDDAA';

let time: ManualTime;
let logger: LineLogger;
let asked: number[][];
let assignments: DirectoryAssignments;
/** By partition. */
let codes: Map<number, number>;
/** Partitions that the answer does not speak of. */
let leftOut: Set<number>;

beforeEach(() => {
  time = new ManualTime();
  logger = new LineLogger();
  asked = [];
  codes = new Map();
  leftOut = new Set();
  const send = async (_request: unknown, _response: unknown, _version: number, value: AssignReplicasToDirsRequest) => {
    asked.push(value.directories.flatMap(({ topics }) => topics.flatMap((t) => t.partitions.map(indexOf))));
    return {
      throttleTimeMs: 0,
      errorCode: 0,
      directories: value.directories.map(({ id, topics }) => ({
        id,
        topics: topics.map(({ topicId, partitions }) => ({
          topicId,
          partitions: partitions
            .map(({ partitionIndex }) => ({ partitionIndex, errorCode: codes.get(partitionIndex) ?? 0 }))
            .filter(({ partitionIndex }) => !leftOut.has(partitionIndex)),
        })),
      })),
    };
  };
  const channel = { send } as unknown as ControllerChannel;
  assignments = new DirectoryAssignments({ nodeId: 1, brokerEpoch: () => 7, channel, timers: time, logger });
});

const indexOf = ({ partitionIndex }: { readonly partitionIndex: number }) => partitionIndex;

async function pass(ms: number): Promise<void> {
  time.advance(ms);
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

it('what came together is told together, once', async () => {
  assignments.assign(TOPIC, 0, DIRECTORY);
  assignments.assign(TOPIC, 1, DIRECTORY);
  await pass(0);
  await pass(60_000);
  expect(asked).toEqual([[0, 1]]);
});

it('a partition that is refused, or that the answer leaves out, is told of again, until it is accepted', async () => {
  for (const id of [0, 1, 2]) assignments.assign(TOPIC, id, DIRECTORY);
  codes.set(1, ErrorCode.NOT_CONTROLLER);
  leftOut.add(2);
  await pass(0);
  expect(asked).toEqual([[0, 1, 2]]);
  await pass(100);
  expect(asked.slice(1)).toEqual([[1, 2]]);
  codes.clear();
  leftOut.clear();
  await pass(100);
  // Each refusal in a row waits longer.
  expect(asked).toHaveLength(2);
  await pass(100);
  await pass(60_000);
  expect(asked.slice(2)).toEqual([[1, 2]]);
});

it.each(['UNKNOWN_TOPIC_ID', 'UNKNOWN_TOPIC_OR_PARTITION', 'NOT_LEADER_OR_FOLLOWER'] as const)(
  'a partition that the controller does not know here (%s) is told of no more',
  async (name) => {
    assignments.assign(TOPIC, 0, DIRECTORY);
    codes.set(0, ErrorCode[name]);
    await pass(0);
    await pass(60_000);
    expect(asked).toEqual([[0]]);
    expect(logger.lines.some((line) => line.includes(name))).toBe(true);
  },
);
