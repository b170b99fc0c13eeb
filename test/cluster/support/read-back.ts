/** Reads partitions back from their leaders and holds them against what was acknowledged. */
import { RecordBatch } from '../../../src/protocol/batch.ts';
import { readRecords } from '../../../src/protocol/record.ts';
import type { AckedProducers, Lane } from './acked-producer.ts';
import { FETCH } from './apis.ts';
import type { Probe } from './probe.ts';
import { Wire } from './wire.ts';

const FETCH_BYTES = 4 << 20;

/** An answer may end within a batch. */
export function wholeBatches(bytes: Buffer): RecordBatch[] {
  let end = 0;
  while (end + 12 <= bytes.length && end + 12 + bytes.readInt32BE(end + 8) <= bytes.length) {
    end += 12 + bytes.readInt32BE(end + 8);
  }
  return RecordBatch.all(bytes.subarray(0, end));
}

export interface Fetched {
  readonly errorCode: number;
  readonly highWatermark: number;
  /** The number at the beginning of each record, by its offset. */
  readonly numbers: readonly { readonly offset: number; readonly number: number }[];
}

export async function fetchOnce(
  wire: Wire,
  topic: string,
  partition: number,
  fetchOffset: number,
  maxWaitMs = 0,
): Promise<Fetched> {
  const answer = await wire.call(FETCH, {
    maxWaitMs,
    minBytes: maxWaitMs > 0 ? 1 : 0,
    maxBytes: FETCH_BYTES,
    sessionEpoch: -1,
    topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: FETCH_BYTES }] }],
  });
  const { errorCode = -1, highWatermark = -1, records } = answer.responses[0]?.partitions[0] ?? {};
  const numbers: { offset: number; number: number }[] = [];
  for (const batch of wholeBatches(Buffer.from((records as Uint8Array | null | undefined) ?? []))) {
    for (const record of readRecords(batch.bytes, batch.start)) {
      if (record.offset < fetchOffset) continue;
      numbers.push({ offset: Number(record.offset), number: Number.parseInt(String(record.value), 10) });
    }
  }
  return { errorCode, highWatermark: Number(highWatermark), numbers };
}

/** The numbers of a partition by offset, from 0 to the high watermark. */
export async function readPartition(probe: Probe, topic: string, partition: number): Promise<number[]> {
  const leader = await probe.leaderAddress(topic, partition);
  if (leader === undefined) throw new Error(`${topic}-${partition} has no leader`);
  const wire = await Wire.open(leader);
  const numbers: number[] = [];
  try {
    for (;;) {
      const fetched = await fetchOnce(wire, topic, partition, numbers.length);
      if (fetched.errorCode !== 0) {
        throw new Error(`fetch of ${topic}-${partition} at ${numbers.length}: ${fetched.errorCode}`);
      }
      for (const { offset, number } of fetched.numbers) {
        if (offset !== numbers.length) throw new Error(`${topic}-${partition}: ${offset} came at ${numbers.length}`);
        numbers.push(number);
      }
      if (numbers.length >= fetched.highWatermark) return numbers;
      if (fetched.numbers.length === 0) {
        throw new Error(`no records of ${topic}-${partition} at ${numbers.length}, below ${fetched.highWatermark}`);
      }
    }
  } finally {
    wire.close();
  }
}

function faultOf(lane: Lane, numbers: readonly number[]): string | undefined {
  const wrong = numbers.findIndex((number, offset) => number !== offset);
  if (wrong >= 0) return `${lane.name}: record ${wrong} is ${numbers[wrong]} (of ${lane.sent})`;
  if (numbers.length !== lane.sent) return `${lane.name}: ${numbers.length} records of ${lane.sent} acknowledged`;
  // Each lane is alone in its partition, so a record's number is its offset.
  const misplaced = lane.places.find(({ batch, offset }) => offset >= 0 && offset !== batch.first);
  if (misplaced === undefined) return undefined;
  return `${lane.name}: batch ${misplaced.batch.first} was acknowledged at offset ${misplaced.offset}`;
}

/** Every acknowledged record is there once, in order, where it was said to be. Resolves with how many there are. */
export async function verifyAcknowledged(probe: Probe, producers: AckedProducers): Promise<number> {
  let count = 0;
  const faults: string[] = [];
  for (const lane of producers.lanes) {
    const numbers = await readPartition(probe, lane.topic, lane.partition);
    count += numbers.length;
    const fault = faultOf(lane, numbers);
    if (fault !== undefined) faults.push(fault);
  }
  if (faults.length > 0)
    throw new Error(`acknowledged records are not as they were: ${faults.slice(0, 10).join('; ')}`);
  return count;
}
