// A lock between processes of one clone: a directory, because making one is atomic everywhere. It is stale when its holder
// is gone (same machine, no such process), when it never got an owner, or after a quarter of an hour.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

const STALE_MS = 15 * 60_000;
const OWNERLESS_MS = 10_000;
const RETRY_MS = 100;

function ownerOf(directory) {
  try {
    return fs.readFileSync(path.join(directory, 'owner'), 'utf8');
  } catch {
    return null;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function isStale(directory) {
  const owner = ownerOf(directory);
  let ageMs;
  try {
    ageMs = Date.now() - fs.statSync(directory).mtimeMs;
  } catch {
    return false;
  }
  if (owner === null) return ageMs > OWNERLESS_MS;
  const [host, pid] = owner.split(' ');
  return ageMs > STALE_MS || (host === os.hostname() && !isAlive(Number(pid)));
}

/** Moves a stale lock away. When another process was quicker and the lock is a new one, it is put back. */
function removeStale(directory) {
  const owner = ownerOf(directory);
  const aside = `${directory}-${process.pid}`;
  try {
    fs.renameSync(directory, aside);
  } catch {
    return;
  }
  if (ownerOf(aside) === owner) fs.rmSync(aside, { recursive: true, force: true });
  else fs.renameSync(aside, directory);
}

function tryTake(directory) {
  try {
    fs.mkdirSync(directory);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
  fs.writeFileSync(path.join(directory, 'owner'), `${os.hostname()} ${process.pid} ${Date.now()}`);
  return true;
}

/** Runs `work` while holding the lock; waits for another holder as long as that one lives. */
export async function withLock(directory, say, work) {
  for (let round = 0; !tryTake(directory); round++) {
    if (round === 10) say('Another set-up of this clone is running; waiting for it ...');
    if (isStale(directory)) removeStale(directory);
    else await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  const release = () => fs.rmSync(directory, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}
