/**
 * `npm run transcripts`: all recorded runs of Kafka's tools that kts has, played in both manners; how many agree in the strict one,
 * each difference with its reason, and what the own manner makes of those that fail.
 */
import type { StopReason } from '../../src/console/command.ts';
import type { ToolRun } from '../support/run-tool.ts';
import type { TranscriptCase } from '../support/transcripts.ts';
import { difference, play } from './replay.ts';
import { DIFFERENT, EITHER, ELSEWHERE } from './transcript-exceptions.ts';
import { isPlayed, reasonIn, recordedIn, SCENES, type Scene } from './transcript-scenes.ts';
import { embeddedWorld, type World } from './transcript-world.ts';

/** What runs longer than this in the own manner would run until somebody stops it. */
const OWN_LIMIT_MS = 3_000;
const TERMINAL = 'in a terminal: test/conformance/terminal.test.ts';
const NEEDS: Readonly<Record<string, string>> = {
  configs: 'quotas and credentials',
  acls: 'an authorizer',
  'consumer-groups': 'a group of the consumer protocol',
};
const ELSEWHERE_PLAYED = 'against Apache Kafka, test/conformance/transcripts.test.ts';

const MEANT = { ...DIFFERENT, ...EITHER };

interface Row {
  readonly file: string;
  readonly test: TranscriptCase;
  strict: 'same' | 'different' | 'unexpected';
  own?: ToolRun | 'runs on';
}

type Play = (scene: Scene, test: TranscriptCase, world: World) => Promise<void>;

async function playAll(what: Play): Promise<void> {
  await using world = await embeddedWorld();
  for (const scene of SCENES) {
    await scene.prepare?.(world);
    const one = async (test: TranscriptCase) => {
      if (!isPlayed(test, world)) return;
      await scene.before?.(world, test);
      await what(scene, (await scene.adapt?.(test, world)) ?? test, world);
    };
    if (scene.isConcurrent) await Promise.all(scene.cases.map(one));
    else for (const test of scene.cases) await one(test);
    await scene.after?.();
  }
}

const rows = new Map<string, Row>();
const keyOf = (scene: Scene, { id }: TranscriptCase) => `${scene.file} ${id}`;

await playAll(async (scene, test, world) => {
  const found = difference(test, await play(test, world.values), world.values);
  const isMeant = reasonIn(MEANT, scene.file, test.id) !== undefined;
  const strict = found === undefined ? 'same' : isMeant ? 'different' : 'unexpected';
  rows.set(keyOf(scene, test), { file: scene.file, test, strict });
});

await playAll(async (scene, test, world) => {
  const row = rows.get(keyOf(scene, test));
  // Without a file our own manner starts a broker to try things with.
  if (row === undefined || (scene.file === 'server-start' && test.argv.length === 1)) return;
  let stop: (why: StopReason) => void = () => undefined;
  const timer = setTimeout(() => {
    row.own = 'runs on';
    stop('SIGTERM');
  }, OWN_LIMIT_MS);
  const run = await play({ ...test, end: undefined }, world.values, {
    manner: 'own',
    env: { KTS_BOOTSTRAP_SERVER: 'localhost:1' },
    onStart: (given) => {
      stop = given;
    },
  });
  clearTimeout(timer);
  row.own ??= run;
});

const print = (line = '') => process.stdout.write(`${line}\n`);
const cut = (text: string) => text.replaceAll('|', '\\|').trim().slice(0, 150);
const named = (file: string, id: string) => `${file} ${id}`;

function firstError(test: TranscriptCase): string {
  const lines = [...test.stderr, ...test.stdout, ...test.log].map((line) => line.trim());
  return lines.find((line) => line !== '' && !line.startsWith('<') && !line.startsWith('WARN')) ?? '';
}

function ownText(own: Row['own']): string {
  if (own === undefined) return '| starts a broker to try things with |';
  if (own === 'runs on') return '| works, until it is stopped |';
  const says = own.stderr.trim() === '' ? (own.exitCode === 0 ? '(works)' : '') : own.stderr.trim();
  return `${own.exitCode} | ${cut(says.replace(/\s*\n\s*/g, ' / '))} |`;
}

const left: string[] = [];
let same = 0;
print('| file | recorded | same | different, meant | different | elsewhere |');
print('|---|---|---|---|---|---|');
for (const file of new Set(SCENES.map((scene) => scene.file))) {
  const recorded = recordedIn(file);
  const played = recorded.flatMap(({ id }) =>
    [...rows.values()].filter((row) => row.file === file && row.test.id === id),
  );
  const count = (kind: Row['strict']) => played.filter((row) => row.strict === kind).length;
  const moved = recorded.length - played.length;
  same += count('same');
  print(
    `| ${file} | ${recorded.length} | ${count('same')} | ${count('different')} | ${count('unexpected')} | ${moved} |`,
  );
  for (const test of recorded) {
    if (rows.has(named(file, test.id))) continue;
    const reason =
      reasonIn(ELSEWHERE, file, test.id) ??
      (test.isTerminal ? TERMINAL : `needs ${NEEDS[test.argv[0] as string]}: ${ELSEWHERE_PLAYED}`);
    left.push(`- ${named(file, test.id)}: ${reason}`);
  }
}
const unexpected = [...rows.values()].filter((row) => row.strict === 'unexpected');
print(
  `\n${same} the same, ${rows.size - same - unexpected.length} different on purpose, ${unexpected.length} different`,
);

print('\n## Different on purpose\n');
for (const { file, test, strict } of rows.values()) {
  if (strict === 'different') print(`- ${named(file, test.id)}: ${reasonIn(MEANT, file, test.id)}`);
}
for (const { file, test } of unexpected) print(`- NOT MEANT: ${named(file, test.id)}`);
print('\n## Played elsewhere\n');
for (const line of left) print(line);

print("\n## The failures, in Kafka's manner and in our own\n");
print('| run | Kafka and strict: code | its first line | own: code | what it says |');
print('|---|---|---|---|---|');
for (const { file, test, own } of rows.values()) {
  const fails = test.exitCode !== 0 || test.stdout.some((line) => /^(?:Error|\* Group)/.test(line));
  if (!fails || test.end !== undefined) continue;
  print(`| ${named(file, test.id)} | ${test.exitCode} | ${cut(firstError(test))} | ${ownText(own)}`);
}
process.exitCode = unexpected.length === 0 ? 0 : 1;
