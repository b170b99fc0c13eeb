/**
 * A tutorial as a script: its lines as people type them, between headings. Only their paths, hosts and ports are replaced
 * by those of the machine. What each step printed comes out by its heading.
 */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { freePort } from '../support/free-port.ts';
import { type Isolation, KTS, runScript } from '../support/own-user.ts';

const HERE = import.meta.dirname;

export class Tutorial {
  readonly root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'kts-tutorial-')));
  readonly #isolation: Isolation;
  /** What stands in the texts, and what stands for it here. */
  readonly #replacements = new Map<string, string>([['@ROOT@', this.root]]);

  constructor(isolation: Isolation) {
    this.#isolation = isolation;
  }

  remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }

  /** Free ports for those of the tutorial, wherever they stand. */
  async replacePorts(ports: readonly number[]): Promise<void> {
    for (const port of ports) this.#replacements.set(String(port), String(await freePort()));
  }

  /** The same for ports of hosts that are all this one: `HOST:PORT` becomes `localhost:FREE`. */
  async replaceAddresses(hosts: readonly string[], ports: readonly number[]): Promise<void> {
    for (const host of hosts) {
      await this.replacePorts(ports);
      for (const port of ports) {
        this.#replacements.set(`${host}:${port}`, `localhost:${this.port(port)}`);
        this.#replacements.delete(String(port));
      }
    }
  }

  /** The address here that stands for one of the tutorial, and its port. */
  address(host: string, port: number): { readonly text: string; readonly port: string } {
    const text = this.#replacements.get(`${host}:${port}`) as string;
    return { text, port: text.slice(text.indexOf(':') + 1) };
  }

  replaceText(theirs: string, ours: string): void {
    this.#replacements.set(theirs, ours);
  }

  replacePath(theirs: string, ours: string): void {
    this.#replacements.set(theirs, path.join(this.root, ours));
  }

  /** The port here that stands for one of the tutorial. */
  port(theirs: number): string {
    return this.#replacements.get(String(theirs)) as string;
  }

  /** In one pass, so that what was put in is not replaced again. */
  localText(text: string): string {
    const words = [...this.#replacements.keys()].sort((a, b) => b.length - a.length);
    const pattern = new RegExp(
      words.map((word) => (/^\d+$/.test(word) ? `\\b${word}\\b` : word.replaceAll('.', '\\.'))).join('|'),
      'g',
    );
    return text.replace(pattern, (word) => this.#replacements.get(word) as string);
  }

  /** Writes a file below the root, its text made local. */
  write(name: string, text: string, mode = 0o644): void {
    const file = path.join(this.root, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, this.localText(text), { mode });
  }

  read(name: string): string {
    return fs.readFileSync(path.join(this.root, name), 'utf8');
  }

  /** The scripts of Kafka and of ZooKeeper, for each of these folders. */
  install(...folders: readonly string[]): void {
    const [first, ...others] = folders.map((folder) => path.join(this.root, folder, 'bin')) as [string, ...string[]];
    const env = { ...process.env, KTS_SOURCE: '1' };
    const written = spawnSync(process.execPath, [KTS, 'shims', first], { env, encoding: 'utf8' });
    if (written.status !== 0) throw new Error(written.stderr);
    for (const other of others) fs.cpSync(first, other, { recursive: true, verbatimSymlinks: true });
  }

  /** For a script that waits for the test: at `pause NAME` it goes on once `look` has seen enough. */
  async whenPaused<Seen>(name: string, look: () => Promise<Seen>): Promise<Seen> {
    const [reached, over] = ['reached', 'over'].map((word) => path.join(this.root, `${name}.${word}`)) as [
      string,
      string,
    ];
    while (!fs.existsSync(reached)) await new Promise((resolve) => setTimeout(resolve, 50));
    try {
      return await look();
    } finally {
      fs.writeFileSync(over, '');
    }
  }

  /** The lines of each step, by its heading; what a step printed twice under one heading is joined. */
  async run(
    script: string,
    timeoutMs: number,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Map<string, string[]>> {
    this.write('prelude.sh', fs.readFileSync(path.join(HERE, 'prelude.sh'), 'utf8'));
    for (const name of fs.readdirSync(path.join(HERE, 'scripts'))) {
      this.write(`scripts/${name}`, fs.readFileSync(path.join(HERE, 'scripts', name), 'utf8'), 0o755);
    }
    this.write(script, fs.readFileSync(path.join(HERE, script), 'utf8'), 0o755);
    const scripts = path.join(this.root, 'scripts');
    const text = await runScript({
      isolation: this.#isolation,
      root: this.root,
      words: [path.join(this.root, script)],
      env: {
        PATH: `${scripts}:/usr/bin:/bin`,
        HOME: this.root,
        KTS_SOURCE: '1',
        NODE: process.execPath,
        KTS,
        ROOT: this.root,
        ...more,
      },
      timeoutMs,
    });
    const steps = text.split(/^## /m).slice(1);
    return new Map(steps.map((step) => [step.slice(0, step.indexOf('\n')), step.trimEnd().split('\n').slice(1)]));
  }
}
