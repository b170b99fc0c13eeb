/** The simulated machine itself: what it keeps, what it loses, and that the dead stay dead. */
import { expect, test } from 'vitest';
import type { Connection } from '../../src/runtime/runtime.ts';
import { DiskDirectory } from '../support/sim/disk.ts';
import { DiskFile } from '../support/sim/disk-file.ts';
import { Seeded } from '../support/sim/seeded.ts';
import { SimNetwork } from '../support/sim/sim-network.ts';
import { World } from '../support/sim/world.ts';

/** Promises are drained only in a turn of the loop that is not a promise's own. */
function outside(run: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        run();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

const bytes = (text: string) => Buffer.from(text);
const textOf = (file: DiskFile) => file.data.toString('latin1', 0, file.size);

test('a power cut takes what was not synced, or a part of it, and nothing else', () => {
  const left = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const file = new DiskFile();
    file.write(bytes('synced'), 0);
    file.sync();
    file.write(bytes('X'), 0);
    file.write(bytes('+more'), 6);
    left.add(textOf(file.afterPowerCut(new Seeded(String(seed)))));
  }
  expect(left).toContain('synced');
  expect(left).toContain('Xynced+more');
  for (const text of left) expect(text).toMatch(/^[Xs]ynced(\+?m?o?r?e?|\0*)$/);
});

test('what is written while a sync is under way is not synced by it', () => {
  const file = new DiskFile();
  file.write(bytes('one'), 0);
  const mark = file.startSync();
  file.write(bytes('two'), 3);
  file.endSync(mark, true);
  const left = Array.from({ length: 50 }, (_, seed) => textOf(file.afterPowerCut(new Seeded(String(seed)))));
  expect(left).toContain('one');
  expect(left.every((text) => text.startsWith('one'))).toBe(true);
});

test('a name is lost with its directory unless that was synced', () => {
  const directory = new DiskDirectory();
  directory.set('kept', new DiskFile());
  directory.sync();
  directory.rename('kept', 'renamed');
  const names = Array.from({ length: 50 }, (_, seed) => [
    ...directory.afterPowerCut(new Seeded(String(seed))).entries.keys(),
  ]);
  expect(new Set(names.flat())).toEqual(new Set(['kept', 'renamed']));
  expect(names.every((one) => one.length === 1)).toBe(true);
});

test('nothing of a process happens after its death', async () => {
  await outside(() => {
    const world = new World('1');
    const host = new SimNetwork(world).host('a');
    const { timers, files } = host.boot().runtime;
    const happened: string[] = [];
    files.makeDirectorySync('/d');
    files.writeFileSync('/d/f', 'before');
    timers.after(5, () => happened.push('timer'));
    timers.after(1, () => {
      files
        .openSync('/d/f', 'rw')
        .sync()
        .then(() => happened.push('sync'));
      host.crash('kill');
      happened.push('the rest of the turn');
      files.writeFileSync('/d/f', 'in vain');
    });
    world.run(100);
    expect(happened).toEqual(['the rest of the turn']);
    const next = host.boot();
    expect(next.runtime.files.readFileSync('/d/f').toString()).toBe('before');
    expect(world.failure).toBeNull();
    expect(() => files.readFileSync('/d/f')).toThrow();
    expect(world.failure).toMatch(/is dead and does/);
  });
});

test('bytes of a connection arrive in order, through slow links, cuts and processes that stand still', async () => {
  await outside(() => {
    const world = new World('2');
    const network = new SimNetwork(world);
    const [a, b] = [network.host('a'), network.host('b')];
    const server = b.boot().runtime.sockets;
    let received = '';
    server.listen({ host: 'b', port: 1 }, (connection) => {
      connection.onData((data) => {
        received += data.toString();
      });
    });
    const client = a.boot();
    let open: Connection | null = null;
    client.runtime.sockets.connect({ host: 'b', port: 1, timeoutMs: 1_000 }).then((connection) => {
      open = connection;
    });
    world.run(10);
    let sent = '';
    network.slow(a, b, 1, 50);
    for (let i = 0; i < 200; i++) {
      client.after(i, 'write', () => {
        sent += `${i} `;
        open?.write(bytes(`${i} `));
      });
    }
    client.after(50, 'cut', () => network.cut(a, b));
    world.run(world.nowMs + 120);
    network.heal(0);
    (b.process as { heldUntilMs: number }).heldUntilMs = world.nowMs + 60;
    world.run(world.nowMs + 5_000);
    expect(received).toBe(sent);
    expect(received).toContain('199');
  });
});
