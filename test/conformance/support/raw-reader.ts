/** Makes topics and reads them back without any of src/client: what judges a drill must not be part of it. */
import { RecordBatch } from '../../../src/protocol/batch.ts';
import { createTopicsRequest, createTopicsResponse } from '../../../src/protocol/messages/create-topics.ts';
import { fetchRequest, fetchResponse } from '../../../src/protocol/messages/fetch.ts';
import { readRecords } from '../../../src/protocol/record.ts';
import { RawConnection } from '../../support/raw-connection.ts';

const FETCH_BYTES = 4 << 20;

export async function createTopic(bootstrap: string, name: string): Promise<void> {
  const connection = await RawConnection.open(bootstrap);
  const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
  const answer = await connection.send(createTopicsRequest, createTopicsResponse, 7, { topics, timeoutMs: 30_000 });
  connection.close();
  if (answer.topics[0]?.errorCode !== 0) throw new Error(`topic ${name}: ${answer.topics[0]?.errorCode}`);
}

/** The numbers with which the records of partition 0 begin, from the first to the high watermark. */
export async function readNumbers(bootstrap: string, topic: string): Promise<number[]> {
  const connection = await RawConnection.open(bootstrap);
  const numbers: number[] = [];
  for (let fetchOffset = 0; ; ) {
    const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: FETCH_BYTES }];
    const topics = [{ topic, partitions }];
    const limits = { maxWaitMs: 0, minBytes: 0, maxBytes: FETCH_BYTES, sessionEpoch: -1 };
    const answer = await connection.send(fetchRequest, fetchResponse, 12, { ...limits, topics });
    const { errorCode = -1, highWatermark = 0, records } = answer.responses[0]?.partitions[0] ?? {};
    if (errorCode !== 0) throw new Error(`fetch of ${topic} at ${fetchOffset}: ${errorCode}`);
    const batches = wholeBatches(Buffer.from((records as Uint8Array | null | undefined) ?? []));
    for (const batch of batches) {
      for (const record of readRecords(batch.bytes, batch.start)) {
        if (record.offset !== fetchOffset)
          throw new Error(`offset ${record.offset} of ${topic} came at ${fetchOffset}`);
        fetchOffset++;
        numbers.push(Number.parseInt(String(record.value), 10));
      }
    }
    if (fetchOffset >= highWatermark) break;
    if (batches.length === 0) throw new Error(`no records of ${topic} at ${fetchOffset}, below ${highWatermark}`);
  }
  connection.close();
  return numbers;
}

/** An answer may end within a batch. */
function wholeBatches(bytes: Buffer): RecordBatch[] {
  let end = 0;
  while (end + 12 <= bytes.length && end + 12 + bytes.readInt32BE(end + 8) <= bytes.length) {
    end += 12 + bytes.readInt32BE(end + 8);
  }
  return RecordBatch.all(bytes.subarray(0, end));
}

export const upTo = (end: number): number[] => Array.from({ length: end }, (_, n) => n);
