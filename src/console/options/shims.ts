/** `shims` and `jps`, which let what was written for Kafka's scripts and for Java find kts. */
import { flag, HELP, tool, VERSION } from './table.ts';

export const shimsTable = tool({
  name: 'shims',
  parser: 'joptsimple',
  summary: 'write kafka-topics.sh and all the other scripts, so that what was written for Kafka runs unchanged',
  word: { name: 'DIRECTORY', help: 'where the scripts go; made when it is not there' },
  options: [flag('--force', 'replace scripts that kts did not write', { own: 'wrapper' }), HELP, VERSION],
  examples: [
    { what: 'beside the config folder, as Kafka has it', line: 'kts shims /opt/kafka/bin' },
    { what: 'for this user', line: 'kts shims ~/.local/bin' },
  ],
});

export const jpsTable = tool({
  name: 'jps',
  parser: 'joptsimple',
  summary: 'list the running nodes and tools of this user, and then what a real jps lists',
  word: { name: '-- WORDS', help: "jps's own: -q pids alone, -l whole class names, -m the words of each" },
  options: [HELP, VERSION],
  examples: [{ what: 'with the words of each', line: 'kts jps -- -m' }],
});
