/** The library's rows, from bench/library.ts; the rivals are other clients in JavaScript, where they are installed. */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { run } from '../harness/programs.ts';
import type { Row } from '../harness/rows.ts';
import type { Session } from '../harness/session.ts';

const BENCH = path.resolve(import.meta.dirname, '../library.ts');
/** Times as quick as the rival: required, aimed at. */
const CLAIMS: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  produce: { kafkajs: [5, 10], platformatic: [2, 3] },
  consume: { kafkajs: [2, 3], platformatic: [2, 3] },
};

type Rates = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

export async function library(session: Session): Promise<void> {
  session.say('library: beside kafkajs and @platformatic/kafka');
  const { runs, quick, directory } = session.settings;
  const file = path.join(directory, 'library.json');
  const words = ['--runs', String(runs), '--json', file, ...(quick ? ['--quick'] : [])];
  await run(process.execPath, [BENCH, ...words], {
    timeoutMs: 1_800_000,
  });
  const rates = JSON.parse(fs.readFileSync(file, 'utf8')) as Rates;
  for (const [load, byLibrary] of Object.entries(rates)) {
    for (const [rival, [must, aim]] of Object.entries(CLAIMS[load.split('-')[0] as string] ?? {})) {
      const theirs = byLibrary[rival];
      if (theirs === undefined) {
        session.note(`left out: ${rival} is not installed`);
        continue;
      }
      const key = `library-${load}-${rival}`;
      for (const rate of byLibrary['kts'] ?? []) session.record('kts', { [key]: rate });
      for (const rate of theirs) session.record('kafka', { [key]: rate });
      const row: Row = {
        ...{ key, title: `library, ${load}, records/s (rival: ${rival})`, better: 'more', ratio: 'times' },
        must: { ratio: must },
        aim: { ratio: aim },
      };
      session.report([row]);
    }
  }
}
