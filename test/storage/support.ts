/** What the storage tests share: a directory that goes away, a clock and timers that stand still, batches to append. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../src/base/logger.ts';
import { RecordBatch } from '../../src/protocol/batch.ts';
import { type BatchOptions, buildBatch } from '../../src/protocol/batch-builder.ts';
import { nodeFiles } from '../../src/runtime/node-files.ts';
import type { Clock, Files, Random, TimerHandle, Timers } from '../../src/runtime/runtime.ts';
import { FilePool } from '../../src/storage/file-pool.ts';
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../../src/storage/log-config.ts';
import type { LogContext } from '../../src/storage/log-context.ts';
import type { OpenLogOptions } from '../../src/storage/log-loader.ts';
import { PartitionLog } from '../../src/storage/partition-log.ts';

export const TOPIC_ID = 'p8IZ3nGdT7mq1g9zHkY6Vw';

export function temporaryDirectory(): string & { readonly brand?: never } {
  return mkdtempSync(join(tmpdir(), 'kts-storage-'));
}

export function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

export class FakeClock implements Clock {
  ms = 1_700_000_000_000;

  nowMs(): number {
    return this.ms;
  }

  monotonicMs(): number {
    return this.ms;
  }
}

/** Timers fire only when a test says so. */
export class FakeTimers implements Timers {
  readonly clock: FakeClock;
  #waiting: { readonly at: number; readonly run: () => void }[] = [];
  #soon: (() => void)[] = [];

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    const timer = { at: this.clock.ms + delayMs, run };
    this.#waiting.push(timer);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== timer);
      },
    };
  }

  soon(run: () => void): void {
    this.#soon.push(run);
    queueMicrotask(() => this.#runSoon());
  }

  advance(ms: number): void {
    this.clock.ms += ms;
    const due = this.#waiting.filter((timer) => timer.at <= this.clock.ms);
    this.#waiting = this.#waiting.filter((timer) => timer.at > this.clock.ms);
    for (const timer of due) timer.run();
  }

  #runSoon(): void {
    for (const run of this.#soon.splice(0)) run();
  }
}

/** A small generator with a seed, for properties that can be repeated. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  int(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  bytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.int(256));
  }
}

/** Keeps the lines, for tests that look at them. */
export class LineLogger implements Logger {
  readonly lines: string[] = [];

  debug(): void {}

  info(message: string): void {
    this.lines.push(`INFO ${message}`);
  }

  warn(message: string): void {
    this.lines.push(`WARN ${message}`);
  }

  error(message: string, cause?: unknown): void {
    this.lines.push(`ERROR ${message}${cause === undefined ? '' : `: ${(cause as Error).message}`}`);
  }

  named(): Logger {
    return this;
  }

  matching(pattern: RegExp): string[] {
    return this.lines.filter((line) => pattern.test(line));
  }
}

export interface TestContext extends LogContext {
  readonly clock: FakeClock;
  readonly timers: FakeTimers;
  readonly logger: LineLogger;
  readonly failures: string[];
}

export function testContext(overrides: { files?: Files; maxOpenFiles?: number; recovered?: string } = {}): TestContext {
  const clock = new FakeClock();
  const files = overrides.files ?? nodeFiles;
  const failures: string[] = [];
  return {
    files,
    pool: new FilePool(files, overrides.maxOpenFiles ?? 100),
    clock,
    timers: new FakeTimers(clock),
    random: new SeededRandom(7),
    logger: new LineLogger(),
    producerIdExpirationMs: 86_400_000,
    recoveredDirectory: overrides.recovered ?? null,
    failures,
    onStorageFailure: (message) => failures.push(message),
  };
}

export function logConfig(overrides: Partial<LogConfig> = {}): LogConfig {
  return { ...DEFAULT_LOG_CONFIG, ...overrides };
}

export function openLog(context: LogContext, directory: string, overrides: Partial<OpenLogOptions> = {}): PartitionLog {
  return PartitionLog.open(context, {
    path: join(directory, 't-0'),
    topic: 't',
    partition: 0,
    topicId: TOPIC_ID,
    config: DEFAULT_LOG_CONFIG,
    clean: true,
    recoveryPoint: 0,
    logStartOffset: 0,
    ...overrides,
  });
}

export interface BatchShape extends BatchOptions {
  readonly records?: number;
  readonly valueBytes?: number;
  readonly timestamp?: number;
  readonly value?: string;
}

export function batch(shape: BatchShape = {}): Buffer {
  const { records = 1, valueBytes = 20, timestamp = 1_700_000_000_000, value, ...options } = shape;
  const bytes = value === undefined ? Buffer.alloc(valueBytes, 0x78) : Buffer.from(value);
  return buildBatch(
    Array.from({ length: records }, () => ({ value: bytes, timestamp })),
    options,
  );
}

/** Offsets and sizes of all whole batches that a log gives from `offset` on. */
export function readAll(log: PartitionLog, offset = log.logStartOffset, maxBytes = 1 << 20): RecordBatch[] {
  const found: RecordBatch[] = [];
  let next = offset;
  for (;;) {
    const slice = log.read(next, maxBytes, { maxOffset: log.logEndOffset, minOneBatch: true });
    if (slice.sizeInBytes === 0) return found;
    const batches = RecordBatch.all(slice.toBuffer());
    for (const one of batches) if (one.lastOffset >= next) found.push(one);
    next = (batches.at(-1) as RecordBatch).nextOffset;
  }
}
