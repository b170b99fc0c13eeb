/**
 * A producer snapshot names only the last batch of each producer. Batches may stand before it whose answers never reached
 * their producer; sent again they must be known, not refused as out of order: its producer would take a new epoch and
 * write them twice. So the tail of the log before the snapshot is read for what the snapshot leaves out: at once after an
 * unclean stop, and after a clean one when a producer comes back with such a batch. (Kafka does neither.)
 *
 * Only batches that lead up to the snapshot's own are taken, and state that nothing precedes is never made.
 */
import { lastOffsetAt } from '../protocol/batch.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { walkHeaders } from './batch-scan.ts';
import type { LogSegment } from './log-segment.ts';
import { ProducerState } from './producer-state.ts';

/** More than the batches that clients commonly have in flight. */
const TAIL_BYTES = 4 * 1024 * 1024;

/** `producers` holds what a snapshot at `snapshotOffset` gave, and nothing later. */
export function deepenProducers(
  segments: readonly LogSegment[],
  snapshotOffset: number,
  producers: ProducerState,
): void {
  if (producers.size === 0) return;
  const history = new ProducerState('');
  try {
    for (const { segment, position } of tail(segments.filter((other) => other.baseOffset < snapshotOffset))) {
      walkHeaders(segment.log.get(), position, segment.size, (bytes, at) => {
        if (lastOffsetAt(bytes, at) >= snapshotOffset) return false;
        history.apply(bytes, at);
        return undefined;
      });
    }
  } catch (error) {
    // Damage there is for its readers to meet; what the snapshot says holds without it.
    if (!(error instanceof KafkaError)) throw error;
    return;
  }
  for (const entry of producers.entries()) {
    const known = history.get(entry.producerId);
    const last = entry.batches.at(-1);
    if (known === undefined || last === undefined || known.epoch !== entry.epoch) continue;
    if (known.batches.at(-1)?.lastOffset === last.lastOffset) entry.batches = known.batches;
  }
}

/** The last TAIL_BYTES of the segments, or a little more: where to begin in each. */
function tail(segments: readonly LogSegment[]): { readonly segment: LogSegment; readonly position: number }[] {
  const parts: { segment: LogSegment; position: number }[] = [];
  let left = TAIL_BYTES;
  for (let i = segments.length - 1; i >= 0 && left > 0; i--) {
    const segment = segments[i] as LogSegment;
    parts.unshift({ segment, position: batchAtOrBefore(segment, segment.size - left) });
    left -= segment.size;
  }
  return parts;
}

/** Where a batch begins that the index knows, not behind `position`. */
function batchAtOrBefore(segment: LogSegment, position: number): number {
  if (position <= 0) return 0;
  const index = segment.offsetIndex;
  let low = -1;
  let high = index.entries - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (index.entry(middle).position <= position) low = middle;
    else high = middle - 1;
  }
  return low < 0 ? 0 : index.entry(low).position;
}
