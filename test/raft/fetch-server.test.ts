import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { controlBatch, leaderChangeRecord } from '../../src/raft/control-records.ts';
import { FetchServer } from '../../src/raft/fetch-server.ts';
import type { FetchAsk } from '../../src/raft/messages.ts';
import { SnapshotFiles } from '../../src/raft/snapshot-files.ts';
import { ManualTime } from '../support/manual-time.ts';
import { MemoryFiles, MemoryRaftLog } from './support.ts';

describe('a fetch that is held', () => {
  it('fails when the log cannot be read by then, as any other fetch', async () => {
    const time = new ManualTime();
    const log = new MemoryRaftLog();
    const server = new FetchServer({
      clusterId: 'c',
      log,
      snapshots: new SnapshotFiles(new MemoryFiles().asFiles(), time, '/meta'),
      timers: time,
      epoch: () => 1,
      isLeader: () => true,
      highWatermark: () => -1,
      fetched: () => {},
      fetchedSnapshot: () => {},
      answer: (errorCode) => ({ errorCode, errorMessage: null, leaderId: 1, epoch: 1, nodes: [] }),
    });
    const replica = { id: 2, directoryId: 'JEXY6aqzQY-32P5TStzaFg' };
    const place = { epoch: 1, offset: 0, lastEpoch: 0, highWatermark: null };
    const ask: FetchAsk = { kind: 'fetch', clusterId: 'c', replica, ...place, maxBytes: 1, maxWaitMs: 500 };
    const answer = Promise.resolve(server.handle(ask));
    const served = Promise.resolve(server.handle({ ...ask, maxWaitMs: 400 }));
    time.advance(400);
    expect(await served).toMatchObject({ errorCode: ErrorCode.NONE });
    log.append(controlBatch([leaderChangeRecord(1, [1], [1])], { baseOffset: 0, epoch: 1, nowMs: 0 }));
    log.read = () => {
      throw new Error('EIO');
    };
    const failed = expect(answer).rejects.toThrow('EIO');
    time.advance(100);
    await failed;
  });
});
