/** Replicas that move between the log directories of a broker, over real logs. */
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { readAll } from '../../storage/support.ts';
import { BrokerHarness, DIRECTORY_IDS, partitionChange, records, topicId, turn } from '../harness.ts';

let broker: BrokerHarness;
const brokers: BrokerHarness[] = [];

beforeEach(async () => {
  broker = await BrokerHarness.start({ directories: 2 });
  brokers.push(broker);
  broker.withTopics({ t: { partitions: 1 } });
});

afterEach(() => {
  for (const one of brokers.splice(0)) one.remove();
});

const log = () => broker.partition('t').log;
const other = (): string => broker.directories.find((path) => path !== log().directory) as string;
const idOf = (path: string): string => DIRECTORY_IDS[broker.directories.indexOf(path)] as string;
const values = () => readAll(log()).map(({ baseOffset }) => baseOffset);

async function move(path: string): Promise<number> {
  const answer = await broker.ask(34, 2, { dirs: [{ path, topics: [{ name: 't', partitions: [0] }] }] }).answer;
  return answer.results[0].partitions[0].errorCode;
}

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    broker.time.advance(100);
    await turn();
    await turn();
  }
}

/** The controller has taken the word of the broker. */
function assign(path: string): void {
  broker.apply(partitionChange(topicId(0), 0, { directories: [idOf(path)] }));
}

function namesIn(path: string): string[] {
  return fs.readdirSync(path).filter((name) => name.startsWith('t-0'));
}

/** Until the flush before the word to the controller is through. */
async function told(count: number): Promise<void> {
  while (broker.assigned.length < count) await turns();
}

it('copies the log, tells the controller, and switches when the metadata says so', async () => {
  broker.append('t', ...Array.from({ length: 30 }, () => 'x'.repeat(100_000)));
  broker.append('t', 'a', 'b');
  const [from, to] = [log().directory, other()];
  const before = broker.assigned.length;
  expect(await move(to)).toBe(ErrorCode.NONE);
  await told(before + 1);
  expect(broker.assigned.at(-1)).toEqual([topicId(0), 0, idOf(to)]);
  expect(log().directory).toBe(from);
  broker.append('t', 'while it waits');
  const bytes = log().sizeInBytes;
  const epochs = log().leaderEpochCache.entries;
  assign(to);
  expect(log().directory).toBe(to);
  expect(values()).toEqual(Array.from({ length: 33 }, (_, offset) => offset));
  expect([log().highWatermark, log().sizeInBytes, log().leaderEpochCache.entries]).toEqual([33, bytes, epochs]);
  broker.append('t', 'behind it');
  expect(log().logEndOffset).toBe(34);
  expect(namesIn(to)).toEqual(['t-0']);
  expect(namesIn(from)).toEqual([expect.stringMatching(/^t-0\.[0-9a-f]{32}-delete$/)]);
});

it('shows both logs while it goes on', async () => {
  broker.append('t', 'a');
  broker.moveQuota.isExceeded = true;
  await move(other());
  const { results } = await broker.ask(35, 4, { topics: null }).answer;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every API, looked at field by field
  const found = results.flatMap(({ logDir, topics }: any) =>
    // biome-ignore lint/suspicious/noExplicitAny: as above
    topics.flatMap(({ partitions }: any) => partitions.map((one: any) => [logDir, one.offsetLag, one.isFutureKey])),
  );
  expect(found).toEqual(
    expect.arrayContaining([
      [log().directory, 0, false],
      [other(), 1, true],
    ]),
  );
});

it('waits while the quota is used up', async () => {
  broker.append('t', 'a');
  broker.moveQuota.isExceeded = true;
  await move(other());
  const before = broker.assigned.length;
  await turns();
  expect(broker.logs.futureLog('t', 0)?.logEndOffset).toBe(0);
  broker.moveQuota.isExceeded = false;
  await told(before + 1);
  expect(broker.logs.futureLog('t', 0)?.logEndOffset).toBe(1);
});

it('waits while records may be missing from the log', async () => {
  broker.append('t', 'a');
  const gap = vi.spyOn(log(), 'gapAt', 'get').mockReturnValue(0);
  await move(other());
  const before = broker.assigned.length;
  await turns();
  expect(broker.logs.futureLog('t', 0)?.logEndOffset).toBe(0);
  gap.mockRestore();
  await told(before + 1);
  expect(broker.logs.futureLog('t', 0)?.logEndOffset).toBe(1);
});

