import { describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { controlBatch, leaderChangeRecord, readControlBatch } from '../../src/raft/control-records.ts';
import type { BeginAsk, NodeAddress, RaftAnswer, RaftAsk, VoteAsk } from '../../src/raft/messages.ts';
import { NotLeaderError } from '../../src/raft/raft-client.ts';
import { RaftNode } from '../../src/raft/raft-node.ts';
import type { RaftNodeOptions } from '../../src/raft/raft-options.ts';
import { snapshotBytes } from '../../src/raft/snapshot-files.ts';
import { SUPPORTED_KRAFT_VERSION, staticVoter, type Voter } from '../../src/raft/voters.ts';
import { ManualTime } from '../support/manual-time.ts';
import { MemoryFiles, MemoryRaftLog, settle, TraceListener } from './support.ts';

const DIRECTORY = '/meta/__cluster_metadata-0';
const DIRECTORY_ID = 'JEXY6aqzQY-32P5TStzaFg';
const ENDPOINT = { name: 'CONTROLLER', host: 'localhost', port: 9093 };

interface World {
  readonly node: RaftNode;
  readonly log: MemoryRaftLog;
  readonly files: MemoryFiles;
  readonly time: ManualTime;
  readonly fatal: unknown[];
}

function makeNode(from: Partial<World> & { readonly options?: Partial<RaftNodeOptions> } = {}): World {
  const log = from.log ?? new MemoryRaftLog();
  const files = from.files ?? new MemoryFiles();
  const time = from.time ?? new ManualTime();
  const fatal: unknown[] = [];
  const node = new RaftNode({
    nodeId: 1,
    directoryId: DIRECTORY_ID,
    clusterId: 'c',
    log,
    directory: DIRECTORY,
    staticVoters: [staticVoter(1, ENDPOINT)],
    localEndpoints: [ENDPOINT],
    retentionBytes: -1,
    retentionMs: -1,
    files: files.asFiles(),
    clock: time,
    timers: time,
    logger: SILENT_LOGGER,
    onFatal: (cause) => fatal.push(cause),
    ...from.options,
  });
  return { node, log, files, time, fatal };
}

const values = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

function dynamicFiles(port = 9093): MemoryFiles {
  const voters: Voter[] = [
    { id: 1, directoryId: DIRECTORY_ID, endpoints: [{ ...ENDPOINT, port }], kraftVersion: SUPPORTED_KRAFT_VERSION },
  ];
  const head = { lastContainedLogTimestampMs: 5, kraftVersion: 1, voters, nowMs: 5, epoch: 0 };
  const files = new MemoryFiles();
  files.content.set(`${DIRECTORY}/00000000000000000000-0000000000.checkpoint`, snapshotBytes(head, []));
  return files;
}

describe('a quorum of one', () => {
  it('leads at once, in a new epoch that is durable first', async () => {
    const { node, files, log } = makeNode();
    node.start();
    expect(node.leaderAndEpoch()).toEqual({ leaderId: 1, epoch: 1 });
    expect(files.readFileSync(`${DIRECTORY}/quorum-state`).toString()).toBe(
      '{"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}',
    );
    expect(readControlBatch(log.batches[0] as Buffer, 0)).toEqual({ leaderId: 1 });
    await settle();
    expect(node.highWatermark()).toBe(1);
  });

  it('raises the epoch at every start, also when quorum-state is lost', async () => {
    const first = makeNode();
    first.node.start();
    await first.node.close();
    const second = makeNode(first);
    second.node.start();
    expect(second.node.leaderAndEpoch().epoch).toBe(2);
    await second.node.close();
    second.files.content.delete(`${DIRECTORY}/quorum-state`);
    const third = makeNode(second);
    third.node.start();
    expect(third.node.leaderAndEpoch().epoch).toBe(3);
  });

  it('commits only what is synced, and tells listeners in order', async () => {
    const { node, log } = makeNode();
    const trace = new TraceListener();
    node.start();
    node.register(trace);
    await settle();
    log.holdSync = true;
    expect(node.scheduleAppend(1, values('a', 'b'))).toBe(2);
    expect(node.scheduleAppend(1, values('c'))).toBe(3);
    await settle();
    expect(node.highWatermark()).toBe(1);
    expect(trace.lines).toEqual(['commit 0-0 e1 []', 'leader 1 e1']);
    log.holdSync = false;
    log.releaseSync();
    await settle();
    expect(trace.lines.slice(2)).toEqual(['commit 1-3 e1 [a b c]']);
    expect(node.highWatermark()).toBe(4);
  });

  it('shares one sync among all that was appended meanwhile', async () => {
    const { node, log } = makeNode();
    node.start();
    await settle();
    log.holdSync = true;
    const before = log.syncs;
    for (const text of ['a', 'b', 'c', 'd']) {
      node.scheduleAppend(1, values(text));
      await settle();
    }
    expect(log.syncs).toBe(before + 1);
    log.releaseSync();
    await settle();
    expect(log.syncs).toBe(before + 2);
    log.holdSync = false;
    log.releaseSync();
    await settle();
    expect(node.highWatermark()).toBe(5);
  });

  it('brings a late listener up to date and hands a leader change only behind its log', async () => {
    const { node } = makeNode();
    node.start();
    node.scheduleAppend(1, values('a'));
    await settle();
    const trace = new TraceListener();
    node.register(trace);
    expect(trace.lines).toEqual(['commit 0-0 e1 []', 'commit 1-1 e1 [a]', 'leader 1 e1']);
  });

  it('refuses appends of other epochs', () => {
    const { node } = makeNode();
    expect(() => node.scheduleAppend(0, values('a'))).toThrow(NotLeaderError);
    node.start();
    expect(() => node.scheduleAppend(2, values('a'))).toThrow(NotLeaderError);
  });

  it('resigns and leads again in the next epoch with everything that was appended', async () => {
    const { node, time } = makeNode();
    const trace = new TraceListener();
    node.start();
    node.register(trace);
    node.scheduleAppend(1, values('a'));
    await settle();
    node.resign(1);
    expect(node.leaderAndEpoch()).toEqual({ leaderId: -1, epoch: 1 });
    time.advance(2_000);
    await settle();
    expect(trace.lines.slice(-3)).toEqual(['leader -1 e1', 'commit 2-2 e2 []', 'leader 1 e2']);
  });

  it.each(['failAppend', 'failSync'] as const)('stops the node when the log fails (%s)', async (how) => {
    const { node, log, fatal } = makeNode();
    node.start();
    await settle();
    log[how] = new Error('EIO');
    node.scheduleAppend(1, values('a'));
    await settle();
    expect(fatal).toEqual([new Error('EIO')]);
    expect(node.highWatermark()).toBe(1);
    expect(() => node.scheduleAppend(1, values('b'))).toThrow(NotLeaderError);
  });
});

describe('a dynamic quorum', () => {
  it('writes version and voters beside the first leader change, and quorum-state in version 1', async () => {
    const { node, log, files } = makeNode({ files: dynamicFiles(), options: { staticVoters: null } });
    node.start();
    const control = readControlBatch(log.batches[0] as Buffer, 0);
    expect(control.kraftVersion).toBe(1);
    expect(control.voters?.[0]?.directoryId).toBe(DIRECTORY_ID);
    expect(node.kraftVersion()).toBe(1);
    expect(files.readFileSync(`${DIRECTORY}/quorum-state`).toString()).toBe(
      '{"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}',
    );
  });

  it('writes its voters anew when its listener has moved', async () => {
    const first = makeNode({ files: dynamicFiles(9093), options: { staticVoters: null } });
    first.node.start();
    await first.node.close();
    const moved = { ...ENDPOINT, port: 9999 };
    const second = makeNode({ ...first, options: { staticVoters: null, localEndpoints: [moved] } });
    second.node.start();
    const control = readControlBatch(second.log.batches.at(-1) as Buffer, 0);
    expect(control.kraftVersion).toBeUndefined();
    expect(control.voters?.[0]?.endpoints).toEqual([moved]);
  });

  it('has no leader when the voter is another directory', () => {
    const { node } = makeNode({
      files: dynamicFiles(),
      options: { staticVoters: null, directoryId: 'KEXY6aqzQY-32P5TStzaFg' },
    });
    node.start();
    expect(node.leaderAndEpoch().leaderId).toBe(-1);
  });

  it('moves a static quorum over and remembers it', async () => {
    const first = makeNode();
    first.node.start();
    await settle();
    expect(first.node.upgradeKraftVersion(1, 1)).toBe(2);
    expect(first.node.scheduleAppend(1, values('a'))).toBe(3);
    await settle();
    expect(first.node.describeQuorum()?.voters[0]?.directoryId).toBe(DIRECTORY_ID);
    await first.node.close();
    const second = makeNode(first);
    second.node.start();
    expect(second.node.kraftVersion()).toBe(1);
    expect(second.files.readFileSync(`${DIRECTORY}/quorum-state`).toString()).toContain('"data_version":1');
  });
});

describe('snapshots', () => {
  it('are made of committed state only, and once', async () => {
    const { node } = makeNode();
    node.start();
    node.scheduleAppend(1, values('a'));
    expect(await node.createSnapshot({ endOffset: 2, epoch: 1 }, 7, values('A'))).toBe(false);
    await settle();
    expect(await node.createSnapshot({ endOffset: 2, epoch: 1 }, 7, values('A'))).toBe(true);
    expect(await node.createSnapshot({ endOffset: 2, epoch: 1 }, 7, values('A'))).toBe(false);
    expect(node.latestSnapshotId()).toEqual({ endOffset: 2, epoch: 1 });
  });

  it('come before the log to a listener that begins', async () => {
    const first = makeNode();
    first.node.start();
    first.node.scheduleAppend(1, values('a'));
    await settle();
    await first.node.createSnapshot({ endOffset: 2, epoch: 1 }, 7, values('A'));
    first.node.scheduleAppend(1, values('b'));
    await first.node.close();
    const second = makeNode(first);
    const trace = new TraceListener();
    second.node.register(trace);
    second.node.start();
    await settle();
    expect(trace.lines).toEqual(['snapshot 2-1 [A]', 'commit 2-2 e1 [b]', 'commit 3-3 e2 []', 'leader 1 e2']);
  });

  it('replace a log that they have overtaken', async () => {
    const first = makeNode();
    first.node.start();
    first.node.scheduleAppend(1, values('a'));
    await settle();
    await first.node.createSnapshot({ endOffset: 2, epoch: 1 }, 7, values('A'));
    const second = makeNode({ files: first.files });
    const trace = new TraceListener();
    second.node.start();
    second.node.register(trace);
    await settle();
    expect(second.log.startOffset()).toBe(2);
    expect(trace.lines).toEqual(['snapshot 2-1 [A]', 'commit 2-2 e2 []', 'leader 1 e2']);
  });

  it('cut the log once a newer one exists and the bytes are too many', async () => {
    const { node, log, files, time } = makeNode({ options: { retentionBytes: 0 } });
    node.start();
    for (const text of ['a', 'b']) {
      node.scheduleAppend(1, values(text));
      await settle();
      await node.createSnapshot({ endOffset: log.endOffset(), epoch: 1 }, time.nowMs(), values(text));
    }
    time.advance(60_000);
    expect(log.startOffset()).toBe(3);
    expect(files.listSync(DIRECTORY).filter((name) => name.endsWith('.checkpoint'))).toEqual([
      '00000000000000000003-0000000001.checkpoint',
    ]);
    time.advance(60_000);
    expect(files.listSync(DIRECTORY).some((name) => name.endsWith('.deleted'))).toBe(false);
  });

  it('are refused when damaged, by name', async () => {
    const first = makeNode();
    first.node.start();
    first.node.scheduleAppend(1, values('a'));
    await settle();
    await first.node.createSnapshot({ endOffset: 2, epoch: 1 }, 7, values('A'));
    const name = `${DIRECTORY}/00000000000000000002-0000000001.checkpoint`;
    const bytes = Buffer.from(first.files.readFileSync(name));
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] as number) ^ 1;
    first.files.content.set(name, bytes);
    expect(() => makeNode(first).node.start()).toThrow(/00000000000000000002-0000000001\.checkpoint is damaged/);
  });

  it('leave no half-written file behind a restart', () => {
    const files = new MemoryFiles();
    files.content.set(`${DIRECTORY}/00000000000000000002-0000000001.checkpoint.part`, Buffer.from('x'));
    makeNode({ files }).node.start();
    expect(files.listSync(DIRECTORY)).toEqual(['quorum-state']);
  });
});

