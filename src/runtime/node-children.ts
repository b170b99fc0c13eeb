/** Other processes of this machine: started without strings attached, found by their words, sent signals. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { basename, dirname } from 'node:path';

export interface DetachedOptions {
  /** What the process calls itself; `ps` shows it in the place of the program's path. */
  readonly argv0: string;
  /** Receives what it prints; what an earlier one printed is gone. */
  readonly outputFile: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs this program with other words, in a session of its own, so that no terminal or ssh waits for it. Gives its pid. */
export function startDetached(words: readonly string[], options: DetachedOptions): number {
  const { argv0, outputFile, env } = options;
  fs.mkdirSync(dirname(outputFile), { recursive: true });
  fs.writeFileSync(outputFile, '');
  // Several nodes may share the file: each appends.
  const output = fs.openSync(outputFile, 'a');
  try {
    const program = [...process.execArgv, process.argv[1] as string, ...words];
    const child = spawn(process.execPath, program, { argv0, env, detached: true, stdio: ['ignore', output, output] });
    child.unref();
    return child.pid ?? -1;
  } finally {
    fs.closeSync(output);
  }
}

/** The Node that runs this program, and the program, by paths that hold from anywhere. */
export function programPaths(): { readonly node: string; readonly script: string } {
  return { node: process.execPath, script: fs.realpathSync(process.argv[1] as string) };
}

/** Makes `path` another name of `target`. */
export function linkProgram(path: string, target: string): void {
  if (fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && fs.readlinkSync(path) === target) return;
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.rmSync(path, { force: true });
  fs.symlinkSync(target, path);
}

export interface OtherProcess {
  readonly pid: number;
  /** The program first. */
  readonly words: readonly string[];
}

/** The processes of this user, this one aside. */
export function ownProcesses(): OtherProcess[] {
  const all = process.platform === 'linux' ? processesOfProc() : processesOfPs();
  return all.filter(({ pid }) => pid !== process.pid);
}

/** Word by word, and in containers too that have no `ps`. */
function processesOfProc(): OtherProcess[] {
  const user = process.geteuid?.();
  return fs.readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      if (fs.statSync(`/proc/${name}`).uid !== user) return [];
      const words = fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
      return words.length === 0 ? [] : [{ pid: Number(name), words }];
    } catch {
      // It ended in between.
      return [];
    }
  });
}

/** `ps` does not tell where a word with blanks ends. */
function processesOfPs(): OtherProcess[] {
  const user = String(process.geteuid?.());
  const text = execFileSync('ps', ['-ww', '-u', user, '-o', 'pid=,command='], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => {
    const [pid, ...words] = line.trim().split(/\s+/);
    return words.length === 0 ? [] : [{ pid: Number(pid), words }];
  });
}

/** Where the words of a process start from; null where the machine does not tell. */
export function workingDirectoryOf(pid: number): string | null {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

/** False when there is no such process any more. */
export function terminate(pid: number): boolean {
  return signal(pid, 'SIGTERM');
}

/** Without a word. False when there is no such process any more. */
export function kill(pid: number): boolean {
  return signal(pid, 'SIGKILL');
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** The first program of that name on `path` whose beginning `isMeant` accepts. */
export function findProgram(name: string, path: string, isMeant: (beginning: string) => boolean): string | null {
  // An empty entry means the working directory to a shell; nothing is run from there.
  for (const directory of path.split(':').filter((entry) => entry !== '')) {
    const file = `${directory}/${name}`;
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (isMeant(beginningOf(file))) return file;
    } catch {
      // Not there.
    }
  }
  return null;
}

function beginningOf(file: string): string {
  const start = Buffer.alloc(256);
  const descriptor = fs.openSync(file, 'r');
  try {
    return start.toString('latin1', 0, fs.readSync(descriptor, start, 0, start.length, 0));
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Runs another program on this one's input and outputs, to its end. The exit code. */
export function runProgram(file: string, words: readonly string[]): number {
  return spawnSync(file, words, { argv0: basename(file), stdio: 'inherit' }).status ?? 1;
}
