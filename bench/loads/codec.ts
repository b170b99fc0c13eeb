/** The codec's row, from bench/codec.ts; its rival are the closures, not Kafka. */
import path from 'node:path';
import process from 'node:process';
import { run } from '../harness/programs.ts';
import type { Row } from '../harness/rows.ts';
import type { Session } from '../harness/session.ts';

const BENCH = path.resolve(import.meta.dirname, '../codec.ts');
const CASES = [
  ['encode', 'encode Fetch v12, 100, no records'],
  ['decode', 'decode Fetch v12, 100, no records'],
] as const;

export async function codec(session: Session): Promise<void> {
  session.say('codec: generated beside closures');
  const { stdout } = await run(process.execPath, [BENCH]);
  const rows = CASES.map(([word, title]): Row => {
    const line = stdout.split('\n').find((candidate) => candidate.startsWith(title)) ?? '';
    const [generated, closures] = line.slice(title.length).trim().split(/\s+/);
    const key = `codec-${word}`;
    session.record('kts', { [key]: figure(generated) });
    session.record('kafka', { [key]: figure(closures) });
    return {
      key,
      title: `codec, ${word} Fetch, 100 partitions, ns (rival: closures)`,
      better: 'less',
      ratio: 'times',
      must: { ratio: 3 },
      aim: { ratio: 5 },
    };
  });
  session.report(rows);
}

function figure(text: string | undefined): number {
  const value = Number(text?.replaceAll(',', ''));
  if (!Number.isFinite(value)) throw new Error('bench/codec.ts did not print the Fetch rows');
  return value;
}
