/**
 * Who reads the pipe on stdout. A write would tell that nobody does any more, but there may be nothing to write for hours.
 * On Linux the other processes of the pipeline can be seen; somebody who was seen reading, and is gone, was the last one if
 * nobody else is found. Whoever cannot be seen (another user's, another machine's) is taken to be there.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const ACCESS_MODES = 3;

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function processGroupOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
  } catch {
    return undefined;
  }
}

function isForReading(pid: string, descriptor: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODES) === 0;
  } catch {
    return false;
  }
}

/** Their descriptors, as paths below /proc. */
function readersOf(pipe: string): string[] {
  const group = processGroupOf('self');
  const found: string[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || processGroupOf(pid) !== group) continue;
    let descriptors: string[] = [];
    try {
      descriptors = readdirSync(`/proc/${pid}/fd`);
    } catch {
      // Another user's, or gone.
    }
    for (const descriptor of descriptors) {
      const path = `/proc/${pid}/fd/${descriptor}`;
      if (linkOf(path) === pipe && isForReading(pid, descriptor)) found.push(path);
    }
  }
  return found;
}

export class PipeReaders {
  #pipe: string | undefined;
  #seen: readonly string[] | undefined;

  /** False until somebody was seen: the first look has to come before anything is written. */
  areGone(): boolean {
    if (this.#seen === undefined) {
      const link = linkOf('/proc/self/fd/1');
      this.#pipe = link?.startsWith('pipe:') ? link : undefined;
      this.#seen = this.#pipe === undefined ? [] : readersOf(this.#pipe);
      return false;
    }
    const pipe = this.#pipe;
    if (pipe === undefined || this.#seen.length === 0 || this.#seen.some((path) => linkOf(path) === pipe)) return false;
    this.#seen = readersOf(pipe);
    return this.#seen.length === 0;
  }
}
