/**
 * Plays random steps to Apache Kafka's controller (prepared as for record.ts, of release 4.3) and to ours, and shows where
 * they part.
 *   node test/controller/parity/compare.ts SEED STEPS PORT LOG_DIR
 */
import process from 'node:process';
import { KafkaTarget } from './kafka-target.ts';
import { KtsTarget } from './kts-target.ts';
import { playRandom } from './random.ts';
import { RELEASES, type Release, World } from './world.ts';

const CONTEXT_LINES = 12;

const [seed, steps, port, directory] = process.argv.slice(2);
const target = await KafkaTarget.connect(Number(port), String(directory));
const kafka = new World(target);
const kts = new World(await KtsTarget.started(RELEASES[0] as Release));
await playRandom(kafka, Number(seed), Number(steps));
await playRandom(kts, Number(seed), Number(steps));
target.close();
const at = kafka.lines.findIndex((line, i) => line !== kts.lines[i]);
if (at < 0) {
  process.stdout.write(`seed ${seed}: ${kafka.lines.length} lines are the same\n`);
} else {
  const shown = (world: World): string => world.lines.slice(at, at + CONTEXT_LINES).join('\n');
  const before = kafka.lines.slice(Math.max(0, at - CONTEXT_LINES), at).join('\n');
  process.stdout.write(`seed ${seed}\n${before}\n--- kafka\n${shown(kafka)}\n--- kts\n${shown(kts)}\n`);
  process.exitCode = 1;
}
