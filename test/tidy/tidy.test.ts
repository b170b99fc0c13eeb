/** The tree keeps its own rules: layers, bans, sizes, names. Each message says what to do instead. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BANS,
  BEYOND,
  DATA_FILES,
  DOORS,
  ENGINE_COMMANDS,
  ENGINE_FOLDERS,
  LAYERS,
  LAZY_TABLES,
  LONG_FILES,
  MACHINE_TRACES,
  MAX_LINES,
  NOT_AT_START,
  PACKAGES,
  PURE_NODE_MODULES,
  TOP_FILES,
  TYPES_OF,
} from './rules.ts';
import { blank, folderOf, importsOf, listFiles, ROOT, readSource, type SourceFile } from './tree.ts';

const sources = listFiles('src')
  .filter((file) => file.endsWith('.ts'))
  .map(readSource);
const byPath = new Map(sources.map((file) => [file.path, file]));

function allowedFolders(file: SourceFile): readonly string[] {
  const folder = folderOf(file.path);
  const beyond = Object.entries(BEYOND).flatMap(([prefix, extra]) => (file.path.startsWith(prefix) ? extra : []));
  if (folder !== 'commands') return [...(LAYERS[folder] ?? TOP_FILES[folder] ?? []), ...beyond];
  const engine = ENGINE_COMMANDS.has(path.posix.basename(file.path));
  return [...(LAYERS['commands'] ?? []), ...(engine ? ENGINE_FOLDERS : [])];
}

describe('layers', () => {
  it('knows every folder of src', () => {
    const unknown = new Set(
      sources.map((file) => folderOf(file.path)).filter((name) => !LAYERS[name] && !TOP_FILES[name]),
    );
    expect([...unknown]).toEqual([]);
  });

  it('imports go downwards only', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const own = folderOf(file.path);
      const allowed = allowedFolders(file);
      for (const { target, line, kind } of file.imports) {
        if (target === null) continue;
        const folder = target.startsWith('src/') ? folderOf(target) : target;
        if (kind === 'type' && TYPES_OF[own]?.includes(folder)) continue;
        if (kind === 'dynamic' && LAZY_TABLES[file.path] === folder) continue;
        if (folder !== own && !allowed.includes(folder)) {
          wrong.push(`${file.path}:${line} imports ${folder}; ${own} may import: ${allowed.join(', ') || 'nothing'}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('packages and Node modules are imported at their home only', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const own = folderOf(file.path);
      for (const { specifier, target, line, kind } of file.imports) {
        if (target !== null || kind === 'type') continue;
        if (specifier.startsWith('node:')) {
          const isHome = own === 'runtime' || DOORS[file.path]?.includes(specifier);
          if (!isHome && !PURE_NODE_MODULES.has(specifier)) {
            wrong.push(`${file.path}:${line} imports ${specifier}; use the Runtime of src/runtime`);
          }
        } else if (!PACKAGES[specifier]?.includes(own)) {
          wrong.push(
            `${file.path}:${line} imports ${specifier}; allowed in: ${PACKAGES[specifier]?.join(', ') ?? 'none'}`,
          );
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('has no cycle of modules', () => {
    expect(findCycles()).toEqual([]);
  });

  it('the start loads little before it knows the command', () => {
    const start = byPath.get('src/start.ts');
    if (start === undefined) return;
    const wrong: string[] = [];
    const seen = new Set<string>();
    const visit = (file: SourceFile) => {
      if (seen.has(file.path)) return;
      seen.add(file.path);
      for (const { specifier, target, kind } of file.imports) {
        if (kind !== 'value') continue;
        const name = target ?? specifier;
        if (NOT_AT_START.some((pattern) => pattern.test(name)))
          wrong.push(`${file.path} loads ${name}; import() it where it is used`);
        const next = target === null ? undefined : byPath.get(target);
        if (next !== undefined) visit(next);
      }
    };
    visit(start);
    expect(wrong).toEqual([]);
  });
});

/** Cycles of value imports, one for each import that closes one. */
function findCycles(): string[] {
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const cycles: string[] = [];
  const visit = (file: SourceFile) => {
    state.set(file.path, 'open');
    trail.push(file.path);
    for (const { target, kind } of file.imports) {
      const next = target === null || kind !== 'value' ? undefined : byPath.get(target);
      if (next === undefined) continue;
      if (state.get(next.path) === 'open')
        cycles.push([...trail.slice(trail.indexOf(next.path)), next.path].join(' -> '));
      else if (!state.has(next.path)) visit(next);
    }
    state.set(file.path, 'done');
    trail.pop();
  };
  for (const file of sources) if (!state.has(file.path)) visit(file);
  return cycles;
}

