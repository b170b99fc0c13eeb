/** The command line of the simulation. */
import { parseArgs } from 'node:util';
import { type RunResult, simulate } from './scenario.ts';
import { SHAPES, type Shape } from './shapes.ts';

const LAST_LINES = 200;
const PROGRESS_RUNS = 100;

export async function main(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seed: { type: 'string' },
      runs: { type: 'string', default: '1' },
      shape: { type: 'string' },
      trace: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
    },
  });
  const shape = shapeOf(values.shape);
  const first = Number(values.seed ?? Math.floor(Math.random() * 1_000_000_000));
  const runs = Number(values.runs);
  const started = performance.now();
  let failed = 0;
  let events = 0;
  const totals = new Map<string, number>();
  for (let i = 0; i < runs; i++) {
    const seed = String(first + i);
    const result = await simulate(seed, { shape, trace: values.trace ? (line) => console.log(line) : null });
    events += result.events;
    for (const [name, count] of Object.entries(result.counts)) totals.set(name, (totals.get(name) ?? 0) + count);
    if (runs === 1 || result.failure !== null) console.log(describe(result));
    if (runs > PROGRESS_RUNS && (i + 1) % PROGRESS_RUNS === 0) console.log(`${i + 1} runs, ${failed} failed`);
    if (result.failure === null) continue;
    failed++;
    if (!values.trace) await replay(seed, shape);
    if (!values['keep-going']) break;
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `seeds ${first}..${first + runs - 1}: ${failed} failed; ${[...totals].map(([name, n]) => `${name} ${n}`).join(', ')}`,
  );
  console.log(`${(runs / seconds).toFixed(1)} seeds/s, ${Math.round(events / seconds)} events/s`);
  return failed === 0 ? 0 : 1;
}

function shapeOf(word: string | undefined): Shape | undefined {
  const shape = SHAPES.find((one) => one === word);
  if (word !== undefined && shape === undefined) throw new Error(`--shape is one of ${SHAPES.join(', ')}`);
  return shape;
}

function describe(result: RunResult): string {
  const { seed, shape, failure, hash, events, virtualMs, counts } = result;
  const words = Object.entries(counts).map(([name, n]) => `${name} ${n}`);
  return `seed ${seed} (${shape}): ${failure === null ? 'passed' : `FAILED: ${failure}`}\n  hash ${hash}, ${events} events, ${Math.round(virtualMs)} ms; ${words.join(', ')}`;
}

/** The same run again, with its last lines. */
async function replay(seed: string, shape: Shape | undefined): Promise<void> {
  const lines: string[] = [];
  await simulate(seed, {
    shape,
    trace: (line) => {
      lines.push(line);
      if (lines.length > 2 * LAST_LINES) lines.splice(0, LAST_LINES);
    },
  });
  for (const line of lines.slice(-LAST_LINES)) console.log(line);
  const which = shape === undefined ? '' : ` --shape ${shape}`;
  console.log(`again: npm run simulate -- --seed ${seed}${which} --trace`);
}
