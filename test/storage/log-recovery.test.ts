import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordBatch } from '../../src/protocol/batch.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { encodeEpochCheckpoint } from '../../src/storage/checkpoint-file.ts';
import { FaultyFiles } from './faulty-files.ts';
import {
  batch,
  logConfig,
  openLog,
  readAll,
  removeDirectory,
  SeededRandom,
  temporaryDirectory,
  testContext,
} from './support.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

const file = (name: string) => join(directory, 't-0', name);
const FIRST = '00000000000000000000';
const one = batch().length;

function write(batches: number, config = logConfig()): void {
  const log = openLog(testContext(), directory, { config });
  for (let i = 0; i < batches; i++) log.appendAsLeader(batch({ timestamp: 1000 + i }), 1 + (i >> 2));
  log.abandon();
}

function overwrite(name: string, position: number, bytes: Uint8Array): void {
  const fd = fs.openSync(file(name), 'r+');
  fs.writeSync(fd, bytes, 0, bytes.length, position);
  fs.closeSync(fd);
}

describe('recovery after an unclean stop', () => {
  it('keeps everything that reached the file, and rebuilds indexes and epochs', () => {
    const config = logConfig({ indexIntervalBytes: 200 });
    write(20, config);
    const context = testContext();
    const log = openLog(context, directory, { clean: false, config });
    expect(log.logEndOffset).toBe(20);
    expect(log.leaderEpochCache.entries).toEqual([1, 2, 3, 4, 5].map((epoch, i) => ({ epoch, startOffset: i * 4 })));
    expect(log.segments[0]?.offsetIndex.entries).toBeGreaterThan(3);
    expect(log.offsetForTimestamp(1015)).toEqual({ timestamp: 1015, offset: 15 });
    expect(context.logger.matching(/WARN|ERROR/)).toEqual([]);
    log.abandon();
  });

  it('believes the records where the file of epochs is older than a truncation', async () => {
    const log = openLog(testContext(), directory);
    const follow = (epoch: number, baseOffset: number) => {
      const bytes = batch({ baseOffset, partitionLeaderEpoch: epoch });
      log.appendAsFollower(bytes);
    };
    follow(4, 0);
    // It led in epoch 6, which nobody else has heard of; the next leader has records of epoch 5.
    log.appendAsLeader(batch(), 6);
    await log.writeEpochs();
    log.truncateTo(1);
    for (const [epoch, offset] of [
      [5, 1],
      [5, 2],
      [7, 3],
    ] as const)
      follow(epoch, offset);
    const { entries } = log.leaderEpochCache;
    log.abandon();
    const again = openLog(testContext(), directory, { clean: false });
    expect(again.leaderEpochCache.entries).toEqual(entries);
    expect(entries.map(({ epoch }) => epoch)).toEqual([4, 5, 7]);
    again.abandon();
  });

  it('believes the epochs of the records, not a file that names a later one for them', () => {
    write(20);
    fs.writeFileSync(
      file('leader-epoch-checkpoint'),
      encodeEpochCheckpoint([
        { epoch: 1, startOffset: 0 },
        { epoch: 9, startOffset: 6 },
      ]),
    );
    const log = openLog(testContext(), directory, { clean: false });
    expect(log.leaderEpochCache.entries).toEqual([1, 2, 3, 4, 5].map((epoch, i) => ({ epoch, startOffset: i * 4 })));
    log.abandon();
  });

  it('cuts a torn batch at the end and goes on behind the last whole one', () => {
    write(5);
    fs.appendFileSync(file(`${FIRST}.log`), batch({ baseOffset: 5 }).subarray(0, 70));
    const context = testContext();
    const log = openLog(context, directory, { clean: false });
    expect(log.logEndOffset).toBe(5);
    expect(fs.statSync(file(`${FIRST}.log`)).size).toBe(5 * one);
    expect(context.logger.matching(/incomplete batch at position/)).toHaveLength(1);
    expect(log.appendAsLeader(batch(), 9).baseOffset).toBe(5);
    log.abandon();
  });

  it('leaves no gap when it is cut short itself: later segments go before the torn end is cut', () => {
    const config = logConfig({ segmentBytes: 3 * one });
    write(5, config);
    fs.appendFileSync(file(`${FIRST}.log`), Buffer.alloc(70));
    const files = new FaultyFiles();
    files.failWith({ operation: 'truncate', path: /0\.log$/, code: 'EIO' });
    expect(() => openLog(testContext({ files }), directory, { clean: false, config })).toThrow(/EIO/);
    const log = openLog(testContext(), directory, { clean: false, config });
    expect(readAll(log).map((found) => found.baseOffset)).toEqual([0, 1, 2]);
    log.abandon();
  });

  it('truncates a segment whose index was not written to its end', () => {
    const config = logConfig({ segmentBytes: 6 * one, indexIntervalBytes: 1 });
    write(9, config);
    fs.appendFileSync(file(`${FIRST}.timeindex`), Buffer.alloc(7));
    const log = openLog(testContext(), directory, { clean: false, config, recoveryPoint: 6 });
    expect(log.truncateTo(4)).toBe(true);
    expect(readAll(log).map((found) => found.baseOffset)).toEqual([0, 1, 2, 3]);
    log.abandon();
  });

  it('drops the segment behind a torn end together with its producer snapshot', () => {
    const config = logConfig({ segmentBytes: 3 * one });
    const log = openLog(testContext(), directory, { config });
    for (let i = 0; i < 4; i++) log.appendAsLeader(batch({ producerId: 7, producerEpoch: 0, baseSequence: i }), 1);
    log.abandon();
    expect(fs.existsSync(file('00000000000000000003.snapshot'))).toBe(true);
    fs.appendFileSync(file(`${FIRST}.log`), Buffer.alloc(70));
    const again = openLog(testContext(), directory, { clean: false, config });
    expect(again.logEndOffset).toBe(3);
    expect(again.producers.get(7)?.batches).toHaveLength(3);
    again.abandon();
  });

  it('cuts at a batch with a wrong checksum and keeps the whole ones behind it aside', () => {
    write(6);
    overwrite(`${FIRST}.log`, 3 * one + 65, Buffer.from('damage'));
    const recovered = `${directory}.recovered`;
    const context = testContext({ recovered });
    const log = openLog(context, directory, { clean: false });
    expect(log.logEndOffset).toBe(3);
    const [aside] = fs.readdirSync(recovered);
    const saved = fs.readFileSync(join(recovered, aside as string, '00000000000000000004.log'));
    expect(RecordBatch.all(saved).map((b) => b.baseOffset)).toEqual([4, 5]);
    expect(context.logger.matching(/ERROR Recovery dropped 2 whole batches and 0 later segments of t-0/)).toHaveLength(
      1,
    );
    removeDirectory(recovered);
    log.abandon();
  });

  it('reads batches that are larger than its buffers', () => {
    const sizes = [30, 9000, 300_000, 30, 1_000_000, 100];
    const config = logConfig({ maxMessageBytes: 2_000_000 });
    let log = openLog(testContext(), directory, { config });
    for (const valueBytes of sizes) log.appendAsLeader(batch({ valueBytes }), 0);
    log.abandon();
    log = openLog(testContext(), directory, { clean: false, config });
    expect(readAll(log, 0, 1000).map((b) => b.sizeInBytes > 61)).toEqual(sizes.map(() => true));
    expect(log.logEndOffset).toBe(6);
    expect(log.offsetForTimestamp(1_700_000_000_000)?.offset).toBe(0);
    log.abandon();
  });

  it('drops the segments behind a bad one', () => {
    write(6, logConfig({ segmentBytes: 2 * one }));
    overwrite('00000000000000000002.log', one, new Uint8Array(one));
    const log = openLog(testContext(), directory, { clean: false });
    expect(log.segments.map((s) => s.baseOffset)).toEqual([0, 2]);
    expect(log.logEndOffset).toBe(3);
    expect(fs.readdirSync(log.path).filter((n) => n.startsWith('00000000000000000004'))).toEqual([]);
    log.abandon();
  });

  describe('where a power cut took the end of a segment and left the next one', () => {
    const config = logConfig({ segmentBytes: 3 * one });
    const open = (recoveryPoint = 0) => openLog(testContext(), directory, { clean: false, config, recoveryPoint });
    beforeEach(() => {
      write(8, config);
      fs.truncateSync(file('00000000000000000003.log'), one);
    });

    it('tells where records may be missing, and keeps what there is', () => {
      const log = open();
      expect([log.gapAt, log.logEndOffset]).toEqual([4, 8]);
      expect(readAll(log).map((found) => found.baseOffset)).toEqual([0, 1, 2, 3, 6, 7]);
      log.abandon();
    });

    it('takes nothing behind the gap for durable until somebody has decided', async () => {
      let log = open(5);
      expect(log.recoveryPoint).toBe(4);
      await log.flush();
      expect(log.recoveryPoint).toBe(4);
      log.abandon();
      log = open(log.recoveryPoint);
      expect(log.gapAt).toBe(4);
      log.acceptGaps();
      await log.flush();
      expect([log.gapAt, log.recoveryPoint]).toEqual([null, 8]);
      log.abandon();
    });

    it('ends there where every record is synced before it counts: all else comes again', () => {
      const log = open();
      log.updateConfig({ ...config, flushMessages: 1 });
      log.acceptGaps();
      expect([log.gapAt, log.logEndOffset]).toEqual([null, 4]);
      log.abandon();
    });

    it('keeps what lies behind a gap that is older than the crash: others were told of it', () => {
      const log = open();
      const end = log.logEndOffset;
      log.updateHighWatermark(end);
      log.updateConfig({ ...config, flushMessages: 1 });
      log.acceptGaps();
      expect([log.gapAt, log.logEndOffset]).toEqual([null, end]);
      log.abandon();
    });

    it('keeps all of a topic that Kafka may have compacted', () => {
      const log = open();
      const end = log.logEndOffset;
      log.updateConfig({ ...config, flushMessages: 1, cleanupPolicy: { compact: true, delete: false } });
      log.acceptGaps();
      expect([log.gapAt, log.logEndOffset]).toEqual([null, end]);
      log.abandon();
    });

    it('lets a producer send again what is missing, whatever a snapshot behind it says', () => {
      removeDirectory(join(directory, 't-0'));
      const sent = (i: number) => batch({ producerId: 7, producerEpoch: 0, baseSequence: i });
      const size = sent(0).length;
      const small = logConfig({ segmentBytes: 2 * size });
      let log = openLog(testContext(), directory, { config: small });
      for (let i = 0; i < 5; i++) log.appendAsLeader(sent(i), 1);
      log.abandon();
      fs.truncateSync(file('00000000000000000002.log'), size);
      fs.truncateSync(file('00000000000000000004.log'), 0);
      log = openLog(testContext(), directory, { clean: false, config: small });
      log.acceptGaps();
      expect([log.logEndOffset, log.appendAsLeader(sent(2), 1).duplicate]).toEqual([4, true]);
      expect(log.appendAsLeader(sent(3), 1)).toMatchObject({ duplicate: false, baseOffset: 4 });
      log.abandon();
    });

    it('is whole again once it was cut there, or begins behind it', async () => {
      let log = open();
      log.updateHighWatermark(8);
      log.deleteRecordsBefore(5);
      expect(log.gapAt).toBeNull();
      log.abandon();
      log = open();
      log.truncateTo(4);
      expect([log.gapAt, log.logEndOffset]).toEqual([null, 4]);
      expect(log.appendAsLeader(batch(), 9).baseOffset).toBe(4);
      await log.flush();
      expect(log.recoveryPoint).toBe(5);
      log.abandon();
      log = open();
      expect(readAll(log).map((found) => found.baseOffset)).toEqual([0, 1, 2, 3, 4]);
      log.abandon();
    });
  });

  it('tells that its first segment is missing, unless it was deleted', () => {
    const config = logConfig({ segmentBytes: 3 * one });
    write(8, config);
    fs.rmSync(file(`${FIRST}.log`));
    const open = (more = {}) => openLog(testContext(), directory, { clean: false, config, ...more });
    for (const known of [{ recoveryPoint: 3 }, { logStartOffset: 3 }, { clean: true }, { startsAnywhere: true }]) {
      const log = open(known);
      expect([log.gapAt, log.logStartOffset]).toEqual([null, 3]);
      log.abandon();
    }
    const log = open({ recoveryPoint: 1 });
    expect([log.gapAt, log.logStartOffset, log.logEndOffset, log.recoveryPoint]).toEqual([1, 3, 8, 1]);
    log.truncateTo(1);
    expect([log.gapAt, log.logStartOffset, log.logEndOffset]).toEqual([null, 1, 1]);
    log.abandon();
  });

  it('does not look at segments below the recovery point', () => {
    write(6, logConfig({ segmentBytes: 2 * one }));
    overwrite(`${FIRST}.log`, 65, Buffer.from('damage'));
    const context = testContext();
    const log = openLog(context, directory, { clean: false, recoveryPoint: 4 });
    expect(log.logEndOffset).toBe(6);
    expect(context.logger.matching(/Recovering unflushed segment/)).toHaveLength(1);
    log.abandon();
  });

  it('keeps a batch below the recovery point whose checksum is wrong, and says so', () => {
    write(6);
    overwrite(`${FIRST}.log`, 2 * one + 65, Buffer.from('damage'));
    const context = testContext();
    const log = openLog(context, directory, { clean: false, recoveryPoint: 5 });
    expect(log.logEndOffset).toBe(6);
    expect(context.logger.matching(new RegExp(`ERROR Damage in .*${FIRST}.log.*offsets 2 to 2`))).toHaveLength(1);
    log.abandon();
  });

  it('rebuilds producer state from the log when the snapshot is broken', async () => {
    const context = testContext();
    let log = openLog(context, directory);
    for (let i = 0; i < 3; i++) log.appendAsLeader(batch({ producerId: 4, producerEpoch: 0, baseSequence: i }), 0);
    await log.close();
    fs.writeFileSync(file('00000000000000000003.snapshot'), Buffer.alloc(30, 1));
    log = openLog(context, directory);
    expect(context.logger.matching(/WARN Producer snapshot .*00000000000000000003.snapshot is corrupt/)).toHaveLength(
      1,
    );
    expect(log.appendAsLeader(batch({ producerId: 4, producerEpoch: 0, baseSequence: 1 }), 0).duplicate).toBe(true);
    log.abandon();
  });

  it('reads the zero-padded indexes that an unclean Kafka leaves', async () => {
    const config = logConfig({ segmentBytes: 20 * one, indexIntervalBytes: 200 });
    const context = testContext();
    let log = openLog(context, directory, { config });
    for (let i = 0; i < 50; i++) log.appendAsLeader(batch({ timestamp: 1000 + i }), 0);
    await log.close();
    const before = fs.readFileSync(file(`${FIRST}.index`));
    fs.truncateSync(file(`${FIRST}.index`), 8 * 5000);
    fs.truncateSync(file(`${FIRST}.timeindex`), 12 * 5000);
    log = openLog(context, directory, { config });
    expect(readAll(log).map((b) => b.baseOffset)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(log.offsetForTimestamp(1007)).toEqual({ timestamp: 1007, offset: 7 });
    expect(fs.readFileSync(file(`${FIRST}.index`)).equals(before)).toBe(true);
    log.abandon();
  });
});

describe('damaged files after a clean stop', () => {
  const config = logConfig({ segmentBytes: 20 * one, indexIntervalBytes: 200 });
  const prepare = async () => {
    const log = openLog(testContext(), directory, { config });
    for (let i = 0; i < 50; i++) log.appendAsLeader(batch({ timestamp: 1000 + i }), 3);
    await log.close();
  };
  const LAST = '00000000000000000040';

  for (const name of [`${FIRST}.index`, `${FIRST}.timeindex`, `${LAST}.index`, `${LAST}.timeindex`]) {
    for (const [what, damage] of Object.entries({
      'of a wrong size': (path: string) => fs.appendFileSync(path, 'xyz'),
      'full of garbage': (path: string) => fs.writeFileSync(path, Buffer.alloc(fs.statSync(path).size, 0x5b)),
      missing: (path: string) => fs.rmSync(path),
      empty: (path: string) => fs.truncateSync(path, 0),
    })) {
      it(`reads everything although ${name} is ${what}`, async () => {
        await prepare();
        damage(file(name));
        const context = testContext();
        const log = openLog(context, directory, { config });
        expect(readAll(log).map((b) => b.baseOffset)).toEqual(Array.from({ length: 50 }, (_, i) => i));
        for (let i = 0; i < 50; i++) expect(log.offsetForTimestamp(1000 + i)?.offset).toBe(i);
        expect(log.appendAsLeader(batch({ timestamp: 2000 }), 3).baseOffset).toBe(50);
        if (what !== 'empty') expect(context.logger.matching(/WARN|ERROR/).length).toBeGreaterThan(0);
        log.abandon();
      });
    }
  }

  it('takes epochs from the records when leader-epoch-checkpoint is broken', async () => {
    await prepare();
    fs.writeFileSync(file('leader-epoch-checkpoint'), 'nonsense\n');
    const context = testContext();
    const log = openLog(context, directory, { config });
    expect(context.logger.matching(/ERROR .*leader-epoch-checkpoint/)).toHaveLength(1);
    expect(log.logEndOffset).toBe(50);
    log.abandon();
  });

  it('recovers a log whose end is damaged, loudly', async () => {
    await prepare();
    overwrite(`${LAST}.log`, 9 * one, new Uint8Array(one));
    const context = testContext();
    const log = openLog(context, directory, { config, recoveryPoint: 50 });
    expect(log.logEndOffset).toBe(49);
    expect(context.logger.matching(new RegExp(`ERROR .*${LAST}.log.*below the recovery point`))).toHaveLength(1);
    log.abandon();
  });
});

describe('a disk that fails', () => {
  const open = (files: FaultyFiles, config = logConfig()) => {
    const context = testContext({ files });
    return { context, log: openLog(context, directory, { config }) };
  };
  const codeOf = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return (error as { code: number }).code;
    }
    return 0;
  };

  it('cuts a short write on a full disk back, and goes on when there is space again', () => {
    const files = new FaultyFiles();
    const { context, log } = open(files);
    log.appendAsLeader(batch(), 0);
    files.failWith({ operation: 'write', path: /\.log$/, code: 'ENOSPC', partialBytes: 33, times: 2 });
    for (let i = 0; i < 2; i++) {
      expect(codeOf(() => log.appendAsLeader(batch(), 0))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
      expect(fs.statSync(file(`${FIRST}.log`)).size).toBe(one);
    }
    expect(context.failures).toEqual([]);
    expect(log.appendAsLeader(batch(), 0).baseOffset).toBe(1);
    expect(readAll(log)).toHaveLength(2);
    log.abandon();
  });

  it('deletes what is old on a full disk, but for the segment that it cannot replace', () => {
    const files = new FaultyFiles();
    const context = testContext({ files });
    const log = openLog(context, directory, { config: logConfig({ segmentBytes: 200, retentionMs: 1000 }) });
    for (let i = 0; i < 4; i++) log.appendAsLeader(batch(), 0);
    const segments = log.segments.length;
    expect(segments).toBeGreaterThan(1);
    log.updateHighWatermark(log.logEndOffset);
    context.clock.ms += 100_000;
    files.failWith({ operation: 'write', path: /\.snapshot$/, code: 'ENOSPC', times: 1 });

    expect(log.deleteOldSegments()).toBe(segments - 1);
    expect([log.failure, context.failures, log.segments.length]).toEqual([null, [], 1]);

    expect(log.deleteOldSegments()).toBe(1);
    expect([log.logStartOffset, log.segments[0]?.size]).toEqual([log.logEndOffset, 0]);
    log.appendAsLeader(batch(), 0);
  });

  it('goes on after a full disk has refused a new segment', () => {
    const files = new FaultyFiles();
    const { log } = open(files, logConfig({ segmentBytes: 2 * one }));
    log.appendAsLeader(batch(), 0);
    log.appendAsLeader(batch(), 0);
    files.failWith({ operation: 'write', path: /\.snapshot$/, code: 'ENOSPC', times: 1 });
    files.failWith({ operation: 'open', path: /2\.log$/, code: 'ENOSPC', times: 1 });
    expect(codeOf(() => log.appendAsLeader(batch(), 0))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(codeOf(() => log.appendAsLeader(batch(), 0))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(log.appendAsLeader(batch(), 0).baseOffset).toBe(2);
    expect(readAll(log).map((b) => b.baseOffset)).toEqual([0, 1, 2]);
    log.abandon();
  });

  it('goes offline when a write fails otherwise, or when what was written cannot be cut off', () => {
    for (const faults of [
      [{ operation: 'write', path: /\.log$/, code: 'EIO' }],
      [
        { operation: 'write', path: /\.log$/, code: 'ENOSPC', partialBytes: 9 },
        { operation: 'truncate', path: /\.log$/, code: 'EIO' },
      ],
    ] as const) {
      const files = new FaultyFiles();
      const { context, log } = open(files);
      for (const fault of faults) files.failWith(fault);
      expect(codeOf(() => log.appendAsLeader(batch(), 0))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
      expect(context.failures).toHaveLength(1);
      files.heal();
      expect(codeOf(() => log.appendAsLeader(batch(), 0))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
      log.abandon();
      removeDirectory(join(directory, 't-0'));
    }
  });

  it('never tries a failed fsync again', async () => {
    const files = new FaultyFiles();
    const { context, log } = open(files);
    log.appendAsLeader(batch(), 0);
    files.failWith({ operation: 'sync', path: /\.log$/, code: 'EIO', times: 1 });
    await expect(log.flush()).rejects.toMatchObject({ code: ErrorCode.KAFKA_STORAGE_ERROR });
    expect(context.failures).toHaveLength(1);
    await expect(log.flush()).rejects.toMatchObject({ code: ErrorCode.KAFKA_STORAGE_ERROR });
    expect(log.recoveryPoint).toBe(0);
    expect(codeOf(() => log.appendAsLeader(batch(), 0))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    log.abandon();
  });

  it('goes offline when a read fails', () => {
    const files = new FaultyFiles();
    const { context, log } = open(files);
    log.appendAsLeader(batch(), 0);
    files.failWith({ operation: 'read', path: /\.log$/, code: 'EIO' });
    const read = () => log.read(0, 100, { maxOffset: 1, minOneBatch: true });
    expect(codeOf(read)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(context.failures).toHaveLength(1);
    log.abandon();
  });
});

describe('losing power at random moments', () => {
  it('leaves the topic id of a log that was flushed, also when a kill came before its first flush', async () => {
    const files = new FaultyFiles();
    openLog(testContext({ files }), directory).abandon();
    const log = openLog(testContext({ files }), directory, { clean: false });
    log.appendAsLeader(batch(), 1);
    await log.flush();
    log.abandon();
    files.crash({ int: () => 0, bytes: (size) => new Uint8Array(size) });
    const again = openLog(testContext({ files }), directory, { clean: false, topicId: null });
    expect([again.topicId, again.logEndOffset]).toEqual([log.topicId, 1]);
    again.abandon();
  });

  it('never loses what was flushed, never invents or reorders, and can always be opened again', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = new SeededRandom(seed);
      const files = new FaultyFiles();
      const config = logConfig({ segmentBytes: 1500, indexIntervalBytes: 100 });
      const root = join(directory, String(seed));
      fs.mkdirSync(root);
      let written: string[] = [];
      let recoveryPoint = 0;
      for (let life = 0; life < 4; life++) {
        const context = testContext({ files });
        const log = openLog(context, root, { clean: false, config, recoveryPoint });
        const found = readAll(log).map((b) => textOf(b));
        expect(found.length, `seed ${seed}`).toBeGreaterThanOrEqual(recoveryPoint);
        expect(found, `seed ${seed}`).toEqual(written.slice(0, found.length));
        written = found;
        for (let i = random.int(40); i > 0; i--) {
          const value = `<${seed}-${life}-${random.int(1e9)}-`.padEnd(20 + random.int(200), 'y');
          log.appendAsLeader(batch({ value }), life + 1);
          written.push(value);
          if (random.int(8) === 0) await log.flush();
        }
        recoveryPoint = log.recoveryPoint;
        log.abandon();
        files.crash(random);
      }
    }
  });
});

function textOf(one: RecordBatch): string {
  const bytes = Buffer.from(one.bytes.subarray(one.start, one.end)).toString('latin1');
  return (/<\d+-\d+-\d+-y*/.exec(bytes) as RegExpExecArray)[0];
}
