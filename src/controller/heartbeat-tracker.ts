/**
 * What the active controller knows of each broker beside the log: when it was last heard of, how far it has come in the
 * metadata, and whether its controlled shutdown is under way. Sessions run on the monotonic clock. When the loop itself
 * was away for longer than a quarter of a session (a stopped process, a sleeping laptop), every session is extended by
 * that time: the brokers could not reach us, which says nothing about them.
 *
 * A session begins with the first heartbeat of a registration, or with the activation of a controller that finds the
 * broker unfenced; registering alone is no sign of life.
 */
interface Session {
  readonly epoch: number;
  lastHeardMs: number;
  /** What the broker said it had applied of the metadata log. */
  metadataOffset: number;
  /** What all that stay must have applied before its controlled shutdown is granted; -1 while it has asked for none. */
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
      known.metadataOffset = metadataOffset;
      return;
    }
    this.#sessions.set(brokerId, { epoch, lastHeardMs: nowMs, metadataOffset, controlledShutdownOffset: -1 });
  }

  /** Fenced, shut down, unregistered or replaced: from here on it is as if it had never been heard of. */
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

  /** Called again and again with the time that should have passed since the last call; extends sessions when more did. */
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

  /** The first offset counts: later heartbeats of the same shutdown do not put it off. */
  beginControlledShutdown(brokerId: number, offset: number): void {
    const session = this.#sessions.get(brokerId);
    if (session !== undefined && session.controlledShutdownOffset < 0) session.controlledShutdownOffset = offset;
  }

  isShuttingDown(brokerId: number): boolean {
    return this.controlledShutdownOffset(brokerId) >= 0;
  }

  controlledShutdownOffset(brokerId: number): number {
    return this.#sessions.get(brokerId)?.controlledShutdownOffset ?? -1;
  }

  metadataOffset(brokerId: number): number {
    return this.#sessions.get(brokerId)?.metadataOffset ?? -1;
  }
}
