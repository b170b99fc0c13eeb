/**
 * Scripts that look for nodes among all processes of their user, and stop every one they find, run as a user or in a
 * process table of their own; where neither can be had they are left out.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

export const KTS = path.resolve(import.meta.dirname, '../../bin/kts.js');

export interface Isolation {
  readonly user?: number;
  readonly wrapper: readonly string[];
}

let users = 0;

/** Another one with each call; undefined where the machine gives none. */
export function isolation(): Isolation | undefined {
  if (process.platform === 'win32') return undefined;
  const user = 60_000 + (process.pid % 5_000) * 10 + users++;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && spawnSync(process.execPath, [KTS, '--version'], { uid: user, gid: user }).status === 0) {
    return { user, wrapper: [] };
  }
  const wrapper = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'];
  return spawnSync(wrapper[0] as string, [...wrapper.slice(1), 'true']).status === 0 ? { wrapper } : undefined;
}

function giveTo(user: number, root: string): void {
  for (const name of ['.', ...(fs.readdirSync(root, { recursive: true }) as string[])]) {
    fs.lchownSync(path.join(root, name), user, user);
  }
}

/** What hangs shows how far it came; the user has nothing but the script. */
function endAll(child: ChildProcess, user: number | undefined): void {
  const pids = user === undefined ? [] : fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const own = pids.filter((pid) => fs.statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === user);
  for (const pid of own) process.kill(Number(pid), 'SIGKILL');
  child.kill('SIGKILL');
}

export interface ScriptRun {
  readonly isolation: Isolation;
  /** Everything below it belongs to the script. */
  readonly root: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Both outputs of the script, in one. */
export async function runScript(run: ScriptRun): Promise<string> {
  const { user, wrapper } = run.isolation;
  if (user !== undefined) giveTo(user, run.root);
  const identity = user === undefined ? {} : { uid: user, gid: user };
  const child = spawn('bash', ['-c', '"$@"', 'script', ...wrapper, ...run.words], {
    ...identity,
    env: run.env,
    cwd: run.root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
  }
  const cut = setTimeout(() => endAll(child, user), run.timeoutMs);
  await new Promise((done) => child.on('close', done));
  clearTimeout(cut);
  if (user !== undefined) endAll(child, user);
  return text;
}
