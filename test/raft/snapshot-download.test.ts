import { expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import type { RaftAnswer } from '../../src/raft/messages.ts';
import { downloadSnapshot } from '../../src/raft/snapshot-download.ts';
import { SnapshotFiles, snapshotBytes } from '../../src/raft/snapshot-files.ts';
import { ManualTime } from '../support/manual-time.ts';
import { MemoryFiles } from './support.ts';

type Options = Parameters<typeof downloadSnapshot>[0];

const ID = { endOffset: 200, epoch: 5 };
const FROM = { id: 2, host: 'n', port: 2 };

/** What of the follower a download touches, with a leader that sends the snapshot in one part. */
function download(files: MemoryFiles, isWanted: () => boolean): { snapshots: SnapshotFiles; done: Promise<boolean> } {
  const head = { lastContainedLogTimestampMs: 5, kraftVersion: 0, voters: [], nowMs: 5, epoch: 5 };
  const bytes = snapshotBytes(head, [Buffer.from('a')]);
  const slice = { id: ID, size: bytes.length, position: 0, bytes };
  const answer: RaftAnswer = { errorCode: 0, errorMessage: null, leaderId: 2, epoch: 7, nodes: [], slice };
  const snapshots = new SnapshotFiles(files.asFiles(), new ManualTime(), '/meta');
  const host = {
    snapshots,
    book: { learn: () => {} },
    clusterId: 'c',
    snapshotMaxBytes: 1 << 20,
    logger: SILENT_LOGGER,
    quorum: () => ({ local: { id: 1, directoryId: '' }, epoch: 7, leaderAnswered: () => {} }),
    nowMs: () => 0,
    send: async () => answer,
  } as unknown as Options['host'];
  return { snapshots, done: downloadSnapshot({ id: ID, from: FROM, host, isWanted }) };
}

it('a snapshot gets its name once it is whole', async () => {
  const { snapshots, done } = download(new MemoryFiles(), () => true);
  expect(await done).toBe(true);
  expect(snapshots.ids).toEqual([ID]);
});

it('a snapshot that the next epoch has overtaken while it was synced gets no name: the log does not begin with it', async () => {
  const files = new MemoryFiles();
  let isWanted = true;
  const open = files.openSync.bind(files);
  files.openSync = (path, mode) => {
    const file = open(path, mode);
    file.sync = async () => {
      isWanted = false;
    };
    return file;
  };
  const { snapshots, done } = download(files, () => isWanted);
  expect(await done).toBe(false);
  expect(snapshots.ids).toEqual([]);
});
