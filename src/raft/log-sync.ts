/** One fsync of the log at a time: what is appended meanwhile shares the next one. A failed one is never tried again. */
import type { RaftLog } from './raft-log.ts';

export interface LogSyncOptions {
  readonly log: RaftLog;
  readonly isClosed: () => boolean;
  readonly nowMs: () => number;
  /** Everything before `offset` is durable. */
  readonly durable: (offset: number) => void;
  readonly failed: (error: unknown) => void;
}

export class LogSync {
  readonly #options: LogSyncOptions;
  #durableOffset = 0;
  /** Counts truncations: an fsync that began before one says nothing of what came after. */
  #truncations = 0;
  #sinceMs = 0;
  #syncing: Promise<void> | null = null;

  constructor(options: LogSyncOptions) {
    this.#options = options;
  }

  begin(): void {
    void this.whenDurable();
  }

  get isDurable(): boolean {
    return this.#options.log.endOffset() <= this.#durableOffset;
  }

  /** Resolves once all that was appended so far is durable, or the node stops. */
  whenDurable(): Promise<void> {
    if (this.#syncing === null && this.#isNeeded()) this.#syncing = this.#loop();
    return this.#syncing ?? Promise.resolve();
  }

  /** How long the fsync takes that is under way. */
  waitedMs(nowMs: number): number {
    return this.#syncing === null ? 0 : nowMs - this.#sinceMs;
  }

  truncated(offset: number): void {
    this.#truncations++;
    this.#durableOffset = Math.min(this.#durableOffset, offset);
  }

  #isNeeded(): boolean {
    return !this.#options.isClosed() && !this.isDurable;
  }

  /** Waits at least once. It is over in the very step that finds nothing more to do, so that no append is missed. */
  async #loop(): Promise<void> {
    const { log, nowMs, durable, failed } = this.#options;
    try {
      while (this.#isNeeded()) {
        this.#sinceMs = nowMs();
        const target = log.endOffset();
        const truncations = this.#truncations;
        await log.sync();
        if (truncations !== this.#truncations) continue;
        this.#durableOffset = target;
        durable(target);
      }
    } catch (error) {
      failed(error);
    }
    this.#syncing = null;
  }
}
