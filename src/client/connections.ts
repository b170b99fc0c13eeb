/**
 * The connections of one client: opened when they are needed, shared, forgotten when they fail. An address that failed is
 * left alone for a while that grows with each failure in a row, and then given more time to answer.
 */
import { KtsError } from '../base/kts-error.ts';
import { type Address, addressText } from '../network/address.ts';
import { type Link, LinkError, type OpenLink, reasonOf } from '../network/link.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { backoffMs, type Deadline, pause } from './backoff.ts';
import type { ClientSettings } from './settings.ts';

/** Memory for the answers of one connection. */
export type Allocate = (bytes: number) => Buffer;

interface Trouble {
  readonly failures: number;
  readonly untilMs: number;
}

export class Connections {
  readonly #runtime: Runtime;
  readonly #openLink: OpenLink;
  readonly #settings: ClientSettings;
  readonly #links = new Map<string, Promise<Link>>();
  readonly #troubles = new Map<string, Trouble>();
  #closed = false;

  constructor(runtime: Runtime, openLink: OpenLink, settings: ClientSettings) {
    this.#runtime = runtime;
    this.#openLink = openLink;
    this.#settings = settings;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** How long the address is still left alone after a failure; 0 when it may be tried, or is connected. */
  restMs(address: Address): number {
    const trouble = this.#troubles.get(addressText(address));
    return trouble === undefined ? 0 : Math.max(0, trouble.untilMs - this.#runtime.clock.monotonicMs());
  }

  /** Opens or shares. Rejects with a LinkError that names the address. */
  async open(address: Address, deadline: Deadline, channel = '', allocate?: Allocate): Promise<Link> {
    const key = channel + addressText(address);
    const known = this.#links.get(key);
    if (known !== undefined) {
      const link = await known;
      if (link.isOpen) return link;
      if (this.#links.get(key) === known) this.#links.delete(key);
      return this.open(address, deadline, channel, allocate);
    }
    if (this.#closed) throw new KtsError('the client is closed');
    const opening = this.#begin(address, deadline, allocate);
    this.#links.set(key, opening);
    try {
      const link = await opening;
      this.#troubles.delete(addressText(address));
      // Closed while it was being opened: nobody will use it.
      if (this.#closed) link.close();
      return link;
    } catch (error) {
      if (this.#links.get(key) === opening) this.#links.delete(key);
      throw error;
    }
  }

  async #begin(address: Address, deadline: Deadline, allocate: Allocate | undefined): Promise<Link> {
    const rest = this.restMs(address);
    if (rest > 0) await pause(this.#runtime, Math.min(rest, deadline.leftMs));
    const failures = this.#troubles.get(addressText(address))?.failures ?? 0;
    const { connectTimeoutMs, connectTimeoutMaxMs, requestTimeoutMs, connectionsMaxIdleMs, clientId } = this.#settings;
    const patience = Math.min(
      connectTimeoutMs * 2 ** Math.min(failures, 20),
      Math.max(connectTimeoutMs, connectTimeoutMaxMs),
    );
    try {
      return await this.#openLink({
        runtime: this.#runtime,
        address,
        clientId,
        connectTimeoutMs: Math.min(patience, Math.max(1, deadline.leftMs)),
        requestTimeoutMs,
        idleMs: connectionsMaxIdleMs,
        ...(allocate === undefined ? {} : { allocate }),
      });
    } catch (error) {
      this.#failed(address, failures);
      throw error instanceof LinkError ? error : new LinkError(reasonOf(error), { address, cause: error });
    }
  }

  #failed(address: Address, failures: number): void {
    const { reconnectBackoffMs, reconnectBackoffMaxMs } = this.#settings;
    const backoff = { firstMs: reconnectBackoffMs, maxMs: Math.max(reconnectBackoffMs, reconnectBackoffMaxMs) };
    const untilMs = this.#runtime.clock.monotonicMs() + backoffMs(backoff, failures, this.#runtime);
    this.#troubles.set(addressText(address), { failures: failures + 1, untilMs });
  }

  close(): void {
    this.#closed = true;
    for (const opening of this.#links.values()) {
      opening.then(
        (link) => link.close(),
        () => undefined,
      );
    }
    this.#links.clear();
  }
}
