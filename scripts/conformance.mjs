// Foreign clients against kts: kcat, and Apache Kafka's own tools. What the machine lacks is installed where that is
// allowed (kcat by apt, Kafka's jars by Maven into the user's cache) and otherwise left out, which is said.
//   node scripts/conformance.mjs [vitest arguments]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const KAFKA = '4.3.1';
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const leftOut = [];

function runs(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function installKcat() {
  if (runs('kcat', '-V')) return true;
  if (!runs('apt-get', '--version')) return false;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (...args) => {
    const [command, ...rest] = [...asRoot, 'apt-get', ...args];
    return spawnSync(command, rest, { stdio: ['ignore', 2, 2], timeout: 300_000 }).status === 0;
  };
  return apt('update', '-q') && apt('install', '-y', '-q', 'kcat') && runs('kcat', '-V');
}

/** The directory with Kafka's jars, or null. */
function fetchKafka() {
  if (!runs('java', '-version')) return null;
  const home = path.join(
    process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
    'kts-conformance',
    `kafka-${KAFKA}`,
  );
  const complete = path.join(home, 'complete');
  if (fs.existsSync(complete)) return home;
  if (!runs('mvn', '-v')) return null;
  const pom = path.join(root, 'test', 'conformance', 'kafka', 'pom.xml');
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${home}`];
  if (spawnSync('mvn', ['-q', '-B', '-f', pom, ...goal], { stdio: ['ignore', 2, 2], timeout: 600_000 }).status !== 0)
    return null;
  fs.writeFileSync(complete, '');
  return home;
}

const env = { ...process.env };
if (installKcat()) env.KTS_TEST_KCAT = '1';
else leftOut.push('kcat: not on this machine and apt could not install it');
const jars = fetchKafka();
if (jars !== null) env.KTS_TEST_KAFKA_JARS = jars;
else leftOut.push("Kafka's own tools: they need java, and mvn once for the jars");

const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const args = [vitest, 'run', '--config', 'vitest.conformance.config.ts', ...process.argv.slice(2)];
const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env });
for (const line of leftOut) console.log(`left out: ${line}`);
process.exitCode = result.status ?? 1;
