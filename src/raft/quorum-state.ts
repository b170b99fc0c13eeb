/**
 * The file `quorum-state`: this voter's epoch, vote and leader, as one line of JSON. It must be durable before the node
 * answers a vote or acts in a new epoch; forgetting it could make two leaders of one epoch.
 */
import { KtsError } from '../base/kts-error.ts';
import { type Uuid, ZERO_UUID } from '../base/uuid.ts';
import type { Files } from '../runtime/runtime.ts';

const SECTOR_BYTES = 512;

export interface ElectionState {
  readonly epoch: number;
  /** -1: unknown. */
  readonly leaderId: number;
  /** -1: nobody. */
  readonly votedId: number;
  readonly votedDirectoryId: Uuid;
}

export const NO_ELECTION: ElectionState = { epoch: 0, leaderId: -1, votedId: -1, votedDirectoryId: ZERO_UUID };

/** kraft.version 0 writes version 0 with the voters' ids, kraft.version 1 version 1. */
export function quorumStateText(state: ElectionState, kraftVersion: number, voterIds: readonly number[]): string {
  const { leaderId, epoch: leaderEpoch, votedId, votedDirectoryId } = state;
  if (kraftVersion >= 1) return JSON.stringify({ leaderId, leaderEpoch, votedId, votedDirectoryId, data_version: 1 });
  const currentVoters = voterIds.map((voterId) => ({ voterId }));
  return JSON.stringify({
    clusterId: '',
    leaderId,
    leaderEpoch,
    votedId,
    appliedOffset: 0,
    currentVoters,
    data_version: 0,
  });
}

export function parseQuorumState(text: string, path: string): ElectionState {
  const broken = (why: string): KtsError =>
    new KtsError(`The file ${path} is not a quorum-state of Kafka: ${why}.`, {
      hint: 'Restore it from a copy of the directory; a voter must not guess in which epoch it voted.',
    });
  let data: Record<string, unknown>;
  try {
    // Zeros behind it: see `#overwrite`.
    data = JSON.parse(text.replace(/\0+$/, '')) as Record<string, unknown>;
  } catch {
    throw broken('it is not JSON');
  }
  const version = data['data_version'];
  if (version !== 0 && version !== 1) throw broken(`data_version is ${String(version)}`);
  const int = (name: string, fallback: number): number => {
    const value = data[name] ?? fallback;
    if (!Number.isInteger(value)) throw broken(`${name} is ${String(value)}`);
    return value as number;
  };
  const directory = data['votedDirectoryId'];
  return {
    epoch: int('leaderEpoch', 0),
    leaderId: int('leaderId', -1),
    votedId: int('votedId', -1),
    votedDirectoryId: typeof directory === 'string' ? directory : ZERO_UUID,
  };
}

export class QuorumStateFile {
  readonly #files: Files;
  readonly path: string;

  constructor(files: Files, path: string) {
    this.#files = files;
    this.path = path;
  }

  /** NO_ELECTION when there is none, or an empty one: a voter that never voted. */
  read(): ElectionState {
    const stat = this.#files.statSync(this.path);
    if (stat === null || stat.size === 0) return NO_ELECTION;
    return parseQuorumState(this.#files.readFileSync(this.path).toString('utf8'), this.path);
  }

  /** Durable when it returns. */
  write(state: ElectionState, kraftVersion: number, voterIds: readonly number[]): void {
    const text = quorumStateText(state, kraftVersion, voterIds);
    try {
      this.#files.replaceFileSync(this.path, text);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC' || !this.#overwrite(text)) throw error;
    }
  }

  /**
   * On a full disk there is no room for a second file, and a voter that cannot note its vote would have to stop. The file
   * has a block of its own: within one sector it takes no more space, and the sector is written whole or not at all. Blanks
   * cover what stood there before. A longer text waits until the file has its size, since size and sector reach the disk
   * apart: until then the old text stands, with blanks or zeros behind it. False when none of this can be.
   */
  #overwrite(text: string): boolean {
    const bytes = Buffer.from(text);
    const oldSize = this.#files.statSync(this.path)?.size ?? 0;
    const size = Math.max(bytes.length, oldSize);
    if (oldSize === 0 || size > SECTOR_BYTES) return false;
    const file = this.#files.openSync(this.path, 'rw');
    try {
      if (size > oldSize) {
        file.writeSync(Buffer.alloc(size - oldSize, ' '), 0, size - oldSize, oldSize);
        file.syncSync();
      }
      file.writeSync(Buffer.concat([bytes, Buffer.alloc(size - bytes.length, ' ')]), 0, size, 0);
      file.syncSync();
    } finally {
      file.close();
    }
    return true;
  }
}
