/**
 * `.kafka_cleanshutdown`: written last at a clean stop, and removed durably before the next append. Its broker epoch
 * goes to the controller, which then knows that nothing was lost.
 */
import { join } from 'node:path';
import type { Files } from '../runtime/runtime.ts';
import { CLEAN_SHUTDOWN_FILE } from './file-names.ts';

export const UNKNOWN_BROKER_EPOCH = -1;

export interface CleanShutdown {
  readonly brokerEpoch: number;
}

/** Null when the last stop was not a clean one. Content that is not understood tells no epoch. */
export function readCleanShutdownFile(files: Files, directory: string): CleanShutdown | null {
  const path = join(directory, CLEAN_SHUTDOWN_FILE);
  if (files.statSync(path) === null) return null;
  try {
    const parsed: unknown = JSON.parse(files.readFileSync(path).toString('utf8'));
    const epoch = (parsed as { brokerEpoch?: unknown } | null)?.brokerEpoch;
    return { brokerEpoch: typeof epoch === 'number' && Number.isSafeInteger(epoch) ? epoch : UNKNOWN_BROKER_EPOCH };
  } catch {
    return { brokerEpoch: UNKNOWN_BROKER_EPOCH };
  }
}

export function writeCleanShutdownFile(files: Files, directory: string, brokerEpoch: number): void {
  files.replaceFileSync(join(directory, CLEAN_SHUTDOWN_FILE), `{"version":0,"brokerEpoch":${brokerEpoch}}`);
}

export function removeCleanShutdownFile(files: Files, directory: string): void {
  const path = join(directory, CLEAN_SHUTDOWN_FILE);
  if (files.statSync(path) === null) return;
  files.removeSync(path);
  files.syncDirectorySync(directory);
}
