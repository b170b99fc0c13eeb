/**
 * When each broker was last heard of. Sessions run on the monotonic clock. When the loop itself was away for longer than
 * a quarter of a session (a stopped process, a sleeping laptop), every session is extended by that time: the brokers
 * could not reach us, which says nothing about them.
 */
interface Session {
  readonly epoch: number;
  lastHeardMs: number;
  /** What the broker said it had applied of the metadata log. */
  metadataOffset: number;
  /** Where the broker must see others arrive before its controlled shutdown is granted. */
  controlledShutdownOffset: number;
}

export class HeartbeatTracker {
  readonly #sessionTimeoutMs: number;
  readonly #sessions = new Map<number, Session>();
  #lastTickMs: number | null = null;

  constructor(sessionTimeoutMs: number) {
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  /** Forgets everything: leadership was lost or is new. */
  reset(): void {
    this.#sessions.clear();
    this.#lastTickMs = null;
  }

  touch(brokerId: number, epoch: number, nowMs: number, metadataOffset = -1): void {
    const known = this.#sessions.get(brokerId);
    if (known !== undefined && known.epoch === epoch) {
      known.lastHeardMs = nowMs;
      known.metadataOffset = Math.max(known.metadataOffset, metadataOffset);
      return;
    }
    const controlledShutdownOffset = Number.MAX_SAFE_INTEGER;
    this.#sessions.set(brokerId, { epoch, lastHeardMs: nowMs, metadataOffset, controlledShutdownOffset });
  }

  remove(brokerId: number): void {
    this.#sessions.delete(brokerId);
  }

  hasValidSession(brokerId: number, epoch: number, nowMs: number): boolean {
    const session = this.#sessions.get(brokerId);
    return session !== undefined && session.epoch === epoch && !this.#isExpired(session, nowMs);
  }

  #isExpired(session: Session, nowMs: number): boolean {
    return nowMs - session.lastHeardMs > this.#sessionTimeoutMs;
  }

  /** Called at regular intervals with the time that should have passed; extends sessions when more did. */
  noticeAbsence(nowMs: number, expectedMs: number): void {
    const before = this.#lastTickMs;
    this.#lastTickMs = nowMs;
    if (before === null) return;
    const away = nowMs - before - expectedMs;
    if (away <= this.#sessionTimeoutMs / 4) return;
    for (const session of this.#sessions.values()) session.lastHeardMs = Math.min(nowMs, session.lastHeardMs + away);
  }

  /** The broker, of those that `candidate` accepts, that has been silent for longest and too long. */
  findStale(nowMs: number, candidate: (brokerId: number) => boolean): number | null {
    let stalest: number | null = null;
    let heardMs = Number.POSITIVE_INFINITY;
    for (const [brokerId, session] of this.#sessions) {
      if (session.lastHeardMs >= heardMs || !this.#isExpired(session, nowMs) || !candidate(brokerId)) continue;
      stalest = brokerId;
      heardMs = session.lastHeardMs;
    }
    return stalest;
  }

  setControlledShutdownOffset(brokerId: number, offset: number): void {
    const session = this.#sessions.get(brokerId);
    if (session !== undefined) session.controlledShutdownOffset = offset;
  }

  controlledShutdownOffset(brokerId: number): number {
    return this.#sessions.get(brokerId)?.controlledShutdownOffset ?? Number.MAX_SAFE_INTEGER;
  }

  metadataOffset(brokerId: number): number {
    return this.#sessions.get(brokerId)?.metadataOffset ?? -1;
  }
}
