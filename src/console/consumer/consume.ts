/** The loop of console-consumer: pieces come in, records go out, until there were enough, none came, or it is stopped. */
import type { Consumer } from '../../client/consumer/consumer.ts';
import { visitRecords } from '../../client/consumer/fetched.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import type { BulkOutput } from './bulk-output.ts';
import type { FormatRecord } from './formatter.ts';

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
  readonly output: BulkOutput;
  /** -1: no limit; 0 and less: none. */
  readonly maxMessages: number;
  /** Below 0: no limit. */
  readonly timeoutMs: number;
  readonly skipErrors: boolean;
  readonly progress: ConsumeProgress;
}

export async function consumeTo(options: ConsumeOptions): Promise<void> {
  const { context, consumer, maxMessages, timeoutMs, progress } = options;
  const clock = context.runtime.clock;
  let lastMs = clock.monotonicMs();
  const enough = () => maxMessages !== -1 && progress.count >= maxMessages;
  while (!progress.stopped && !enough()) {
    let piece = await consumer.nextPiece(0);
    if (piece === undefined) {
      options.output.flush();
      const left = timeoutMs < 0 ? WAIT_MS : timeoutMs - (clock.monotonicMs() - lastMs);
      if (left <= 0) return;
      piece = await consumer.nextPiece(Math.min(WAIT_MS, left));
      if (piece === undefined) {
        if (context.output.isAbandoned()) {
          progress.quiet = true;
          return;
        }
        continue;
      }
    }
    const before = progress.count;
    const next = visitRecords(piece, consumer.settings.checkCrcs, (record) => {
      if (progress.stopped) return false;
      print(options, record, piece.partition);
      progress.count++;
      return !enough();
    });
    consumer.markConsumed(piece, enough() || progress.stopped ? next : Math.max(next, piece.nextOffset));
    if (progress.count > before) lastMs = clock.monotonicMs();
  }
  options.output.flush();
}

function print(options: ConsumeOptions, record: Parameters<FormatRecord>[0], partition: number): void {
  try {
    options.formatter(record, partition);
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
