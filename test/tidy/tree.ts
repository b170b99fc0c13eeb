/** Reads the tree for the tidy rules: files, their code without comments and strings, their imports. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

export interface Import {
  /** As written: './x.ts', 'node:fs', 'chalk'. */
  readonly specifier: string;
  /** The path below the root for relative imports, else null. */
  readonly target: string | null;
  readonly line: number;
  readonly kind: 'value' | 'type' | 'dynamic';
}

export interface SourceFile {
  /** With forward slashes, from the root: 'src/base/uuid.ts'. */
  readonly path: string;
  readonly text: string;
  /** The text with comments and the insides of strings blanked, same length, same lines. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const SKIPPED = new Set(['node_modules', 'dist', '.git', 'coverage']);

export function listFiles(directory: string): string[] {
  const found: string[] = [];
  const walk = (relative: string) => {
    const absolute = path.join(ROOT, relative);
    if (!fs.existsSync(absolute)) return;
    for (const entry of fs.readdirSync(absolute, { withFileTypes: true })) {
      if (SKIPPED.has(entry.name)) continue;
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) walk(name);
      else if (entry.isFile()) found.push(name);
    }
  };
  walk(directory);
  return found.sort();
}

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[(,=:[!&|?{};+]\s*|\breturn\s+|^\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/gm;

/** Template literals are blanked with what they interpolate: a ban hidden there is for the reader to find. */
export function blank(text: string): string {
  return text.replace(TOKEN, (token) => token.replace(/[^\n]/g, ' '));
}

const STATIC_IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"]+)['"]\s*\)(?!\s*\.\s*[A-Z])/g;
const TYPE_QUERY = /(?::|<|\||&|typeof|=>)\s*$/;

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

function resolved(from: string, specifier: string): string | null {
  return specifier.startsWith('.') ? path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier)) : null;
}

export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  for (const match of text.matchAll(STATIC_IMPORT)) {
    const specifier = match[2] as string;
    const kind = match[1] === undefined ? 'value' : 'type';
    found.push({ specifier, target: resolved(file, specifier), line: lineOf(text, match.index), kind });
  }
  for (const match of text.matchAll(DYNAMIC_IMPORT)) {
    const specifier = match[1] as string;
    const kind =
      TYPE_QUERY.test(text.slice(0, match.index)) && !/=>\s*$/.test(text.slice(0, match.index)) ? 'type' : 'dynamic';
    found.push({ specifier, target: resolved(file, specifier), line: lineOf(text, match.index), kind });
  }
  return found;
}

export function readSource(file: string): SourceFile {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
  return { path: file, text, code: blank(text), imports: importsOf(file, text) };
}

/** 'storage' for src/storage/segment.ts, 'start.ts' for src/start.ts. */
export function folderOf(file: string): string {
  return file.split('/')[1] as string;
}
