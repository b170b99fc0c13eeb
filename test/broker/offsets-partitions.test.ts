import { afterEach, beforeEach, expect, it } from 'vitest';
import { OffsetsPartitions } from '../../src/broker/offsets-partitions.ts';
import { RecordBatch } from '../../src/protocol/batch.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { BrokerHarness, partitionChange, records, topicId, turn } from './harness.ts';

let broker: BrokerHarness;
let offsets: OffsetsPartitions;

beforeEach(async () => {
  broker = await BrokerHarness.start();
  broker.withTopics({ __consumer_offsets: { partitions: 2, replicas: [1, 2], isr: [1, 2] } });
  offsets = new OffsetsPartitions(broker.replicas, broker.time);
});

afterEach(() => broker.remove());

async function load(index: number): Promise<number[]> {
  const found: number[] = [];
  for await (const bytes of offsets.loader(index)()) {
    for (const batch of RecordBatch.all(Buffer.from(bytes))) found.push(batch.baseOffset);
  }
  return found;
}

it('appends for the leader of an epoch, and tells when it is committed', async () => {
  let committed = false;
  const { offset, committed: done } = offsets.append(0, records({}, 'a'), 0);
  void done.then(() => {
    committed = true;
  });
  await turn();
  expect([offset, committed]).toEqual([0, false]);
  broker.apply(partitionChange(topicId(0), 0, { isr: [1] }));
  await done;
  expect(broker.partition('__consumer_offsets').log.highWatermark).toBe(1);
});

it('refuses epochs that are over and partitions that are elsewhere', () => {
  broker.apply(partitionChange(topicId(0), 0, { leader: 1 }));
  expect(() => offsets.append(0, records({}, 'a'), 0)).toThrow(
    expect.objectContaining({ code: ErrorCode.FENCED_LEADER_EPOCH }),
  );
  expect(() => offsets.append(7, records({}, 'a'), 0)).toThrow(
    expect.objectContaining({ code: ErrorCode.NOT_LEADER_OR_FOLLOWER }),
  );
});

it('fails what was not committed when the leadership goes', async () => {
  const { committed } = offsets.append(0, records({}, 'a'), 0);
  const failed = expect(committed).rejects.toMatchObject({ code: ErrorCode.NOT_LEADER_OR_FOLLOWER });
  broker.apply(partitionChange(topicId(0), 0, { leader: 2 }));
  await failed;
});

it('loads whole batches in pieces, and what is deleted not', async () => {
  broker.apply(partitionChange(topicId(0), 1, { isr: [1] }));
  const partition = broker.partition('__consumer_offsets', 1);
  for (let n = 0; n < 6; n++) partition.append(records({}, 'x'.repeat(400_000)), false);
  expect(await load(1)).toEqual([0, 1, 2, 3, 4, 5]);
  partition.log.deleteRecordsBefore(4);
  expect(await load(1)).toEqual([4, 5]);
  expect(await load(0)).toEqual([]);
});

it('waits with what a new leader finds above the high watermark until it is committed, and leaves out what comes later', async () => {
  broker.apply(partitionChange(topicId(0), 1, { isr: [1] }));
  const partition = broker.partition('__consumer_offsets', 1);
  partition.append(records({}, 'committed'), false);
  broker.apply(partitionChange(topicId(0), 1, { isr: [1, 2] }));
  partition.append(records({}, 'found at the election'), false);
  let found: number[] | null = null;
  const loading = load(1).then((offsetsFound) => {
    found = offsetsFound;
  });
  await turn();
  expect(found).toBeNull();
  partition.append(records({}, 'its own'), false);
  broker.apply(partitionChange(topicId(0), 1, { isr: [1] }));
  await loading;
  expect(found).toEqual([0, 1]);
});

it('ends a load that waits when the leadership goes', async () => {
  broker.partition('__consumer_offsets', 1).append(records({}, 'not committed'), false);
  const loading = expect(load(1)).rejects.toMatchObject({ code: ErrorCode.NOT_LEADER_OR_FOLLOWER });
  await turn();
  broker.apply(partitionChange(topicId(0), 1, { leader: 2 }));
  await loading;
});