describe('a voter among others', () => {
  const voters = [1, 2, 3].map((id) => staticVoter(id, ENDPOINT));
  const vote = (candidate: number, epoch: number): VoteAsk => ({
    kind: 'vote',
    clusterId: 'c',
    voter: { id: 1, directoryId: ZERO_UUID },
    epoch,
    candidate: { id: candidate, directoryId: DIRECTORY_ID },
    lastEpoch: 0,
    endOffset: 0,
    preVote: false,
  });

  it('has its vote on the disk before it is told, and keeps to it after a restart', () => {
    const first = makeNode({ options: { staticVoters: voters } });
    first.node.start();
    expect(first.node.handle(vote(2, 1))).toMatchObject({ granted: true });
    expect(first.files.readFileSync(`${DIRECTORY}/quorum-state`).toString()).toContain('"leaderEpoch":1,"votedId":2');
    const second = makeNode({ ...first, options: { staticVoters: voters } });
    second.node.start();
    expect(second.node.handle(vote(3, 1))).toMatchObject({ granted: false, epoch: 1 });
    expect(second.node.handle(vote(2, 1))).toMatchObject({ granted: true });
  });

  it('loads its snapshot also while a new leader does not know yet how much of it is committed', async () => {
    const head = { lastContainedLogTimestampMs: 5, kraftVersion: 0, voters: [], nowMs: 5, epoch: 1 };
    const files = new MemoryFiles();
    files.content.set(`${DIRECTORY}/00000000000000000003-0000000001.checkpoint`, snapshotBytes(head, values('A')));
    const log = new MemoryRaftLog();
    log.truncateFully({ endOffset: 1, epoch: 1 });
    for (const baseOffset of [1, 2, 3, 4]) {
      log.append(controlBatch([leaderChangeRecord(2, [1, 2, 3], [2])], { baseOffset, epoch: 1, nowMs: 0 }));
    }
    log.read = (offset) => {
      if (offset < log.startOffset()) throw new Error('there is nothing before the start of the log');
      return MemoryRaftLog.prototype.read.call(log, offset);
    };
    const fetched = {
      highWatermark: 2,
      logStartOffset: 0,
      diverging: null,
      snapshotId: null,
      records: Buffer.alloc(0),
    };
    const answer = { errorCode: 0, errorMessage: null, leaderId: 2, epoch: 2, nodes: [], fetched };
    let answers = 0;
    const transport = {
      start: () => {},
      send: () => (answers++ < 3 ? Promise.resolve(answer) : new Promise<RaftAnswer>(() => {})),
      kraftVersionsOf: () => Promise.resolve(null),
      close: () => {},
    };
    const { node, fatal } = makeNode({ log, files, options: { staticVoters: voters, transport } });
    const trace = new TraceListener();
    node.start();
    node.register(trace);
    await settle();
    expect(fatal).toEqual([]);
    expect(node.highWatermark()).toBe(2);
    expect(trace.lines).toContain('snapshot 3-1 [A]');
  });

  it.each([
    ['is damaged', 2, true],
    ['is of a later epoch than the leader', 3, false],
  ])('takes what comes before a batch that %s, and asks again', async (_how, epoch, isDamaged) => {
    const make = (baseOffset: number, ofEpoch: number) =>
      controlBatch([leaderChangeRecord(2, [1, 2, 3], [2])], { baseOffset, epoch: ofEpoch, nowMs: 0 });
    const odd = Buffer.from(make(1, epoch));
    if (isDamaged) odd[odd.length - 1] = (odd[odd.length - 1] as number) ^ 1;
    const answerWith = (...batches: Uint8Array[]): RaftAnswer => {
      const place = { highWatermark: -1, logStartOffset: 0, diverging: null, snapshotId: null };
      const fetched = { ...place, records: Buffer.concat(batches) };
      return { errorCode: 0, errorMessage: null, leaderId: 2, epoch: 2, nodes: [], fetched };
    };
    const answers = [answerWith(), answerWith(make(0, 2), odd), answerWith(make(1, 2))];
    const transport = {
      start: () => {},
      send: (_to: NodeAddress, ask: RaftAsk) => {
        const next = ask.kind === 'fetch' ? answers.shift() : undefined;
        return next === undefined ? new Promise<RaftAnswer>(() => {}) : Promise.resolve(next);
      },
      kraftVersionsOf: () => Promise.resolve(null),
      close: () => {},
    };
    const { node, log, fatal, time } = makeNode({ options: { staticVoters: voters, transport } });
    node.start();
    await settle();
    expect(fatal).toEqual([]);
    expect(log.endOffset()).toBe(1);
    time.advance(20);
    await settle();
    expect([log.endOffset(), log.lastEpoch()]).toEqual([2, 2]);
  });

  it('learns where a leader is from that leader alone', async () => {
    const asked: string[] = [];
    const transport = {
      start: () => {},
      send: (to: NodeAddress, ask: RaftAsk) => {
        asked.push(`${ask.kind} ${to.host}`);
        return new Promise<RaftAnswer>(() => {});
      },
      kraftVersionsOf: () => Promise.resolve(null),
      close: () => {},
    };
    const { node } = makeNode({ options: { staticVoters: voters, transport } });
    node.start();
    const begin: BeginAsk = {
      kind: 'begin',
      clusterId: 'c',
      voter: { id: 1, directoryId: ZERO_UUID },
      leaderId: 2,
      epoch: 4,
      endpoints: [{ ...ENDPOINT, host: 'there' }],
    };
    const endpoints = [{ ...ENDPOINT, host: 'elsewhere' }];
    expect(node.handle({ ...begin, clusterId: 'another', endpoints })).toMatchObject({
      errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID,
    });
    expect(node.handle(begin)).toMatchObject({ errorCode: ErrorCode.NONE });
    expect(node.handle({ ...begin, clusterId: 'another', endpoints })).toMatchObject({
      errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID,
    });
    expect(node.handle({ ...begin, epoch: 3, endpoints })).toMatchObject({ errorCode: ErrorCode.FENCED_LEADER_EPOCH });
    await settle();
    expect(asked.at(-1)).toBe('fetch there');
    expect(node.leaderAddress()).toMatchObject({ host: 'there' });
  });

  it('stops when its vote cannot be written, and does not answer with it', () => {
    const { node, files, fatal } = makeNode({ options: { staticVoters: voters } });
    node.start();
    files.replaceFileSync = () => {
      throw new Error('EIO');
    };
    expect(node.handle(vote(2, 1))).toMatchObject({ errorCode: ErrorCode.BROKER_NOT_AVAILABLE });
    expect(fatal).toEqual([new Error('EIO')]);
  });
});
