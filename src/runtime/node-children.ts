/** Other processes of this machine: started without strings attached, found by their words, sent signals. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname } from 'node:path';

/** Runs this program with other words, detached from the terminal; what it prints goes to `logFile`. Gives its pid. */
export function startDetached(words: readonly string[], logFile: string): number {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  try {
    const program = [...process.execArgv, process.argv[1] as string, ...words];
    const child = spawn(process.execPath, program, { detached: true, stdio: ['ignore', log, log] });
    child.unref();
    return child.pid ?? -1;
  } finally {
    closeSync(log);
  }
}

export interface OtherProcess {
  readonly pid: number;
  readonly command: string;
}

/** The processes of this user, this one aside. */
export function ownProcesses(): OtherProcess[] {
  const text = execFileSync('ps', ['-ww', '-u', String(userInfo().uid), '-o', 'pid=,command='], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    if (match === null || Number(match[1]) === process.pid) return [];
    return [{ pid: Number(match[1]), command: match[2] as string }];
  });
}

/** False when there is no such process any more. */
export function terminate(pid: number): boolean {
  try {
    process.kill(pid, 'SIGTERM');
    return true;
  } catch {
    return false;
  }
}

export function homeDirectory(): string {
  return homedir();
}