describe('bans', () => {
  it('the outside is reached through src/runtime', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      for (const ban of BANS) {
        if (ban.home.some((home) => file.path.startsWith(`src/${home}`))) continue;
        file.code.split('\n').forEach((line, index) => {
          const found = ban.pattern.exec(line);
          if (found) wrong.push(`${file.path}:${index + 1} uses ${found[0].trim()}; use ${ban.instead}`);
        });
      }
    }
    expect(wrong).toEqual([]);
  });

  it('each ban catches what it names and lets its neighbours be', () => {
    const banned = [
      'Date.now()',
      'new Date()',
      'setTimeout(f, 1)',
      'Math.random()',
      'process.exit(1)',
      'console.log(1)',
    ];
    const free = [
      'new Date(ms)',
      'this.process.stop()',
      'timers.setTimeout',
      'context.console',
      'update()',
      'validate()',
    ];
    const hit = (code: string) => BANS.some((ban) => ban.pattern.test(code));
    expect(banned.filter((code) => !hit(code))).toEqual([]);
    expect(free.filter(hit)).toEqual([]);
  });

  it('no file of the tree holds traces of one machine', () => {
    const text =
      /\.(?:ts|js|mjs|json|md|yml|yaml|xml|sh|txt)$|(?:^|\/)(?:Dockerfile|run|\.npmrc|\.gitignore|\.dockerignore)$/;
    const wrong: string[] = [];
    for (const file of listFiles('').filter((name) => text.test(name) && !/\/(?:fixtures|golden|facts)\//.test(name))) {
      const content = fs.readFileSync(path.join(ROOT, file), 'utf8');
      for (const trace of MACHINE_TRACES) {
        const found = trace.exec(content);
        if (found) wrong.push(`${file}: ${JSON.stringify(found[0])}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('files', () => {
  const code = [
    ...sources,
    ...listFiles('test')
      .concat(listFiles('bench'))
      .filter((file) => file.endsWith('.ts'))
      .map(readSource),
  ];

  it('stay under the size limit', () => {
    const wrong: string[] = [];
    for (const file of code) {
      if (DATA_FILES.some((pattern) => pattern.test(file.path))) continue;
      const lines = file.text.split('\n').length - 1;
      const limit = LONG_FILES[file.path] ?? MAX_LINES;
      if (lines > limit)
        wrong.push(`${file.path} has ${lines} lines, over ${limit}: pull a decision out as a pure function`);
    }
    for (const [name, limit] of Object.entries(LONG_FILES)) {
      const lines = byPath.get(name)?.text.split('\n').length ?? 0;
      if (lines <= MAX_LINES) wrong.push(`${name} has shrunk below ${MAX_LINES}: take it (${limit}) off LONG_FILES`);
    }
    expect(wrong).toEqual([]);
  });

  it('have kebab-case names', () => {
    expect(code.map((file) => file.path).filter((name) => !/^[a-z0-9/-]+(?:\.[a-z-]+)*\.ts$/.test(name))).toEqual([]);
  });

  it('of src open with a comment that says what they are', () => {
    expect(sources.filter((file) => !/^(?:#!.*\n)?\s*(?:\/\*|\/\/)/.test(file.text)).map((file) => file.path)).toEqual(
      [],
    );
  });

  it('are no barrels, but for the public modules', () => {
    const isBarrel = (file: SourceFile) => {
      const rest = file.code.replace(/^export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^;]*;/gm, '').trim();
      return rest === '' && /^export\s/m.test(file.text);
    };
    const barrels = sources.filter((file) => isBarrel(file) || path.posix.basename(file.path) === 'index.ts');
    expect(barrels.map((file) => file.path).filter((name) => !TOP_FILES[name.slice('src/'.length)])).toEqual([]);
  });
});

describe('the reader of the tree', () => {
  it('blanks comments, strings and patterns, and keeps the lines', () => {
    const text = "const a = 'process.exit'; // Date.now()\nconst b = /console.log/;\n/* eval(\n */ f(a / b, c / d);\n";
    expect(blank(text).split('\n').length).toBe(text.split('\n').length);
    expect(blank(text)).not.toMatch(/process|Date|console|eval/);
    expect(blank(text)).toContain('f(a / b, c / d);');
  });

  it('tells value, type and dynamic imports apart', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type { B } from '../b/b.ts';",
      "export { c } from './c.ts';",
      "const d = () => import('./d.ts');",
    ].join('\n');
    const found = importsOf('src/x/y.ts', text).map((one) => `${one.kind} ${one.target}`);
    expect(found).toEqual(['value src/x/a.ts', 'type src/b/b.ts', 'value src/x/c.ts', 'dynamic src/x/d.ts']);
  });
});
