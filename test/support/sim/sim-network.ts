/**
 * The network between simulated hosts. A connection keeps its bytes in order, as TCP does; everything else may go wrong:
 * links are slow or cut in one direction or both, and what is under way then waits, as it would for retransmission, until
 * the link heals or the connection is reset. A host without power answers nothing; a dead process is told by its kernel.
 */
import type { Connection, ListenerHandle, Sockets } from '../../../src/runtime/runtime.ts';
import type { CrashKind } from './disk.ts';
import { SimConnection } from './sim-connection.ts';
import { SimHost } from './sim-host.ts';
import type { SimProcess } from './sim-process.ts';
import { THE_WORLD, type World } from './world.ts';

const SYN_AGAIN_MS = 1_000;

export interface LinkState {
  cut: boolean;
  minMs: number;
  maxMs: number;
}

export function socketError(code: string, what: string): Error {
  return Object.assign(new Error(`${what} ${code}`), { code });
}

export class SimNetwork {
  readonly world: World;
  readonly hosts = new Map<string, SimHost>();
  readonly connections = new Set<SimConnection>();
  readonly #links = new Map<string, LinkState>();
  /** Of every link without a state of its own. */
  readonly usual: LinkState = { cut: false, minMs: 0.05, maxMs: 0.5 };

  constructor(world: World) {
    this.world = world;
  }

  host(name: string): SimHost {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = new SimHost(this, name, `10.0.0.${this.hosts.size + 1}`);
      this.hosts.set(name, host);
    }
    return host;
  }

  resolve(name: string): SimHost | undefined {
    return this.hosts.get(name) ?? [...this.hosts.values()].find(({ address }) => address === name);
  }

  link(from: SimHost, to: SimHost): LinkState {
    return this.#links.get(`${from.name}>${to.name}`) ?? this.usual;
  }

  #own(from: SimHost, to: SimHost): LinkState {
    const key = `${from.name}>${to.name}`;
    let state = this.#links.get(key);
    if (state === undefined) {
      state = { ...this.usual };
      this.#links.set(key, state);
    }
    return state;
  }

  /** In this direction only. */
  cut(from: SimHost, to: SimHost): void {
    if (from !== to) this.#own(from, to).cut = true;
  }

  slow(from: SimHost, to: SimHost, minMs: number, maxMs: number): void {
    if (from !== to) Object.assign(this.#own(from, to), { minMs, maxMs });
  }

  /** Every link is as usual. What waited arrives after all, or its connection is reset. */
  heal(resetShare: number): void {
    this.#links.clear();
    const { random } = this.world;
    for (const connection of [...this.connections]) {
      if (!connection.isStalled) continue;
      if (random.chance(resetShare)) connection.reset();
      else connection.flow(random.between(1, 400));
    }
  }

  isCut(from: SimHost, to: SimHost): boolean {
    return from !== to && this.link(from, to).cut;
  }

  latencyMs(from: SimHost, to: SimHost): number {
    const { random } = this.world;
    if (from === to) return random.between(0.01, 0.05);
    const { minMs, maxMs } = this.link(from, to);
    return random.between(minMs, maxMs);
  }

  /** Connections between the two that exist now, reset from outside. */
  resetBetween(one: SimHost, other: SimHost): void {
    for (const connection of [...this.connections]) {
      if (connection.process.host === one && connection.peer.process.host === other) connection.reset();
    }
  }
}

interface Listening {
  readonly accept: (connection: Connection) => void;
}

/** The sockets of one process. */
export class SimSockets implements Sockets {
  readonly #process: SimProcess;
  readonly #listening = new Map<number, Listening>();
  readonly #connections = new Set<SimConnection>();
  #nextPort = 30_000;

  constructor(process: SimProcess) {
    this.#process = process;
  }

