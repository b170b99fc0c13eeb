/** The scripts that are written in the place of Kafka's; the tutorials run them. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KTS } from '../support/own-user.ts';

let root: string;

beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'kts-shims-')));
});

afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

function writeShims(...words: readonly string[]) {
  const env = { ...process.env, KTS_SOURCE: '1' };
  return spawnSync(process.execPath, [KTS, 'shims', ...words], { env, encoding: 'utf8' });
}

describe.skipIf(process.platform === 'win32')('kts shims', () => {
  it('says what it wrote, and the second time changes nothing', () => {
    const directory = path.join(root, "a user's", 'bin');
    const first = writeShims(directory);
    const written = first.stdout.trim().split('\n');
    expect(written.map((file) => path.relative(directory, file))).toEqual(
      expect.arrayContaining(['kafka-topics.sh', 'kafka-topics', 'kafka-server-stop.sh', 'kafka-run-class.sh', 'jps']),
    );
    const before = written.map((file) => fs.statSync(file).mtimeMs);
    expect(writeShims(directory).stdout).toBe(first.stdout);
    expect(written.map((file) => fs.statSync(file).mtimeMs)).toEqual(before);
    const version = spawnSync('/bin/sh', ['-c', '"$0" --version', path.join(directory, 'kafka-topics.sh')], {
      env: {},
    });
    expect(version.stdout.toString()).toBe('4.3.1\n');
    const unknown = spawnSync(path.join(directory, 'kafka-run-class.sh'), ['kafka.tools.None'], { env: {} });
    expect(unknown.stderr.toString()).toContain('Could not find or load main class kafka.tools.None');
    expect(unknown.status).toBe(1);
  });

  it("leaves somebody else's scripts alone unless it is told", () => {
    const file = path.join(root, 'kafka-topics.sh');
    fs.writeFileSync(file, '#!/bin/sh\n');
    const refused = writeShims(root);
    expect(refused).toMatchObject({ status: 4, stdout: '' });
    expect(refused.stderr).toContain(`${file} is there already`);
    expect(fs.readdirSync(root)).toEqual(['kafka-topics.sh']);
    expect(writeShims('--force', root).status).toBe(0);
    expect(fs.readFileSync(file, 'utf8')).toContain('KTS_STRICT');
  });
});
