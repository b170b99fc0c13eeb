// Builds dist/: ESM with splitting, so that a command loads the start chunk, its own file and what the two share. The
// commands that are called all day are built once more, each as a program in one piece (dist/quick): the others' fifty
// small chunks cost them a third of their time.
//   node scripts/build.mjs [--types] [--clean]
// Entries that nobody has written yet are left out. Files of the build before the last are removed, those of the last one
// stay: a node that runs from them may still load one. `--clean` (for the package) keeps none.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(root, 'src');
const target = path.join(root, 'dist');
const listPath = path.join(target, '.files.json');
const TABLE = path.join(source, 'console', 'command-table.ts');
const QUICK = ['topics', 'console-producer', 'console-consumer', 'consumer-groups', 'storage', 'server-start', 'ready'];
const flags = new Set(process.argv.slice(2));

function filesBelow(directory) {
  if (!fs.existsSync(directory)) return [];
  return fs
    .readdirSync(directory, { recursive: true })
    .map((name) => path.join(directory, name))
    .filter((name) => name.endsWith('.ts'));
}

/** dist/NAME.js from src/NAME.ts: the start, the public modules, each command, each worker. */
function entryPoints() {
  const fixed = ['start', 'index', 'client', 'broker'].map((name) => path.join(source, `${name}.ts`));
  const workers = filesBelow(source).filter((file) => file.endsWith('-worker.ts'));
  const commands = filesBelow(path.join(source, 'commands'));
  return [...fixed.filter((file) => fs.existsSync(file)), ...commands, ...workers];
}

const OPTIONS = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  packages: 'external',
  define: { __KTS_BUILT__: 'true' },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};

const outputsOf = ({ metafile }) =>
  Object.keys(metafile.outputs).map((name) => path.relative(target, path.resolve(root, name)));

/** The pages of help are drawn here, since what draws them takes longer to load than most commands take to run. */
async function drawnPages() {
  process.env.FORCE_COLOR = '1';
  const { drawPages } = await import(path.join(source, 'console', 'oclif', 'draw-page.ts'));
  return drawPages();
}

function fillPages(hooks, pages) {
  hooks.onLoad({ filter: /[\\/]oclif[\\/]pages\.ts$/ }, ({ path: file }) => {
    const contents = fs.readFileSync(file, 'utf8').replace('= {};', `= ${JSON.stringify(pages)};`);
    return { contents, loader: 'ts' };
  });
}

/** Splitting makes a chunk for each set of entries that share a module: dozens of a few lines, and each costs a command
 * a millisecond to load. The modules of the smallest ones, as far as they import nothing else, become one chunk. */
const SMALL_CHUNK_BYTES = 6 * 1024;
const CHEAP_MODULES = new Set(['node:path', 'node:buffer', 'node:util', 'node:url', 'node:string_decoder']);

function commonModules({ inputs, outputs }) {
  const small = Object.values(outputs).filter(({ entryPoint, bytes }) => !entryPoint && bytes < SMALL_CHUNK_BYTES);
  const common = new Set(small.flatMap((output) => Object.keys(output.inputs)));
  const isOutside = ({ kind, path: file, external }) =>
    kind !== 'dynamic-import' && (external ? !CHEAP_MODULES.has(file) : !common.has(file));
  for (let before = -1; before !== common.size; ) {
    before = common.size;
    for (const file of [...common]) if (inputs[file].imports.some(isOutside)) common.delete(file);
  }
  return [...common].sort();
}

/** Every module imports them, so that all entries share them. */
function commonChunk(modules) {
  const name = 'kts-common';
  return {
    name,
    setup(setup) {
      setup.onResolve({ filter: /^kts-common$/ }, () => ({ path: name, namespace: name, sideEffects: true }));
      setup.onLoad({ filter: /.*/, namespace: name }, () => ({
        contents: modules.map((file) => `import ${JSON.stringify(`./${file}`)};`).join('\n'),
        resolveDir: root,
      }));
    },
  };
}

async function bundle(entryPoints, pages) {
  const names = { entryNames: '[dir]/[name]', chunkNames: 'chunks/[name]-[hash]' };
  const options = { ...OPTIONS, ...names, outbase: 'src', entryPoints };
  const first = await build({ ...options, write: false });
  const withPages = { name: 'pages', setup: (hooks) => fillPages(hooks, pages) };
  const plugins = [commonChunk(commonModules(first.metafile)), withPages];
  return outputsOf(await build({ ...options, inject: ['kts-common'], plugins }));
}

