import { describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { VoterHistory } from '../../src/raft/voter-history.ts';
import { SUPPORTED_KRAFT_VERSION, type Voter } from '../../src/raft/voters.ts';
import { directoryIdOf } from './quorum-world.ts';

function voters(...ids: number[]): Voter[] {
  return ids.map((id) => ({
    id,
    directoryId: directoryIdOf(id),
    endpoints: [],
    kraftVersion: SUPPORTED_KRAFT_VERSION,
  }));
}

const key = (id: number) => ({ id, directoryId: directoryIdOf(id) });

describe('who voted before', () => {
  it('counts until what came after is known to be committed', () => {
    const history = new VoterHistory({ kraftVersion: 1, voters: voters(1, 2) });
    history.take(10, { voters: voters(2) });
    expect([-1, 0, 10].map((end) => history.wasVoter(key(1), end))).toEqual([true, true, true]);
    expect(history.wasVoter(key(1), 11)).toBe(false);
    expect(history.wasVoter(key(2), -1), 'it votes still').toBe(false);
    expect(history.wasVoter(key(3), -1)).toBe(false);
  });

  it('reaches over several changes of which none is known to be committed', () => {
    const history = new VoterHistory({ kraftVersion: 1, voters: voters(1, 2, 3) });
    history.take(10, { voters: voters(2, 3) });
    history.take(20, { voters: voters(2, 3) });
    expect(history.wasVoter(key(1), 10)).toBe(true);
    expect(history.wasVoter(key(1), 11)).toBe(false);
  });

  it('is nobody whose other directory votes now, also where ids alone counted before', () => {
    const history = new VoterHistory({
      kraftVersion: 0,
      voters: voters(1, 2, 3).map((voter) => ({ ...voter, directoryId: ZERO_UUID })),
    });
    history.take(10, { kraftVersion: 1, voters: voters(1, 2, 3) });
    expect(history.wasVoter({ id: 1, directoryId: directoryIdOf(9) }, -1)).toBe(false);
  });
});
