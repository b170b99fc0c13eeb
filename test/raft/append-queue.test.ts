import { expect, it } from 'vitest';
import { RecordBatch } from '../../src/protocol/batch.ts';
import { readRecords } from '../../src/protocol/record.ts';
import { AppendQueue } from '../../src/raft/append-queue.ts';
import { ManualTime } from '../support/manual-time.ts';

it('gives all records of a batch one time, as Kafka demands of a metadata log', () => {
  const time = new ManualTime();
  const batches: Uint8Array[] = [];
  const queue = new AppendQueue(time, time, (batch) => batches.push(batch));
  queue.beginEpoch(1, 0);
  queue.push([Buffer.from('a')]);
  time.sleep(7);
  queue.push([Buffer.from('b'), Buffer.from('c')]);
  queue.drain();
  const [batch] = RecordBatch.all(Buffer.from(batches[0] as Uint8Array)) as [RecordBatch];
  expect(readRecords(batch.bytes, batch.start).map(({ timestamp }) => Number(timestamp) - time.nowMs())).toEqual([
    -7, -7, -7,
  ]);
});
