/**
 * Reads CPU profiles (npm run bench -- --cpu-prof DIR): where the broker's time goes, by function itself and with all it
 * calls. Run: npx node bench/profile.ts FILE.cpuprofile [ROWS]
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const IDLE = new Set(['(idle)', '(program)', '(root)']);

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const place = url === '' ? '' : ` ${path.basename(url)}:${lineNumber + 1}`;
  return `${functionName || '(anonymous)'}${place}`;
}

/** Microseconds by function: spent in it, and in it and all that it called (once per stack). */
function times(profile: Profile): { own: Map<string, number>; all: Map<string, number> } {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])));
  const perNode = new Map<number, number>();
  for (const [i, id] of profile.samples.entries())
    perNode.set(id, (perNode.get(id) ?? 0) + (profile.timeDeltas[i] ?? 0));
  const own = new Map<string, number>();
  const all = new Map<string, number>();
  for (const [id, time] of perNode) {
    const seen = new Set<string>();
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const name = nameOf(nodes.get(at) as ProfileNode);
      if (at === id) own.set(name, (own.get(name) ?? 0) + time);
      if (!seen.has(name)) all.set(name, (all.get(name) ?? 0) + time);
      seen.add(name);
    }
  }
  return { own, all };
}

function print(title: string, found: Map<string, number>, total: number, rows: number): void {
  process.stdout.write(`${title}\n`);
  const sorted = [...found].filter(([name]) => !IDLE.has(name)).sort((a, b) => b[1] - a[1]);
  for (const [name, time] of sorted.slice(0, rows)) {
    const share = ((100 * time) / total).toFixed(1);
    process.stdout.write(`${(time / 1000).toFixed(1).padStart(10)} ms ${share.padStart(5)} %  ${name}\n`);
  }
}

const [file, rows = '25'] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('usage: npx node bench/profile.ts FILE.cpuprofile [ROWS]\n');
  process.exitCode = 1;
} else {
  const { own, all } = times(JSON.parse(fs.readFileSync(file, 'utf8')) as Profile);
  const busy = [...own].filter(([name]) => !IDLE.has(name)).reduce((sum, [, time]) => sum + time, 0);
  process.stdout.write(
    `${(busy / 1000).toFixed(0)} ms busy, ${((own.get('(program)') ?? 0) / 1000).toFixed(0)} ms native\n`,
  );
  print('in the function itself', own, busy, Number(rows));
  print('with all that it calls', all, busy, Number(rows));
}
