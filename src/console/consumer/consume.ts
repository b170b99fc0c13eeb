/** The loop of console-consumer: pieces come in, records go out, until there were enough, none came, or it is stopped. */
import type { Consumer } from '../../client/consumer/consumer.ts';
import { type FetchedPartition, visitRecords } from '../../client/consumer/fetched.ts';
import { partitionKey } from '../../client/offsets.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { isClosedPipe } from '../output.ts';
import type { FormatRecord } from './formatter.ts';
import type { Printed } from './printed.ts';

/** How long one wait lasts: a stop and an abandoned pipe are noticed within it. */
const WAIT_MS = 200;

export interface ConsumeProgress {
  count: number;
  stopped: boolean;
  /** No totals are printed: nobody is there any more. */
  quiet: boolean;
}

export interface ConsumeOptions {
  readonly context: CommandContext;
  readonly consumer: Consumer;
  readonly formatter: FormatRecord;
  readonly printed: Printed;
  /** -1: no limit; 0 and less: none. */
  readonly maxMessages: number;
  /** Below 0: no limit. */
  readonly timeoutMs: number;
  readonly skipErrors: boolean;
  readonly progress: ConsumeProgress;
  /** Where each partition ends, by its key; the reading is over when all are there. */
  readonly ends?: ReadonlyMap<string, number> | undefined;
  /** Other records are passed over. */
  readonly accepts?: ((record: Parameters<FormatRecord>[0]) => boolean) | undefined;
}

/** The partitions that are not at their end yet. */
class OpenPartitions {
  readonly #ends: ReadonlyMap<string, number> | undefined;
  readonly #open: Set<string>;

  constructor(ends: ReadonlyMap<string, number> | undefined) {
    this.#ends = ends;
    this.#open = new Set(ends?.keys());
  }

  get areNone(): boolean {
    return this.#ends !== undefined && this.#open.size === 0;
  }

  endOf(piece: FetchedPartition): number {
    return this.#ends?.get(partitionKey(piece.topic, piece.partition)) ?? Number.POSITIVE_INFINITY;
  }

  close(consumer: Consumer, piece: FetchedPartition): void {
    this.#open.delete(partitionKey(piece.topic, piece.partition));
    consumer.pause([piece]);
  }
}

/** What was read is written, also when one of its records cannot be printed. */
export async function consumeTo(options: ConsumeOptions): Promise<void> {
  try {
    await readOn(options);
  } catch (error) {
    if (!isClosedPipe(error)) options.printed.flush();
    throw error;
  }
  if (options.progress.quiet) return;
  options.printed.flush();
}

async function readOn(options: ConsumeOptions): Promise<void> {
  const { context, consumer, maxMessages, timeoutMs, progress, accepts } = options;
  const open = new OpenPartitions(options.ends);
  // Who reads is looked up while he does.
  context.output.isAbandoned();
  const clock = context.runtime.clock;
  let lastMs = clock.monotonicMs();
  const enough = () => maxMessages !== -1 && progress.count >= maxMessages;
  while (!progress.stopped && !enough() && !open.areNone) {
    let piece = await consumer.nextPiece(0);
    if (piece === undefined) {
      options.printed.hand();
      const left = timeoutMs < 0 ? WAIT_MS : timeoutMs - (clock.monotonicMs() - lastMs);
      if (left <= 0) return;
      piece = await consumer.nextPiece(Math.min(WAIT_MS, left));
      if (piece === undefined) {
        options.printed.flush();
        if (context.output.isAbandoned()) {
          progress.quiet = true;
          return;
        }
        continue;
      }
    }
    const end = open.endOf(piece);
    const { topic, partition } = piece;
    let seen = false;
    const next = visitRecords(piece, consumer.settings.checkCrcs, (record) => {
      if (progress.stopped || record.offset >= end) return false;
      seen = true;
      if (accepts !== undefined && !accepts(record)) return true;
      print(options, record, partition, topic);
      progress.count++;
      return !enough();
    });
    const consumed = enough() || progress.stopped ? next : Math.max(next, piece.nextOffset);
    options.printed.add(piece, consumed);
    // What was printed was copied.
    consumer.recycle(piece);
    if (seen) lastMs = clock.monotonicMs();
    if (Math.max(next, piece.nextOffset) >= end) open.close(consumer, piece);
  }
}

function print(options: ConsumeOptions, record: Parameters<FormatRecord>[0], partition: number, topic: string): void {
  try {
    options.formatter(record, partition, topic);
  } catch (error) {
    if (!(error instanceof CommandError) || !options.skipErrors) {
      options.progress.count++;
      throw error;
    }
    if (options.context.manner === 'strict') return;
    options.context.output.err(
      `kts: passed over offset ${record.offset} of partition ${partition}: ${error.message}\n`,
    );
  }
}
