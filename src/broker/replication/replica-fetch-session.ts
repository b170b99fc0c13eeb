/**
 * The follower's half of an incremental fetch session (KIP-227): which partitions the leader has been told of, and what
 * the next request must name. Pure bookkeeping.
 *
 * A request that may not have arrived ends the session: the next one names everything, and the leader drops the old.
 */
import type { Uuid } from '../../base/uuid.ts';

const FIRST_EPOCH = 0;
const MAX_EPOCH = 0x7fff_ffff;

export interface SessionMember {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly id: number;
}

export interface SessionFetch<Member> {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** Everything in a full request, else what is new or has moved. */
  readonly members: readonly Member[];
  readonly forgotten: readonly SessionMember[];
}

export class ReplicaFetchSession<Member extends SessionMember> {
  #sessionId = 0;
  #epoch = FIRST_EPOCH;
  readonly #members = new Map<string, Member>();
  #moved = new Set<Member>();
  /** What the leader knows and is to forget. */
  readonly #forgotten = new Map<string, SessionMember>();

  get size(): number {
    return this.#members.size;
  }

  /** Not to be changed while they are walked. */
  members(): IterableIterator<Member> {
    return this.#members.values();
  }

  /** There is something to ask for that no request has named yet. */
  get hasMoved(): boolean {
    return this.#moved.size > 0;
  }

  find(topicId: Uuid, partition: number): Member | undefined {
    return this.#members.get(`${topicId}:${partition}`);
  }

  /** Joins the session, or has something new to ask for. */
  put(member: Member): void {
    const key = keyOf(member);
    this.#members.set(key, member);
    // The leader takes the request's partitions in before it forgets: one must not stand in both lists.
    this.#forgotten.delete(key);
    this.#moved.add(member);
  }

  drop(member: Member): void {
    const key = keyOf(member);
    if (this.#members.get(key) !== member) return;
    this.#members.delete(key);
    this.#moved.delete(member);
    // Also while the request that begins the session is under way: its answer will know the partition.
    this.#forgotten.set(key, member);
  }

  next(): SessionFetch<Member> {
    const isFull = this.#epoch === FIRST_EPOCH;
    const members = isFull ? [...this.#members.values()] : [...this.#moved];
    const forgotten = isFull ? [] : [...this.#forgotten.values()];
    this.#moved = new Set();
    this.#forgotten.clear();
    return { sessionId: this.#sessionId, sessionEpoch: this.#epoch, members, forgotten };
  }

  /** The leader has answered; 0 when it keeps no session. */
  answered(sessionId: number): void {
    if (sessionId === 0) this.refused();
    else {
      this.#epoch = this.#epoch === MAX_EPOCH ? 1 : this.#epoch + 1;
      this.#sessionId = sessionId;
    }
  }

  /** Whether the leader has taken the last request in is not known. The old id lets it drop the session. */
  failed(): void {
    this.#epoch = FIRST_EPOCH;
  }

  /** The leader knows no such session. */
  refused(): void {
    this.#sessionId = 0;
    this.#epoch = FIRST_EPOCH;
  }
}

function keyOf(member: SessionMember): string {
  return `${member.topicId}:${member.id}`;
}
