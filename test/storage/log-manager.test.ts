import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { type DirectoryFailure, LogManager, type LogManagerOptions } from '../../src/storage/log-manager.ts';
import { writeMetaProperties } from '../../src/storage/meta-properties.ts';
import type { PartitionLog } from '../../src/storage/partition-log.ts';
import { FaultyFiles } from './faulty-files.ts';
import { batch, logConfig, readAll, removeDirectory, TOPIC_ID, temporaryDirectory, testContext } from './support.ts';

const DIR_A = 'AAAAAAAAAAAAAAAAAAAAaA';
const DIR_B = 'BBBBBBBBBBBBBBBBBBBBBA';

let root: string;
let a: string;
let b: string;
beforeEach(() => {
  root = temporaryDirectory();
  a = join(root, 'a');
  b = join(root, 'b');
  for (const [path, directoryId] of [
    [a, DIR_A],
    [b, DIR_B],
  ] as const) {
    fs.mkdirSync(path);
    writeMetaProperties(testContext().files, path, { clusterId: 'c', nodeId: 1, directoryId });
  }
});
afterEach(() => removeDirectory(root));

async function open(overrides: Partial<LogManagerOptions> = {}) {
  const { clock, timers, random, logger, files } = testContext();
  const failures: DirectoryFailure[] = [];
  const manager = await LogManager.open({
    directories: [a, b],
    files,
    clock,
    timers,
    random,
    logger,
    configOf: () => logConfig(),
    onDirectoryFailure: (failure) => failures.push(failure),
    ...overrides,
  });
  return { manager, clock, timers, logger, failures };
}

const request = (topic: string, partition = 0, more = {}) => ({
  topic,
  partition,
  topicId: TOPIC_ID,
  config: logConfig({ fileDeleteDelayMs: 1000 }),
  ...more,
});