  async listen(
    options: { readonly host: string; readonly port: number },
    accept: (connection: Connection) => void,
  ): Promise<ListenerHandle> {
    this.#process.checkAlive('listen');
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    if (this.#listening.has(port)) throw socketError('EADDRINUSE', 'listen');
    const listening = { accept };
    this.#listening.set(port, listening);
    this.#process.note('listen', '', port);
    return {
      host: options.host,
      port,
      close: async () => {
        if (this.#listening.get(port) === listening) this.#listening.delete(port);
      },
    };
  }

  connect(options: { readonly host: string; readonly port: number; readonly timeoutMs: number }): Promise<Connection> {
    const process = this.#process;
    process.checkAlive('connect');
    return new Promise((resolve, reject) => {
      const { network } = process.host;
      const target = network.resolve(options.host);
      if (target === undefined) {
        process.after(0.1, 'no such host', () => reject(socketError('ENOTFOUND', `getaddrinfo ${options.host}`)));
        return;
      }
      const dial = new Dial(process, target, options.port, { resolve, reject });
      process.note('connect', target.name, options.port);
      process.after(options.timeoutMs, 'connect timeout', () => dial.timeout(options.timeoutMs));
      dial.syn();
    });
  }

  listener(port: number): Listening | undefined {
    return this.#process.dying ? undefined : this.#listening.get(port);
  }

  newPort(): number {
    return this.#nextPort++;
  }

  add(connection: SimConnection): void {
    this.#connections.add(connection);
    this.#process.host.network.connections.add(connection);
  }

  remove(connection: SimConnection): void {
    this.#connections.delete(connection);
    this.#process.host.network.connections.delete(connection);
  }

  /** The kernel closes what the process had open; a host without power says nothing. */
  die(kind: CrashKind): void {
    this.#listening.clear();
    for (const connection of [...this.#connections]) connection.die(kind);
  }
}

interface Settle {
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: Error) => void;
}

/** One attempt to connect: packets there and back, each of which a cut link or a dead host may swallow. */
class Dial {
  readonly #process: SimProcess;
  readonly #target: SimHost;
  readonly #port: number;
  readonly #settle: Settle;
  #done = false;
  #own: SimConnection | null = null;

  constructor(process: SimProcess, target: SimHost, port: number, settle: Settle) {
    this.#process = process;
    this.#target = target;
    this.#port = port;
    this.#settle = settle;
  }

  get #network(): SimNetwork {
    return this.#process.host.network;
  }

  syn(): void {
    const from = this.#process.host;
    if (this.#done || !this.#process.alive) return;
    if (this.#network.isCut(from, this.#target)) this.#later();
    else this.#after(from, this.#target, 'syn', () => this.#arrived());
  }

  timeout(afterMs: number): void {
    if (this.#done) return;
    this.#done = true;
    this.#own?.abandon();
    this.#settle.reject(socketError('ETIMEDOUT', `no connection within ${afterMs} ms`));
  }

  #later(): void {
    this.#process.after(SYN_AGAIN_MS, 'syn again', () => this.syn());
  }

  #after(from: SimHost, to: SimHost, kind: string, run: () => void): void {
    this.#process.world.after(this.#network.latencyMs(from, to), THE_WORLD, kind, run);
  }

  /** At the target's kernel. */
  #arrived(): void {
    const own = this.#process;
    if (this.#done || !own.alive) return;
    const target = this.#target;
    const server = target.process;
    const listener = server?.alive ? server.sockets.listener(this.#port) : undefined;
    // Swallowed, or the answer to it was.
    if (!target.up || this.#network.isCut(target, own.host)) {
      this.#later();
      return;
    }
    if (listener === undefined || server === null) {
      this.#after(target, own.host, 'refused', () => this.#refused());
      return;
    }
    const [near, far] = SimConnection.pair(own, server, this.#port);
    this.#own = near;
    server.after(0, 'accept', () => listener.accept(far));
    this.#process.after(this.#network.latencyMs(target, own.host), 'connected', () => this.#connected(near));
  }

  #refused(): void {
    const own = this.#process;
    if (this.#done || !own.alive) return;
    this.#done = true;
    own.after(0, 'refused', () =>
      this.#settle.reject(socketError('ECONNREFUSED', `connect ${this.#target.name}:${this.#port}`)),
    );
  }

  #connected(near: SimConnection): void {
    if (this.#done) return;
    this.#done = true;
    this.#settle.resolve(near);
  }
}
