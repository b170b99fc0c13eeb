import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFiles } from '../../src/runtime/node-files.ts';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'kts-files-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));
const path = (name: string) => join(directory, name);

describe('nodeFiles', () => {
  it('reads and writes at positions, and says where a file ends', async () => {
    const file = nodeFiles.openSync(path('f'), 'create');
    file.writeSync(Buffer.from('-hello-'), 1, 5, 0);
    file.writevSync([Buffer.from(' '), Buffer.from('wor'), Buffer.alloc(0), Buffer.from('ld')], 5);
    await file.write(Buffer.from('!?'), 0, 1, 11);
    await file.sync();
    const target = Buffer.alloc(20, '.');
    expect(file.readSync(target, 2, 15, 0)).toBe(12);
    expect(target.toString()).toBe('..hello world!......');
    expect(await file.read(target, 0, 5, 100)).toBe(0);
    expect(file.sizeSync()).toBe(12);
    file.truncateSync(5);
    file.syncSync();
    file.close();
    expect(nodeFiles.readFileSync(path('f')).toString()).toBe('hello');
  });

  it('does not close a file that the pool still works on', async () => {
    const file = nodeFiles.openSync(path('f'), 'create');
    const bytes = Buffer.alloc(1 << 20, 1);
    const writes = [
      file.write(bytes, 0, bytes.length, 0),
      file.write(bytes, 0, bytes.length, bytes.length),
      file.sync(),
    ];
    file.close();
    file.close();
    await Promise.all(writes);
    expect(nodeFiles.statSync(path('f'))?.size).toBe(2 << 20);
  });

  it('opens as it is told', () => {
    expect(() => nodeFiles.openSync(path('f'), 'r')).toThrow(/ENOENT/);
    expect(() => nodeFiles.openSync(path('f'), 'rw')).toThrow(/ENOENT/);
    nodeFiles.openSync(path('f'), 'new').close();
    expect(() => nodeFiles.openSync(path('f'), 'new')).toThrow(/EEXIST/);
    const readOnly = nodeFiles.openSync(path('f'), 'r');
    expect(() => readOnly.writeSync(Buffer.from('x'), 0, 1, 0)).toThrow(/EBADF/);
    readOnly.close();
  });

  it('replaces files whole', async () => {
    nodeFiles.replaceFileSync(path('f'), 'one');
    await nodeFiles.replaceFile(path('f'), Buffer.from('two'));
    expect(nodeFiles.readFileSync(path('f')).toString()).toBe('two');
    expect(nodeFiles.listSync(directory)).toEqual(['f']);
  });

  it('does not mind removing what is not there', () => {
    nodeFiles.removeSync(path('none'));
    nodeFiles.removeTreeSync(path('none'));
    expect(nodeFiles.statSync(path('none'))).toBeNull();
    expect(nodeFiles.statSync(join(path('none'), 'below'))).toBeNull();
    nodeFiles.makeDirectorySync(path('a/b/c'));
    nodeFiles.makeDirectorySync(path('a/b/c'));
    nodeFiles.renameSync(path('a/b'), path('d'));
    expect(nodeFiles.statSync(path('d/c'))?.isDirectory).toBe(true);
    nodeFiles.syncDirectorySync(path('d'));
    nodeFiles.removeTreeSync(path('d'));
    expect(nodeFiles.freeBytesSync(directory).totalBytes).toBeGreaterThan(
      nodeFiles.freeBytesSync(directory).usableBytes,
    );
  });
});

describe('the lock of a log directory', () => {
  it('is held once, leaves the file empty, and can be taken again when released', () => {
    const lock = nodeFiles.lockSync(path('.lock'));
    expect(lock).not.toBeNull();
    expect(nodeFiles.lockSync(path('.lock'))).toBeNull();
    expect(nodeFiles.listSync(directory)).toEqual(['.lock']);
    expect(nodeFiles.statSync(path('.lock'))?.size).toBe(0);
    lock?.release();
    lock?.release();
    const again = nodeFiles.lockSync(path('.lock'));
    expect(again).not.toBeNull();
    again?.release();
  });

  it('is held against other processes, and ends with the process', async () => {
    const module = fileURLToPath(new URL('../../src/runtime/node-files.ts', import.meta.url));
    const script = `import(${JSON.stringify(module)}).then(({ nodeFiles }) => {
      globalThis.lock = nodeFiles.lockSync(${JSON.stringify(path('.lock'))});
      process.stdout.write(globalThis.lock === null ? 'refused' : 'taken');
      setInterval(() => {}, 1000);
    });`;
    const start = async () => {
      const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const said = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
      const stop = () =>
        new Promise<void>((resolve) => {
          child.once('exit', () => resolve());
          child.kill('SIGKILL');
        });
      return { said, stop };
    };
    const held = nodeFiles.lockSync(path('.lock'));
    const refused = await start();
    expect(refused.said).toBe('refused');
    await refused.stop();
    held?.release();
    const taken = await start();
    expect(taken.said).toBe('taken');
    expect(nodeFiles.lockSync(path('.lock'))).toBeNull();
    await taken.stop();
    const mine = nodeFiles.lockSync(path('.lock'));
    expect(mine).not.toBeNull();
    mine?.release();
  });
});