describe('LogManager', () => {
  it('spreads logs over its directories and honours a directory id', async () => {
    const { manager } = await open();
    for (let i = 0; i < 4; i++) manager.getOrCreateLog(request('t', i));
    expect(manager.directories.map((d) => [d.path, d.id, d.logs.size])).toEqual([
      [a, DIR_A, 2],
      [b, DIR_B, 2],
    ]);
    const log = manager.getOrCreateLog(request('t', 9, { directoryId: DIR_B }));
    expect([log.directory, log.directoryId]).toEqual([b, DIR_B]);
    expect(manager.getOrCreateLog(request('t', 9))).toBe(log);
    expect(fs.readFileSync(join(b, 't-9', 'partition.metadata'), 'utf8')).toBe(`version: 0\ntopic_id: ${TOPIC_ID}`);
    manager.abandon();
  });

  it('finds everything again after a clean stop, and tells the broker epoch once', async () => {
    const first = await open();
    expect(first.manager.previousBrokerEpoch).toBe(-1);
    const log = first.manager.getOrCreateLog(request('t', 3));
    for (let i = 0; i < 10; i++) log.appendAsLeader(batch(), 7);
    log.updateHighWatermark(8);
    log.deleteRecordsBefore(4);
    await first.manager.shutdown(42);
    for (const directory of [a, b]) {
      expect(fs.readFileSync(join(directory, '.kafka_cleanshutdown'), 'utf8')).toBe('{"version":0,"brokerEpoch":42}');
    }
    const home = log.directory;
    expect(fs.readFileSync(join(home, 'recovery-point-offset-checkpoint'), 'utf8')).toBe('0\n1\nt 3 10\n');
    expect(fs.readFileSync(join(home, 'replication-offset-checkpoint'), 'utf8')).toBe('0\n1\nt 3 8\n');
    expect(fs.readFileSync(join(home, 'log-start-offset-checkpoint'), 'utf8')).toBe('0\n1\nt 3 4\n');

    const second = await open();
    expect(second.manager.previousBrokerEpoch).toBe(42);
    expect(fs.existsSync(join(a, '.kafka_cleanshutdown'))).toBe(false);
    const again = second.manager.getLog('t', 3);
    expect([again?.logStartOffset, again?.highWatermark, again?.logEndOffset, again?.recoveryPoint]).toEqual([
      4, 8, 10, 10,
    ]);
    expect(second.logger.matching(/Skipping recovery of/)).toHaveLength(2);
    second.manager.abandon();

    const third = await open();
    expect(third.manager.previousBrokerEpoch).toBe(-1);
    expect(third.logger.matching(/Attempting recovery for all .* no clean shutdown file/)).toHaveLength(2);
    expect(third.manager.getLog('t', 3)?.logEndOffset).toBe(10);
    third.manager.abandon();
  });

  it('refuses a directory that another one holds', async () => {
    const { manager } = await open();
    await expect(open()).rejects.toThrow(/Failed to acquire lock on file .lock in/);
    manager.abandon();
    (await open()).manager.abandon();
  });

  it('renames the directory of a deleted topic at once and removes it later', async () => {
    const { manager, timers, logger } = await open();
    const log = manager.getOrCreateLog(request('t'));
    log.appendAsLeader(batch(), 0);
    manager.deleteLog(log);
    expect(manager.getLog('t', 0)).toBeNull();
    const marked = fs.readdirSync(log.directory).find((n) => /^t-0\.[0-9a-f]{32}-delete$/.test(n));
    expect(marked).toBeDefined();
    expect(logger.matching(/Log for partition t-0 is renamed to .* and is scheduled for deletion/)).toHaveLength(1);
    expect(manager.getOrCreateLog(request('t')).logEndOffset).toBe(0);
    timers.advance(1000);
    await until(() => !fs.existsSync(join(log.directory, marked as string)));
    manager.abandon();
  });

  it('removes what an earlier run had marked as deleted', async () => {
    fs.mkdirSync(join(a, `t-0.${'0'.repeat(32)}-delete`));
    const { manager, timers } = await open();
    timers.advance(60_000);
    await until(() => !fs.readdirSync(a).some((n) => n.endsWith('-delete')));
    manager.abandon();
  });

  it('sets logs aside that nobody knows: without metadata, of another topic id, not assigned', async () => {
    const first = await open({ directories: [a] });
    for (const topic of ['t', 'u', 'v', 'w']) first.manager.getOrCreateLog(request(topic));
    await first.manager.shutdown();
    fs.rmSync(join(a, 't-0', 'partition.metadata'));
    const { manager } = await open({ directories: [a] });
    expect([...manager.logs()].map((log) => log.name).sort()).toEqual(['u-0', 'v-0', 'w-0']);
    manager.getOrCreateLog(request('u', 0, { topicId: 'zzzzzzzzzzzzzzzzzzzzzA' }));
    expect(manager.renameStrays((log) => log.topic !== 'v')).toBe(1);
    const strays = fs.readdirSync(a).filter((n) => n.endsWith('-stray'));
    expect(strays.map((n) => n.slice(0, 3)).sort()).toEqual(['t-0', 'u-0', 'v-0']);
    manager.abandon();
  });

  it('takes a failing directory offline, goes on with the other, and says which was the last', async () => {
    const files = new FaultyFiles();
    const { manager, failures } = await open({ files });
    const bad = manager.getOrCreateLog(request('t', 0, { directoryId: DIR_A }));
    const alsoBad = manager.getOrCreateLog(request('t', 1, { directoryId: DIR_A }));
    const good = manager.getOrCreateLog(request('t', 2, { directoryId: DIR_B }));
    files.failWith({ operation: 'write', path: new RegExp(`${a}/.*log$`), code: 'EIO' });
    expect(() => bad.appendAsLeader(batch(), 0)).toThrow(/Error while appending records to t-0/);
    expect(failures).toMatchObject([{ path: a, id: DIR_A, last: false }]);
    expect(() => alsoBad.appendAsLeader(batch(), 0)).toThrow(/offline/);
    good.appendAsLeader(batch(), 0);
    expect(manager.getLog('t', 0)).toBeNull();
    const refused = () => manager.getOrCreateLog(request('t', 0));
    expect(refused).toThrow(expect.objectContaining({ code: ErrorCode.KAFKA_STORAGE_ERROR }));
    expect(manager.getOrCreateLog(request('t', 5)).directory).toBe(b);
    await manager.shutdown(7);
    expect(fs.existsSync(join(a, '.kafka_cleanshutdown'))).toBe(false);
    expect(fs.existsSync(join(b, '.kafka_cleanshutdown'))).toBe(true);
    const alone = await open({ files, directories: [a] });
    alone.manager.failDirectory(a, 'gone', new Error('EIO'));
    expect(alone.failures).toMatchObject([{ path: a, last: true }]);
    alone.manager.abandon();
  });

  it('lives through a full disk, and stops uncleanly when it is still full then', async () => {
    const files = new FaultyFiles();
    const { manager, failures, logger } = await open({ files, directories: [a] });
    const log = manager.getOrCreateLog(request('t', 0, { config: logConfig({ segmentBytes: 150 }) }));
    for (let i = 0; i < 3; i++) log.appendAsLeader(batch(), i);
    files.failWith({ operation: 'replace', path: /checkpoint/, code: 'ENOSPC' });
    await manager.checkpointHighWatermarks();
    expect([...(await manager.checkpointOffsets())]).toEqual([a]);
    await expect(log.flush()).rejects.toMatchObject({ code: ErrorCode.KAFKA_STORAGE_ERROR });
    expect(failures).toEqual([]);
    expect(log.appendAsLeader(batch(), 9).baseOffset).toBe(3);
    await manager.shutdown(1);
    expect(failures).toEqual([]);
    expect(logger.matching(/ERROR Disk error while writing to files of log directory/).length).toBeGreaterThan(0);
    expect(fs.existsSync(join(a, '.kafka_cleanshutdown'))).toBe(false);
    files.heal();
    const again = await open({ files, directories: [a] });
    expect(readAll(again.manager.getLog('t', 0) as PartitionLog)).toHaveLength(4);
    expect([...(await again.manager.checkpointOffsets())]).toEqual([]);
    await again.manager.shutdown(2);
  });

  it('makes a log once there is space, of which a full disk had taken half a partition.metadata', async () => {
    const files = new FaultyFiles();
    const { manager, failures } = await open({ files, directories: [a] });
    const full = { operation: 'write', path: /partition\.metadata$/, code: 'ENOSPC', partialBytes: 12 } as const;
    files.failWith(full);
    const made = () => manager.getOrCreateLog(request('t'));
    expect(made).toThrow(expect.objectContaining({ code: ErrorCode.KAFKA_STORAGE_ERROR }));
    files.heal();
    expect(made().appendAsLeader(batch(), 0).baseOffset).toBe(0);
    expect(failures).toEqual([]);
    await manager.shutdown(1);
  });

  it('writes no clean-shutdown marker when a flush fails', async () => {
    const files = new FaultyFiles();
    const { manager, failures } = await open({ files, directories: [a] });
    manager.getOrCreateLog(request('t')).appendAsLeader(batch(), 0);
    files.failWith({ operation: 'sync', path: /\.log$/, code: 'EIO' });
    await manager.shutdown(1);
    expect(failures).toMatchObject([{ path: a, last: true }]);
    expect(fs.existsSync(join(a, '.kafka_cleanshutdown'))).toBe(false);
  });

  it('makes no log while it shuts down: the marker would not be true of it', async () => {
    const { manager } = await open({ directories: [a] });
    const log = manager.getOrCreateLog(request('t'));
    const down = manager.shutdown(1);
    expect(() => manager.getOrCreateLog(request('t', 1))).toThrow(/comes too late/);
    expect(manager.getOrCreateLog(request('t'))).toBe(log);
    await down;
    expect(fs.readdirSync(a).filter((name) => name.startsWith('t-'))).toEqual(['t-0']);
  });

  it('writes no clean-shutdown marker over a log that may lack records before its end', async () => {
    const config = logConfig({ segmentBytes: batch().length });
    const first = await open({ directories: [a] });
    const log = first.manager.getOrCreateLog(request('t', 0, { config }));
    for (let i = 0; i < 3; i++) log.appendAsLeader(batch(), 0);
    first.manager.abandon();
    fs.truncateSync(join(a, 't-0', '00000000000000000001.log'), 0);
    for (const gapAt of [1, 1]) {
      const { manager } = await open({ directories: [a] });
      expect(manager.getLog('t', 0)?.gapAt).toBe(gapAt);
      await manager.shutdown(1);
    }
    const { manager } = await open({ directories: [a] });
    manager.getLog('t', 0)?.truncateTo(1);
    await manager.shutdown(1);
    expect(fs.existsSync(join(a, '.kafka_cleanshutdown'))).toBe(true);
  });

  it('checkpoints, deletes by retention and expires producers on its own', async () => {
    const { manager, timers, clock } = await open({ directories: [a] });
    manager.start();
    const config = logConfig({ segmentBytes: 150, retentionMs: 1000, fileDeleteDelayMs: 1 });
    const log = manager.getOrCreateLog(request('t', 0, { config }));
    for (let i = 0; i < 3; i++) {
      log.appendAsLeader(batch({ timestamp: clock.ms, producerId: 1, producerEpoch: 0, baseSequence: i }), 0);
    }
    log.updateHighWatermark(3);
    timers.advance(1);
    await until(() => fs.existsSync(join(a, 'replication-offset-checkpoint')));
    expect(fs.readFileSync(join(a, 'replication-offset-checkpoint'), 'utf8')).toBe('0\n1\nt 0 3\n');
    await until(() => {
      timers.advance(30_000);
      return log.logStartOffset === 3;
    });
    clock.ms += 90_000_000;
    await until(() => {
      timers.advance(600_000);
      return log.producers.size === 0;
    });
    await until(() => {
      timers.advance(600_000);
      return fs.existsSync(join(a, 'recovery-point-offset-checkpoint'));
    });
    await manager.shutdown();
  });

  it('names broken checkpoints and goes on without them', async () => {
    const first = await open({ directories: [a] });
    first.manager.getOrCreateLog(request('t')).appendAsLeader(batch(), 0);
    await first.manager.shutdown();
    for (const name of ['recovery-point-offset-checkpoint', 'replication-offset-checkpoint']) {
      fs.writeFileSync(join(a, name), '0\n7\nnonsense\n');
    }
    const { manager, logger } = await open({ directories: [a] });
    expect(logger.matching(/ERROR .*recovery-point-offset-checkpoint/)).toHaveLength(1);
    expect(logger.matching(/ERROR .*replication-offset-checkpoint/)).toHaveLength(1);
    expect(manager.getLog('t', 0)?.logEndOffset).toBe(1);
    manager.abandon();
  });

  it('names a partition that it cannot open and serves the others', async () => {
    const first = await open({ directories: [a] });
    for (const topic of ['t', 'u']) first.manager.getOrCreateLog(request(topic));
    await first.manager.shutdown();
    fs.writeFileSync(join(a, 't-0', 'partition.metadata'), 'garbage');
    const { manager, logger } = await open({ directories: [a] });
    expect(logger.matching(/ERROR The log in .*t-0 cannot be opened: Malformed partition metadata file/)).toHaveLength(
      1,
    );
    expect(manager.getLog('u', 0)).not.toBeNull();
    expect(() => manager.getOrCreateLog(request('t'))).toThrow(/offline/);
    manager.abandon();
  });

  it('leaves the metadata log and foreign directories alone', async () => {
    fs.mkdirSync(join(a, '__cluster_metadata-0'));
    fs.mkdirSync(join(a, 'lost+found'));
    const { manager, logger } = await open({ directories: [a] });
    expect(manager.logCount).toBe(0);
    expect(logger.matching(/ERROR Found directory .*lost\+found/)).toHaveLength(1);
    manager.abandon();
  });

  it('refuses two directories with the same partition', async () => {
    const first = await open();
    const log = first.manager.getOrCreateLog(request('t'));
    log.appendAsLeader(batch({ records: 1 }), 0);
    await first.manager.shutdown();
    fs.cpSync(log.path, join(log.directory === a ? b : a, 't-0'), { recursive: true });
    await expect(open()).rejects.toThrow(/Duplicate log directories for t-0/);
  });

  it.each(['first', 'second'])(
    'of two directories with the same partition drops the %s, which never held a record',
    async (empty) => {
      const first = await open();
      const log = first.manager.getOrCreateLog(request('t'));
      log.appendAsLeader(batch({ records: 3 }), 0);
      await first.manager.shutdown();
      const [kept, dropped] = empty === 'first' ? [b, a] : [a, b];
      if (log.directory !== kept) fs.renameSync(log.path, join(kept, 't-0'));
      fs.mkdirSync(join(dropped, 't-0'));
      if (empty === 'first')
        fs.copyFileSync(join(kept, 't-0', 'partition.metadata'), join(dropped, 't-0', 'partition.metadata'));
      const { manager } = await open();
      expect(manager.getLog('t', 0)).toMatchObject({ directory: kept, logEndOffset: 3 });
      expect(fs.existsSync(join(dropped, 't-0'))).toBe(false);
      manager.abandon();
    },
  );

  it('goes on where a disk refused the beginning of a log', async () => {
    const { manager } = await open();
    fs.mkdirSync(join(b, 't-0'));
    for (let i = 1; i < 4; i++) manager.getOrCreateLog(request('other', i));
    expect(manager.getOrCreateLog(request('t')).directory).toBe(b);
    manager.abandon();
  });

  it('keeps what a topic was, across runs and two directories', async () => {
    const first = await open();
    for (let i = 0; i < 6; i++)
      first.manager.getOrCreateLog(request('t', i)).appendAsLeader(batch({ records: i + 1 }), 0);
    await first.manager.shutdown();
    const second = await open();
    for (let i = 0; i < 6; i++) {
      const log = second.manager.getOrCreateLog(request('t', i));
      expect(readAll(log)[0]?.recordCount).toBe(i + 1);
    }
    second.manager.abandon();
  });
});

/** Waits for work that goes through the thread pool. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((go) => setImmediate(go));
}
