/**
 * Writes expected-RELEASE.txt: what Apache Kafka's controller answers and writes. It wants a fresh one, alone in its quorum and
 * without a broker, formatted with the cluster id of world.ts:
 *   process.roles=controller, node.id=1, broker.session.timeout.ms=4000, default.replication.factor=1
 *   kafka-storage format --release-version RELEASE --standalone --cluster-id Z2m4mKBFQvmNMZ2rQ0aQ3A
 *   node test/controller/parity/record.ts RELEASE PORT LOG_DIR
 * A release before 3.9 needs controller.quorum.voters in the place of --standalone.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { KafkaTarget } from './kafka-target.ts';
import { play } from './script.ts';
import { World } from './world.ts';

const [release, port, directory] = process.argv.slice(2);
const target = await KafkaTarget.connect(Number(port), String(directory));
const world = new World(target);
try {
  await play(world);
} finally {
  target.close();
  writeFileSync(path.join(import.meta.dirname, `expected-${release}.txt`), `${world.lines.join('\n').trim()}\n`);
}
