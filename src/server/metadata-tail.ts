/**
 * Guards the end of the metadata log against a second process. Apache Kafka, started as broker and controller on a
 * directory in use, opens this log, appends to it, and only then finds the directory locked and gives up. Whoever holds
 * the lock is the owner: what was appended in the last minute is kept in memory, compared with the file, and put back
 * where somebody else wrote over it.
 */
import type { Logger } from '../base/logger.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { LogSegment } from '../storage/log-segment.ts';

/** Longer than Kafka needs from opening the log to finding the lock taken. */
const KEPT_MS = 60_000;
const KEPT_BYTES = 256 * 1024;

interface Written {
  readonly segment: LogSegment;
  readonly position: number;
  readonly bytes: Buffer;
  readonly atMs: number;
}

export class MetadataTail {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #written: Written[] = [];
  #bytes = 0;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** `bytes` were just appended and are now the last of `segment`. */
  note(segment: LogSegment, bytes: Uint8Array): void {
    const atMs = this.#clock.monotonicMs();
    this.#written.push({ segment, position: segment.size - bytes.length, bytes: Buffer.from(bytes), atMs });
    this.#bytes += bytes.length;
    while (this.#written.length > 1 && this.#isOld(this.#written[0] as Written, atMs)) {
      this.#bytes -= (this.#written.shift() as Written).bytes.length;
    }
  }

  /** The log was cut: what is kept no longer describes it. */
  forget(): void {
    this.#written = [];
    this.#bytes = 0;
  }

  /** Puts back what another process has overwritten, and cuts off what it has added. */
  heal(): void {
    const last = this.#written.at(-1);
    if (last === undefined || !this.#isDamaged(last.segment)) return;
    this.#logger.error(
      'Another process has written into __cluster_metadata-0, which this node has locked. Its bytes are taken out; ' +
        'do not start Apache Kafka on a directory in use',
    );
    for (const { segment, position, bytes } of this.#written) {
      segment.log.get().writeSync(bytes, 0, bytes.length, position);
    }
    last.segment.log.get().truncateSync(last.segment.size);
  }

  #isOld(entry: Written, nowMs: number): boolean {
    return this.#bytes > KEPT_BYTES || nowMs - entry.atMs > KEPT_MS;
  }

  #isDamaged(active: LogSegment): boolean {
    if (active.log.get().sizeSync() !== active.size) return true;
    for (const [segment, written] of Map.groupBy(this.#written, (entry) => entry.segment)) {
      if (!holds(segment, written)) return true;
    }
    return false;
  }
}

/** What was appended to one segment lies in one run, so one read tells. */
function holds(segment: LogSegment, written: readonly Written[]): boolean {
  const start = (written[0] as Written).position;
  const last = written.at(-1) as Written;
  const found = Buffer.allocUnsafe(last.position + last.bytes.length - start);
  if (segment.log.get().readSync(found, 0, found.length, start) !== found.length) return false;
  return written.every(
    ({ position, bytes }) =>
      found.compare(bytes, 0, bytes.length, position - start, position - start + bytes.length) === 0,
  );
}
