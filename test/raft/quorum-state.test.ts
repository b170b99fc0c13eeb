import { describe, expect, it } from 'vitest';
import { NO_ELECTION, parseQuorumState, QuorumStateFile, quorumStateText } from '../../src/raft/quorum-state.ts';
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
});