/** The file, and all that it imports before it runs. */
function loadedWith(file, inputs, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const { path: to, kind, external } of inputs[file].imports) {
    if (!external && kind === 'import-statement') loadedWith(to, inputs, seen);
  }
  return seen;
}

/** One command as a program: the table of commands holds it alone, already loaded; others go by dist/start.js. */
function tableOf(command) {
  const text = fs.readFileSync(TABLE, 'utf8');
  const loads = text.replace(/import\('\.\.\/commands\/([\w-]+)\.ts'\)/g, (_, name) =>
    name === command ? 'Promise.resolve({ default: Quick })' : `Promise.reject(new Error('${name} is not in here'))`,
  );
  return `import Quick from '../commands/${command}.ts';\n${loads}`;
}

/**
 * The bundler gives each set of files that the same entries reach a chunk of its own. What is imported on demand therefore
 * imports all that was loaded before it: then all of that is one set.
 */
function inOnePiece(command, { before, onDemand, pages }) {
  return {
    name: 'in-one-piece',
    setup(hooks) {
      fillPages(hooks, Object.fromEntries(Object.entries(pages).filter(([name]) => name.split(' ')[0] === command)));
      const virtual = { namespace: 'quick', sideEffects: true };
      hooks.onResolve({ filter: /^quick:/ }, ({ path: name }) => ({ ...virtual, path: name }));
      hooks.onLoad({ filter: /.*/, namespace: 'quick' }, ({ path: name }) => {
        const all = [...before].map((file) => `import ${JSON.stringify(path.join(root, file))};\n`).join('');
        const start = `export { start } from ${JSON.stringify(path.join(source, 'start.ts'))};\n`;
        return { contents: name === 'quick:entry' ? start : all, resolveDir: root };
      });
      hooks.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        if (file === TABLE) return { contents: tableOf(command), loader: 'ts' };
        if (!onDemand.has(path.relative(root, file))) return null;
        return { contents: `import 'quick:before';\n${fs.readFileSync(file, 'utf8')}`, loader: 'ts' };
      });
    },
  };
}

async function quickProgram(command, pages) {
  const names = { entryNames: 'quick/[name]', chunkNames: `quick/${command}-[hash]` };
  const options = { ...OPTIONS, ...names, entryPoints: [{ in: 'quick:entry', out: command }] };
  const nothing = { before: new Set(), onDemand: new Set(), pages };
  const { metafile } = await build({ ...options, write: false, plugins: [inOnePiece(command, nothing)] });
  const before = loadedWith('src/start.ts', metafile.inputs);
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const onDemand = new Set(
    imports.flatMap(({ path: to, kind, external }) =>
      !external && kind === 'dynamic-import' && !before.has(to) ? [to] : [],
    ),
  );
  return outputsOf(await build({ ...options, plugins: [inOnePiece(command, { before, onDemand, pages })] }));
}

async function quickPrograms(pages) {
  const commands = QUICK.filter((name) => fs.existsSync(path.join(source, 'commands', `${name}.ts`)));
  return (await Promise.all(commands.map((name) => quickProgram(name, pages)))).flat();
}

function removeOlder(written) {
  const last = fs.existsSync(listPath) ? JSON.parse(fs.readFileSync(listPath, 'utf8')) : [];
  const keep = new Set([...written, ...last, '.files.json']);
  for (const entry of fs.readdirSync(target, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const name = path.relative(target, file);
    if (entry.isFile() && !keep.has(name) && !name.startsWith(`types${path.sep}`)) fs.rmSync(file);
  }
  fs.writeFileSync(listPath, JSON.stringify(written));
}

function fail(error) {
  if (error.errors === undefined) console.error(error);
  process.exit(1);
}

function emitTypes() {
  const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  fs.rmSync(path.join(target, 'types'), { recursive: true, force: true });
  const result = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.types.json'], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
  // The compiler leaves `./x.ts` in declarations; nodenext wants the name of the file that runs.
  for (const file of filesBelow(path.join(target, 'types'))) {
    const text = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, text.replace(/(['"])(\.{1,2}\/[^'"]+)\.ts\1/g, '$1$2.js$1'));
  }
}

if (flags.has('--clean')) fs.rmSync(target, { recursive: true, force: true });
fs.mkdirSync(target, { recursive: true });
const entries = entryPoints();
// What does not build was printed by the bundler.
async function buildAll() {
  const pages = await drawnPages();
  return (await Promise.all([bundle(entries, pages), quickPrograms(pages)])).flat();
}
const written = entries.length === 0 ? [] : await buildAll().catch(fail);
if (flags.has('--clean')) fs.rmSync(listPath, { force: true });
else removeOlder(written);
if (flags.has('--types')) emitTypes();
