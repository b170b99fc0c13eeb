/** What the package promises in package.json and in the lock file; scripts/check-package.mjs tries the tarball itself. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (name: string) => fs.readFileSync(path.join(ROOT, name), 'utf8');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as {
  readonly version: string;
  readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly link?: boolean }>>;
};

describe('the manifest', () => {
  it('opens four doors and no other', () => {
    expect(Object.keys(manifest.exports)).toEqual(['.', './client', './broker', './package.json']);
  });

  it('names exact versions', () => {
    const all = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies };
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('gives the reason for each dependency in docs/dependencies.md', () => {
    const reasons = read('docs/dependencies.md');
    const names = [manifest.dependencies, manifest.optionalDependencies, manifest.devDependencies].flatMap(Object.keys);
    expect(names.filter((name) => !reasons.includes(`| ${name} |`))).toEqual([]);
    const listed = [...reasons.matchAll(/^\| (\S+) \| /gm)]
      .map((match) => match[1])
      .filter((name) => name !== 'package');
    expect(listed.filter((name) => !names.includes(name as string))).toEqual([]);
  });
});

describe('the lock file', () => {
  it('belongs to this version, and names no registry', () => {
    expect(lock.version).toBe(manifest.version);
    expect(Object.values(lock.packages).filter((entry) => entry.resolved !== undefined)).toEqual([]);
  });
});

describe('the README', () => {
  it('never tells to install the name that belongs to somebody else', () => {
    expect(read('README.md')).not.toMatch(/npm (?:i|install|add)(?: -\S+)* kts\b|npx kts@/);
  });

  it('links to files that exist', () => {
    const links = [...read('README.md').matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] as string);
    expect(links.filter((link) => !fs.existsSync(path.join(ROOT, link)))).toEqual([]);
  });
});
