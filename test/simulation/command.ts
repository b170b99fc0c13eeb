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
      runs: { type: 'string' },
      seconds: { type: 'string' },
      shape: { type: 'string' },
      trace: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
    },
  });
  const shape = shapeOf(values.shape);
  const first = Number(values.seed ?? Math.floor(Math.random() * 1_000_000_000));
  const untilMs = values.seconds === undefined ? Number.POSITIVE_INFINITY : Number(values.seconds) * 1000;
  const runs = Number(values.runs ?? (values.seconds === undefined ? 1 : Number.MAX_SAFE_INTEGER));
  const started = performance.now();
  let failed = 0;
  let events = 0;
  const totals = new Map<string, number>();
  let done = 0;
  for (; done < runs && performance.now() - started < untilMs; done++) {
    const seed = String(first + done);
    const result = await simulate(seed, { shape, trace: values.trace ? (line) => console.log(line) : null });
    events += result.events;
    for (const [name, count] of Object.entries(result.counts)) totals.set(name, (totals.get(name) ?? 0) + count);
    if (runs === 1 || result.failure !== null) console.log(describe(result));
    if (runs > PROGRESS_RUNS && (done + 1) % PROGRESS_RUNS === 0) console.log(`${done + 1} runs, ${failed} failed`);
    if (result.failure === null) continue;
    failed++;
    if (!values.trace) await replay(seed, shape);
    if (values['keep-going']) continue;
    done++;
    break;
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `seeds ${first}..${first + done - 1}: ${failed} failed; ${[...totals].map(([name, n]) => `${name} ${n}`).join(', ')}`,
  );
  console.log(`${(done / seconds).toFixed(1)} seeds/s, ${Math.round(events / seconds)} events/s`);
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
