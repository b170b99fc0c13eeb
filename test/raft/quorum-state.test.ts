import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_ELECTION, parseQuorumState, QuorumStateFile, quorumStateText } from '../../src/raft/quorum-state.ts';
import { nodeFiles } from '../../src/runtime/node-files.ts';
import { MemoryFiles } from './support.ts';

const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA';
const V0 =
  '{"clusterId":"","leaderId":5,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":5}],"data_version":0}';
const V1 = `{"leaderId":1,"leaderEpoch":3,"votedId":2,"votedDirectoryId":"${ZERO}","data_version":1}`;

describe('quorum-state', () => {
  it('is the text that Kafka writes, in both versions', () => {
    expect(quorumStateText({ epoch: 2, leaderId: 5, votedId: -1, votedDirectoryId: ZERO }, 0, [5])).toBe(V0);
    expect(quorumStateText({ epoch: 3, leaderId: 1, votedId: 2, votedDirectoryId: ZERO }, 1, [1])).toBe(V1);
  });

  it('reads both versions', () => {
    expect(parseQuorumState(V0, 'f')).toEqual({ epoch: 2, leaderId: 5, votedId: -1, votedDirectoryId: ZERO });
    expect(parseQuorumState(`${V1}  \0\0`, 'f')).toEqual({ epoch: 3, leaderId: 1, votedId: 2, votedDirectoryId: ZERO });
    expect(parseQuorumState(V1, 'f')).toEqual({ epoch: 3, leaderId: 1, votedId: 2, votedDirectoryId: ZERO });
  });

  it.each(['', '{', '{}', '{"data_version":2}', '{"data_version":0,"leaderEpoch":"x"}'])('refuses %j', (text) => {
    expect(() => parseQuorumState(text, '/d/quorum-state')).toThrow(/\/d\/quorum-state/);
  });

  it('takes no file and an empty file for a voter that never voted', () => {
    const files = new MemoryFiles();
    const file = new QuorumStateFile(files.asFiles(), '/d/quorum-state');
    expect(file.read()).toBe(NO_ELECTION);
    files.content.set('/d/quorum-state', Buffer.alloc(0));
    expect(file.read()).toBe(NO_ELECTION);
  });

  it('is written over in its place on a disk without room for a second file', () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-quorum-state-'));
    const where = path.join(directory, 'quorum-state');
    let isFull = false;
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const files = Object.assign(Object.create(nodeFiles) as typeof nodeFiles, {
      replaceFileSync: (to: string, content: Uint8Array | string) => {
        if (isFull) throw full;
        nodeFiles.replaceFileSync(to, content);
      },
    });
    const file = new QuorumStateFile(files, where);
    const states = [
      { epoch: 3, leaderId: -1, votedId: 2, votedDirectoryId: ZERO },
      { epoch: 3, leaderId: 2, votedId: -1, votedDirectoryId: ZERO },
      { epoch: 1_000, leaderId: -1, votedId: 300, votedDirectoryId: ZERO },
    ];
    file.write({ epoch: 2, leaderId: 300, votedId: -1, votedDirectoryId: ZERO }, 1, []);
    isFull = true;
    for (const state of states) {
      file.write(state, 1, []);
      expect(file.read()).toEqual(state);
    }
    fs.rmSync(where);
    expect(() => file.write(states[0] as (typeof states)[0], 1, [])).toThrow('no space left');
    fs.rmSync(directory, { recursive: true });
  });
});
