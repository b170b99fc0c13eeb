import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadQuorumLog } from '../../src/raft/quorum-log.ts';
import type { SnapshotId } from '../../src/raft/raft-client.ts';
import { SnapshotFiles, snapshotBatches } from '../../src/raft/snapshot-files.ts';
import { MetadataLog } from '../../src/server/metadata-log.ts';
import { FaultyFiles } from '../storage/faulty-files.ts';
import { batch, removeDirectory, temporaryDirectory, testContext } from '../storage/support.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

const context = testContext();
const settings = () => ({ directory, segmentBytes: 300, segmentMs: 1_000_000 });

function openSnapshots(): SnapshotFiles {
  const snapshots = new SnapshotFiles(context.files, context.timers, `${directory}/__cluster_metadata-0`);
  snapshots.open();
  return snapshots;
}

it('a log that was cut at a snapshot within a segment is opened again', async () => {
  const log = MetadataLog.open(context, settings());
  for (let offset = 0; offset < 20; offset++) log.append(batch({ baseOffset: offset, partitionLeaderEpoch: 1 }));
  const snapshots = openSnapshots();
  const snapshot = { endOffset: 13, epoch: 1 };
  const head = { lastContainedLogTimestampMs: 1, kraftVersion: 0, voters: [], nowMs: 1, epoch: 1 };
  await snapshots.write(snapshot, snapshotBatches(head, []));
  log.deleteBefore(snapshot);
  expect(log.startOffset()).toBe(13);
  await log.close();

  // No checkpoint tells where the log began: it begins with its first segment again.
  const again = MetadataLog.open(context, settings());
  expect(again.startOffset()).toBeGreaterThan(0);
  expect(again.startOffset()).toBeLessThan(13);
  expect(loadQuorumLog(again, openSnapshots(), []).latest).toMatchObject({ kraftVersion: 0, voters: [] });
  expect([again.startOffset(), again.endOffset()]).toEqual([again.startOffset(), 20]);
  await again.close();
});

describe('a segment whose end a power cut took, while the next one stayed', () => {
  const torn = '00000000000000000003.log';
  const write = async (snapshot: SnapshotId | null) => {
    const log = MetadataLog.open(context, { ...settings(), segmentBytes: 3 * batch().length });
    for (let offset = 0; offset < 12; offset++) log.append(batch({ baseOffset: offset, partitionLeaderEpoch: 1 }));
    const snapshots = openSnapshots();
    const head = { lastContainedLogTimestampMs: 1, kraftVersion: 0, voters: [], nowMs: 1, epoch: 1 };
    if (snapshot !== null) await snapshots.write(snapshot, snapshotBatches(head, []));
    await log.close();
    fs.truncateSync(`${directory}/__cluster_metadata-0/${torn}`, batch().length);
  };
  const reopen = () => {
    const log = MetadataLog.open(context, settings());
    loadQuorumLog(log, openSnapshots(), []);
    return log;
  };

  it('ends the log there: a voter must not say that it has what is missing', async () => {
    await write(null);
    const log = reopen();
    expect([log.startOffset(), log.endOffset()]).toEqual([0, 4]);
    log.append(batch({ baseOffset: 4, partitionLeaderEpoch: 2 }));
    await log.close();
  });

  it('goes where a snapshot has what is missing, and what comes behind it stays', async () => {
    await write({ endOffset: 8, epoch: 1 });
    const log = reopen();
    expect([log.startOffset(), log.endOffset()]).toEqual([6, 12]);
    await log.close();
  });

  it('ends the log where the snapshot has only a part of it', async () => {
    await write({ endOffset: 5, epoch: 1 });
    const log = reopen();
    expect([log.startOffset(), log.endOffset(), log.lastEpoch()]).toEqual([5, 5, 1]);
    await log.close();
  });
});

it('a log that goes on behind a snapshot knows the epoch before its start, also when it is opened again', async () => {
  const log = MetadataLog.open(context, settings());
  const snapshots = openSnapshots();
  const snapshot = { endOffset: 200, epoch: 5 };
  const head = { lastContainedLogTimestampMs: 1, kraftVersion: 0, voters: [], nowMs: 1, epoch: 5 };
  await snapshots.write(snapshot, snapshotBatches(head, []));
  log.truncateFully(snapshot);
  log.append(batch({ baseOffset: 200, partitionLeaderEpoch: 7 }));
  await log.close();

  const again = MetadataLog.open(context, settings());
  loadQuorumLog(again, openSnapshots(), []);
  expect([again.startOffset(), again.endOffset(), again.lastEpoch()]).toEqual([200, 201, 7]);
  again.truncateTo(200);
  expect([again.startOffset(), again.endOffset(), again.lastEpoch()]).toEqual([200, 200, 5]);
  await again.close();
});

it('what waits for space on a full disk is part of the log, for whoever compares epochs with it', () => {
  const files = new FaultyFiles();
  const log = MetadataLog.open(testContext({ files }), { ...settings(), segmentBytes: 1_000_000 });
  log.append(batch({ baseOffset: 0, partitionLeaderEpoch: 1 }));
  log.append(batch({ baseOffset: 1, partitionLeaderEpoch: 3 }));
  files.failWith({ operation: 'write', path: /\.log$/, code: 'ENOSPC' });
  log.append(batch({ baseOffset: 2, partitionLeaderEpoch: 3 }));
  log.append(batch({ baseOffset: 3, partitionLeaderEpoch: 5 }));
  expect([log.endOffset(), log.lastEpoch()]).toEqual([4, 5]);
  expect([1, 2, 3, 4, 5, 6].map((epoch) => log.endOffsetForEpoch(epoch))).toEqual([
    { offset: 1, epoch: 1 },
    { offset: 1, epoch: 1 },
    { offset: 3, epoch: 3 },
    { offset: 3, epoch: 3 },
    { offset: 4, epoch: 5 },
    { offset: 4, epoch: 5 },
  ]);
});
