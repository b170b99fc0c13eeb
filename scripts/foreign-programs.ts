/**
 * The programs of others that kts is held against: kcat and Apache Kafka's jars. Each is brought where that is allowed
 * (kcat by apt, the jars by Maven into the user's cache), once; the caller says what it leaves out otherwise.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

export const KAFKA_VERSION = '4.3.1';
const POM = path.resolve(import.meta.dirname, '..', 'test', 'conformance', 'kafka', 'pom.xml');

function runs(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

export function installKcat(): boolean {
  if (runs('kcat', '-V')) return true;
  if (!runs('apt-get', '--version')) return false;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (...args: readonly string[]) => {
    const [command, ...rest] = [...asRoot, 'apt-get', ...args] as [string, ...string[]];
    return spawnSync(command, rest, { stdio: ['ignore', 2, 2], timeout: 300_000 }).status === 0;
  };
  return apt('update', '-q') && apt('install', '-y', '-q', 'kcat') && runs('kcat', '-V');
}

/** The directory with Kafka's jars, or null. */
export function fetchKafka(): string | null {
  if (!runs('java', '-version')) return null;
  const cache = process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
  const home = path.join(cache, 'kts-conformance', `kafka-${KAFKA_VERSION}`);
  const complete = path.join(home, 'complete');
  if (fs.existsSync(complete)) return home;
  if (!runs('mvn', '-v')) return null;
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${home}`];
  const options = { stdio: ['ignore', 2, 2] as ['ignore', number, number], timeout: 600_000 };
  if (spawnSync('mvn', ['-q', '-B', '-f', POM, ...goal], options).status !== 0) return null;
  fs.writeFileSync(complete, '');
  return home;
}
