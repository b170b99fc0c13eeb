/**
 * Drills with clusters of real processes.
 *   npm run drills -- rotation --minutes 20 --seed 1 --engines kts,kts,kts
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { kafkaTools } from './kafka-tools.ts';
import { mixed } from './mixed.ts';
import { moving } from './moving.ts';
import { rotation } from './rotation.ts';
import type { Engine, Roles } from './support/nodes.ts';
import { textbook } from './textbook.ts';

const USAGE = `npm run drills -- NAME [OPTIONS]

  rotation   faults one after the other under producers, consumers, groups and an administrator
             --minutes N (20), --seed N, --engines kts,kts,kts, --roles both,both,both, --static, --only WORD,...
  tools      Apache Kafka's own tools on a cluster of three; --engines
  mixed      kts and Apache Kafka in one cluster; --rounds N (1), --only NAME,...
  moving     from Apache Kafka to kts and back, with the commands of docs/MOVING.md
  textbook   the drills of a textbook, as they are typed, with what they print
`;

function enginesOf(text: string): Engine[] {
  return text.split(',').map((word) => {
    if (word !== 'kts' && word !== 'kafka') throw new Error(`'${word}' is no engine: kts or kafka`);
    return word;
  });
}

function roleOf(word: string): Roles {
  if (word === 'both') return 'broker,controller';
  if (word !== 'broker' && word !== 'controller') throw new Error(`'${word}' is no role: both, broker or controller`);
  return word;
}

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 100_000) },
      engines: { type: 'string', default: 'kts,kts,kts' },
      roles: { type: 'string' },
      static: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '1' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    drill: positionals[0],
    help: values.help,
    minutes: Number(values.minutes),
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    engines: enginesOf(values.engines),
    only: values.only?.split(','),
    roles: values.roles?.split(',').map(roleOf),
    quorum: values.static ? ('static' as const) : ('dynamic' as const),
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<void> {
  const given = options();
  if (given.help || given.drill === undefined) return say(USAGE);
  if (given.drill === 'rotation') return rotation({ ...given, say });
  if (given.drill === 'tools') return kafkaTools(given.engines, say);
  if (given.drill === 'mixed') return mixed(given.only, given.rounds, say);
  if (given.drill === 'moving') return moving(say);
  if (given.drill === 'textbook') return textbook(say);
  throw new Error(`there is no drill '${given.drill}'\n\n${USAGE}`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  await main();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exit(1);
}
