/** What a node of the quorum is at a time, with what only that role has. */
import type { LeaderState } from './leader-state.ts';
import type { ReplicaKey } from './messages.ts';
import type { VoteTally } from './vote-tally.ts';

/** To one voter, from a leader that gave up. */
export interface Farewell {
  inFlight: boolean;
  nextMs: number;
}

export type RoleState =
  | { readonly role: 'unattached'; electAtMs: number }
  | { readonly role: 'prospective'; readonly tally: VoteTally; readonly untilMs: number }
  | { readonly role: 'candidate'; readonly tally: VoteTally; untilMs: number; isBackingOff: boolean }
  | { readonly role: 'leader'; readonly leader: LeaderState }
  | { readonly role: 'follower'; fetchUntilMs: number; hasFetched: boolean }
  | {
      readonly role: 'resigned';
      readonly farewells: Map<number, Farewell>;
      readonly successors: readonly ReplicaKey[];
      readonly electAtMs: number;
    };