it('refuses what is no directory, what is offline, and what is not here', async () => {
  expect(await move('/nowhere')).toBe(ErrorCode.LOG_DIR_NOT_FOUND);
  const { answer } = broker.ask(34, 2, { dirs: [{ path: other(), topics: [{ name: 'u', partitions: [0] }] }] });
  expect((await answer).results[0].partitions[0].errorCode).toBe(ErrorCode.REPLICA_NOT_AVAILABLE);
  broker.logs.failDirectory(other(), 'the disk is gone', new Error('EIO'));
  expect(await move(other())).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
});

it('is called off by a move to where the log is, and the controller hears of it', async () => {
  broker.append('t', 'a');
  const [from, to] = [log().directory, other()];
  const before = broker.assigned.length;
  await move(to);
  await told(before + 1);
  expect(await move(from)).toBe(ErrorCode.NONE);
  expect(broker.logs.futureLog('t', 0)).toBeNull();
  assign(to);
  expect(log().directory).toBe(from);
  expect(broker.assigned.at(-1)).toEqual([topicId(0), 0, idOf(from)]);
  await vi.waitFor(async () => {
    await turns();
    expect(namesIn(to)).toEqual([]);
  });
});

it('follows a log that is cut and written anew', async () => {
  broker.append('t', 'a', 'b', 'c');
  const to = other();
  const before = broker.assigned.length;
  await move(to);
  await told(before + 1);
  log().truncateTo(1);
  log().appendAsLeader(records({}, 'd'), 5);
  log().appendAsLeader(records({}, 'e'), 5);
  log().appendAsLeader(records({}, 'f'), 5);
  await turns();
  const shape = readAll(log()).map(({ baseOffset, partitionLeaderEpoch }) => [baseOffset, partitionLeaderEpoch]);
  assign(to);
  expect(log().directory).toBe(to);
  expect(readAll(log()).map((one) => [one.baseOffset, one.partitionLeaderEpoch])).toEqual(shape);
});

it('begins within a batch where the log does', async () => {
  for (let i = 0; i < 4; i++) broker.partition('t').append(records({}, 'a', 'b', 'c'), false);
  log().deleteRecordsBefore(4);
  const to = other();
  const before = broker.assigned.length;
  await move(to);
  await told(before + 1);
  assign(to);
  expect([log().directory, log().logStartOffset, log().logEndOffset]).toEqual([to, 4, 12]);
});

it('goes with its topic', async () => {
  broker.append('t', 'a');
  const to = other();
  await move(to);
  broker.apply(partitionChange(topicId(0), 0, { replicas: [2], isr: [2], leader: 2, directories: [DIRECTORY_IDS[0]] }));
  expect(broker.logs.futureLog('t', 0)).toBeNull();
  await vi.waitFor(async () => {
    await turns();
    expect(namesIn(to)).toEqual([]);
  });
});

it('ends when the disk that it goes to fails, and the log stays', async () => {
  broker.append('t', 'a');
  const from = log().directory;
  await move(other());
  broker.logs.failDirectory(other(), 'the disk is gone', new Error('EIO'));
  broker.append('t', 'b');
  expect([log().directory, log().logEndOffset, broker.logs.futureLog('t', 0)]).toEqual([from, 2, null]);
});

it.each(['clean', 'killed'] as const)('begins anew after a stop (%s)', async (how) => {
  broker.append('t', 'a', 'b');
  const to = other();
  broker.moveQuota.isExceeded = true;
  await move(to);
  broker = await broker.restart(how, { directories: 2 });
  const before = broker.assigned.length;
  await told(before + 1);
  expect(broker.assigned.at(-1)).toEqual([topicId(0), 0, idOf(to)]);
  assign(to);
  expect([log().directory, log().logEndOffset]).toEqual([to, 2]);
  await vi.waitFor(async () => {
    await turns();
    expect(namesIn(to)).toEqual(['t-0']);
  });
});

it('is brought to its end at the start, when the node was killed in the last step', async () => {
  broker.append('t', 'a', 'b');
  const [from, to] = [log().directory, other()];
  const before = broker.assigned.length;
  await move(to);
  await told(before + 1);
  const future = broker.logs.futureLog('t', 0)?.path as string;
  broker.logs.abandon();
  fs.renameSync(join(from, 't-0'), join(from, `t-0.${'0'.repeat(32)}-delete`));
  expect(fs.existsSync(future)).toBe(true);
  broker = await broker.restart('killed', { directories: 2 });
  expect([log().directory, log().logEndOffset]).toEqual([to, 2]);
});
