/** How many connections there may be: in all, and from one address, with exceptions (max.connections and its kind). */
export interface ConnectionLimitOptions {
  readonly maxConnections: number;
  readonly maxConnectionsPerIp: number;
  /** By address, as the socket reports it. */
  readonly perIpOverrides: ReadonlyMap<string, number>;
}

export class ConnectionLimits {
  #options: ConnectionLimitOptions;
  readonly #byAddress = new Map<string, number>();
  #count = 0;

  constructor(options: ConnectionLimitOptions) {
    this.#options = options;
  }

  /** These keys may be altered while the node runs; connections that are open stay. */
  set options(options: ConnectionLimitOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  /** Null when the connection is counted and may stay, else why not. `isProtected`: only the limit by address holds. */
  admit(address: string, isProtected: boolean): string | null {
    const { maxConnections, maxConnectionsPerIp, perIpOverrides } = this.#options;
    const own = this.#byAddress.get(address) ?? 0;
    const maxOwn = perIpOverrides.get(address) ?? maxConnectionsPerIp;
    if (own >= maxOwn) {
      return `Rejected connection from /${address}, address already has the configured maximum of ${maxOwn} connections.`;
    }
    if (!isProtected && this.#count >= maxConnections) {
      return `Rejected connection from /${address}, the node already has the configured maximum of ${maxConnections} connections.`;
    }
    this.#byAddress.set(address, own + 1);
    this.#count++;
    return null;
  }

  release(address: string): void {
    const own = this.#byAddress.get(address) ?? 0;
    if (own <= 1) this.#byAddress.delete(address);
    else this.#byAddress.set(address, own - 1);
    this.#count--;
  }
}
