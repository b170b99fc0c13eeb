/**
 * Writes expected-WHAT.txt: what Apache Kafka's controller answers and writes. WHAT is a release, or `random` for steps
 * from a seed. It wants a fresh one, alone in its quorum and without a broker, formatted with the cluster id of world.ts
 * (before 3.9: with controller.quorum.voters in the place of --standalone):
 *   process.roles=controller, node.id=1, broker.session.timeout.ms=4000, default.replication.factor=1
 *   kafka-storage format --release-version RELEASE --standalone --cluster-id Z2m4mKBFQvmNMZ2rQ0aQ3A
 *   node test/controller/parity/record.ts WHAT PORT LOG_DIR
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { KafkaTarget } from './kafka-target.ts';
import { playRandom, RANDOM } from './random.ts';
import { play } from './script.ts';
import { World } from './world.ts';

const [what, port, directory] = process.argv.slice(2);
const target = await KafkaTarget.connect(Number(port), String(directory));
const world = new World(target);
try {
  if (what === RANDOM.name) await playRandom(world, RANDOM.seed, RANDOM.steps);
  else await play(world);
} finally {
  target.close();
  writeFileSync(path.join(import.meta.dirname, `expected-${what}.txt`), `${world.lines.join('\n').trim()}\n`);
}
