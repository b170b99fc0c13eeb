// Foreign clients against kts: kcat, and Apache Kafka's own tools. What the machine lacks is installed where that is
// allowed (kcat by apt, Kafka's jars by Maven into the user's cache) and otherwise left out, which is said.
//   node scripts/conformance.mjs [vitest arguments]
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { fetchKafka, installKcat } from './foreign-programs.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const leftOut = [];

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
