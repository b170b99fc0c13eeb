// Builds dist/: ESM with splitting, so that a command loads the start chunk, its own file and what the two share.
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

async function bundle(entries) {
  const options = {
    absWorkingDir: root,
    entryPoints: entries,
    outbase: 'src',
    outdir: 'dist',
    entryNames: '[dir]/[name]',
    chunkNames: 'chunks/[name]-[hash]',
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
  const first = await build({ ...options, write: false });
  const modules = commonModules(first.metafile);
  const result = await build({ ...options, inject: ['kts-common'], plugins: [commonChunk(modules)] });
  return Object.keys(result.metafile.outputs).map((name) => path.relative(target, path.resolve(root, name)));
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
const written = entries.length === 0 ? [] : await bundle(entries).catch(() => process.exit(1));
if (flags.has('--clean')) fs.rmSync(listPath, { force: true });
else removeOlder(written);
if (flags.has('--types')) emitTypes();
