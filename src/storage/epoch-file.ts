/** `leader-epoch-checkpoint` of one log: written through the pool when the epochs have changed, by one writer at a time. */
import { join } from 'node:path';
import type { Files } from '../runtime/runtime.ts';
import { encodeEpochCheckpoint } from './checkpoint-file.ts';
import { LEADER_EPOCH_CHECKPOINT } from './file-names.ts';
import { GroupCommit } from './group-commit.ts';
import type { LeaderEpochCache } from './leader-epoch-cache.ts';

export class EpochFile {
  readonly #files: Files;
  readonly #epochs: LeaderEpochCache;
  /** Null once the log is given up. */
  readonly #directory: () => string | null;
  // Two writers at once would share the temporary file.
  readonly #writes = new GroupCommit(() => this.#writeNow());

  constructor(files: Files, epochs: LeaderEpochCache, directory: () => string | null) {
    this.#files = files;
    this.#epochs = epochs;
    this.#directory = directory;
  }

  /** Resolves when the file holds the epochs as they are now, whoever began to write it. */
  async write(): Promise<void> {
    if (this.#epochs.dirty || this.#writes.isRunning) await this.#writes.run();
  }

  async #writeNow(): Promise<void> {
    const directory = this.#directory();
    if (!this.#epochs.dirty || directory === null) return;
    this.#epochs.dirty = false;
    try {
      const content = encodeEpochCheckpoint(this.#epochs.entries);
      await this.#files.replaceFile(join(directory, LEADER_EPOCH_CHECKPOINT), content);
    } catch (error) {
      this.#epochs.dirty = true;
      // The directory was renamed under the writer, which says nothing of the disk.
      if (this.#directory() !== null) throw error;
    }
  }
}
