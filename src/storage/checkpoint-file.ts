/**
 * Kafka's text checkpoints: a line with the version 0, a line with the number of entries, then one entry a line. A
 * missing or empty file means no entries; anything else that does not parse is an error that names the file.
 */
import type { Files } from '../runtime/runtime.ts';
import type { EpochEntry } from './leader-epoch-cache.ts';

const VERSION = '0';

export class CorruptCheckpointError extends Error {
  override readonly name = 'CorruptCheckpointError';
}

/** `topic-partition` to offset. */
export type OffsetCheckpoint = Map<string, number>;

export function encodeOffsetCheckpoint(
  entries: Iterable<{ readonly topic: string; readonly partition: number; readonly offset: number }>,
): string {
  const lines: string[] = [];
  for (const { topic, partition, offset } of entries) lines.push(`${topic} ${partition} ${offset}\n`);
  return `${VERSION}\n${lines.length}\n${lines.join('')}`;
}

export function readOffsetCheckpoint(files: Files, path: string): OffsetCheckpoint {
  const offsets: OffsetCheckpoint = new Map();
  for (const line of readLines(files, path)) {
    const [topic, partition, offset, ...more] = line.split(' ');
    if (topic === undefined || more.length > 0) throw malformed(path, line);
    offsets.set(`${topic}-${number(partition, path, line)}`, number(offset, path, line));
  }
  return offsets;
}

export function encodeEpochCheckpoint(entries: readonly EpochEntry[]): string {
  return `${VERSION}\n${entries.length}\n${entries.map((e) => `${e.epoch} ${e.startOffset}\n`).join('')}`;
}

export function readEpochCheckpoint(files: Files, path: string): EpochEntry[] {
  return readLines(files, path).map((line) => {
    const [epoch, startOffset, ...more] = line.split(' ');
    if (more.length > 0) throw malformed(path, line);
    return { epoch: number(epoch, path, line), startOffset: number(startOffset, path, line) };
  });
}

function readLines(files: Files, path: string): string[] {
  let text: string;
  try {
    text = files.readFileSync(path).toString('utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw error;
  }
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines[0] !== VERSION)
    throw new CorruptCheckpointError(`Unrecognized version of the checkpoint file ${path}: ${lines[0]}`);
  const count = number(lines[1], path, lines[1] ?? '');
  if (lines.length - 2 !== count) {
    throw new CorruptCheckpointError(
      `Expected ${count} entries in checkpoint file ${path}, but found ${lines.length - 2}`,
    );
  }
  return lines.slice(2);
}

function number(text: string | undefined, path: string, line: string): number {
  if (text === undefined || !/^-?\d+$/.test(text)) throw malformed(path, line);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw malformed(path, line);
  return value;
}

function malformed(path: string, line: string): CorruptCheckpointError {
  return new CorruptCheckpointError(`Malformed line in checkpoint file (${path}): '${line}'`);
}
