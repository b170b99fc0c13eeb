import { expect, it } from 'vitest';
import { Quorum } from '../../src/raft/quorum.ts';
import { DEFAULT_TIMEOUTS } from '../../src/raft/quorum-options.ts';
import { NO_ELECTION } from '../../src/raft/quorum-state.ts';
import { SUPPORTED_KRAFT_VERSION, type Voter } from '../../src/raft/voters.ts';
import { directoryIdOf, endpointOf } from './quorum-world.ts';

function voter(id: number): Voter {
  return {
    id,
    directoryId: directoryIdOf(id),
    endpoints: [endpointOf(id)],
    kraftVersion: SUPPORTED_KRAFT_VERSION,
  };
}

/** Node 1 on the given directory; the voters are nodes 1 to 3 on their own. */
function quorumOn(directoryId: string): Quorum {
  return new Quorum({
    localId: 1,
    localDirectoryId: directoryId,
    clusterId: 'c',
    voters: [voter(1), voter(2), voter(3)],
    wasVoter: () => false,
    canVote: true,
    election: NO_ELECTION,
    log: { endOffset: () => 0, lastEpoch: () => 0 },
    timeouts: DEFAULT_TIMEOUTS,
    random: { bytes: (size) => new Uint8Array(size), int: () => 0 },
    prompt: false,
    endpoints: [],
    nowMs: 0,
  });
}

it('a voter of which the others say that it leads, and which does not know it, tells them that it is over', () => {
  const step = quorumOn(directoryIdOf(1)).discovered(1, 5, 10);
  expect(step.sends.map(({ to, ask }) => `${to} ${ask.kind} e${ask.epoch}`)).toEqual(['2 end e5', '3 end e5']);
});

it('a node that observes speaks for no leader of its id, whose directory is another', () => {
  const quorum = quorumOn(directoryIdOf(9));
  expect(quorum.discovered(1, 5, 10)).toMatchObject({ election: { epoch: 5, leaderId: 1 }, sends: [] });
  expect(quorum.leaderId).toBe(-1);
  expect(quorum.tick(1_009).sends).toEqual([]);
  expect(quorum.tick(1_010)).toMatchObject({ election: { epoch: 6, leaderId: -1 }, sends: [] });
});
