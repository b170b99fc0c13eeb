/** The one fetch that a follower has on its way: when the next may leave, and whether an answer still matters. */

export class OwnFetch {
  #isOnItsWay = false;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #generation = 0;

  /** Another role, epoch or leader: what is on its way is of no use any more. */
  reset(): void {
    this.#isOnItsWay = false;
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
    this.#generation++;
  }

  /** When the next one may leave. */
  nextMs(): number {
    return this.#isOnItsWay ? Number.POSITIVE_INFINITY : this.#notBeforeMs;
  }

  /** The number of a fetch that leaves now; null when none may. */
  take(nowMs: number): number | null {
    if (this.#isOnItsWay || nowMs < this.#notBeforeMs) return null;
    this.#isOnItsWay = true;
    return this.#generation;
  }

  isCurrent(generation: number): boolean {
    return this.#isOnItsWay && generation === this.#generation;
  }

  ended(notBeforeMs: number): void {
    this.#isOnItsWay = false;
    this.#notBeforeMs = notBeforeMs;
  }
}
