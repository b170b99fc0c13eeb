/** What goes wrong during a simulation, and when: drawn from the seed, until the time of quiet. */
import type { CrashKind } from '../support/sim/disk.ts';
import type { Seeded } from '../support/sim/seeded.ts';
import type { SimHost } from '../support/sim/sim-host.ts';
import type { SimNetwork } from '../support/sim/sim-network.ts';
import type { SimNode } from '../support/sim/sim-node.ts';
import { THE_WORLD, type World } from '../support/sim/world.ts';

export interface FaultOptions {
  readonly world: World;
  readonly network: SimNetwork;
  readonly nodes: readonly SimNode[];
  /** Whether the node may lose pages that were not synced, if the power went now. */
  readonly mayLosePages: (node: SimNode) => boolean;
  /** Lost pages bind the others: they may not crash before the node is back, or they count as lost too. */
  readonly lossBinds: (node: SimNode) => boolean;
  /** It runs again, and nothing depends on what it lost. */
  readonly isRecovered: (node: SimNode) => boolean;
  readonly client: SimHost;
  /** Who leads the quorum, as far as anybody has said. */
  readonly controller: () => number;
  /** Another consumer of the group dies, or comes. */
  readonly reader: () => void;
  /** No fault begins after this. */
  readonly untilMs: number;
  /** Which kinds, with their weights. */
  readonly weights: Readonly<Partial<Record<FaultKind, number>>>;
}

export type FaultKind =
  | 'kill'
  | 'power'
  | 'tornKill'
  | 'tornPower'
  | 'outage'
  | 'killLeader'
  | 'reader'
  | 'restart'
  | 'hold'
  | 'cut'
  | 'slow'
  | 'reset'
  | 'clock'
  | 'fullDisk'
  | 'badDisk'
  | 'slowDisk';

export class Faults {
  readonly #options: FaultOptions;
  readonly #random: Seeded;
  readonly counts = new Map<FaultKind, number>();
  /** A seed has some kinds of faults and none of the others, and few or many of them: rare meetings become common. */
  readonly #kinds: readonly (readonly [FaultKind, number])[];
  readonly #pace: number;
  #quiet = false;
  /** It has lost pages, and the controller may not know yet. */
  #lossy: SimNode | null = null;

  constructor(options: FaultOptions) {
    this.#options = options;
    this.#random = options.world.random.fork('faults');
    const all = Object.entries(options.weights) as [FaultKind, number][];
    const share = this.#random.pick([0.3, 0.6, 1]);
    const some = all.filter(() => this.#random.chance(share));
    this.#kinds = some.length > 0 ? some : all;
    this.#pace = this.#random.pick([0.25, 1, 1, 2]);
    for (const node of options.nodes) {
      const random = options.world.random.fork(`disk/${node.name}`);
      node.host.disk.syncMs = () => random.between(0.2, 4);
    }
  }

  start(): void {
    this.#next();
    this.#keepUp();
  }

  /** Everything is mended; nodes that are down come back. */
  mend(): void {
    this.#quiet = true;
    const { network, nodes } = this.#options;
    network.heal(0.5);
    for (const node of nodes) {
      const { host } = node;
      host.disk.fault = null;
      host.disk.slowness = 1;
      host.disk.capacity = Number.POSITIVE_INFINITY;
      host.disk.noCrash();
      host.skewMs = 0;
    }
  }

  #after(ms: number, kind: string, run: () => void): void {
    this.#options.world.after(ms, THE_WORLD, kind, run);
  }

  /** A node that is down is started again after a while, as an operator or a supervisor would. */
  #keepUp(): void {
    for (const node of this.#options.nodes) {
      // A directory that has failed is out of service until its node is started again.
      if (this.#quiet && node.hadDiskErrors) this.#stop(node);
      if (node.state === 'down') {
        const ms = this.#quiet ? 10 : this.#random.pick([10, 500, 3_000]);
        this.#after(ms, 'start', () => node.start());
      }
    }
    this.#after(500, 'look', () => this.#keepUp());
  }

  #next(): void {
    const { world, untilMs } = this.#options;
    const ms = this.#random.pick([200, 800, 2_000, 4_000]) * this.#random.between(0.5, 1.5) * this.#pace;
    if (world.nowMs + ms >= untilMs) return;
    this.#after(ms, 'fault', () => {
      this.#inject(this.#pick());
      this.#next();
    });
  }

  #pick(): FaultKind {
    const entries = this.#kinds;
    let at = this.#random.between(
      0,
      entries.reduce((sum, [, weight]) => sum + weight, 0),
    );
    for (const [kind, weight] of entries) {
      at -= weight;
      if (at < 0) return kind;
    }
    return 'kill';
  }

  #inject(kind: FaultKind): void {
    const node = this.#random.pick(this.#options.nodes);
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#options.world.note(THE_WORLD, `fault ${kind}`, node.name);
    this.#faults[kind](node);
  }

  #crash(node: SimNode, wanted: CrashKind): void {
    const { mayLosePages, lossBinds } = this.#options;
    if (this.#isBound(node)) return;
    const kind = wanted === 'power' && mayLosePages(node) ? 'power' : 'kill';
    if (kind === 'power' && lossBinds(node)) this.#lossy = node;
    node.crash(kind);
  }

  /**
   * Not the one that everything depends on: a controller that was just elected may take the dead for living, and let it go.
   */
  #stop(node: SimNode): void {
    if (!this.#isBound(node)) node.stop();
  }

  #isBound(node: SimNode): boolean {
    if (this.#lossy !== null && this.#options.isRecovered(this.#lossy)) this.#lossy = null;
    return this.#lossy !== null && this.#lossy !== node && this.#options.lossBinds(node);
  }

  readonly #faults: Record<FaultKind, (node: SimNode) => void> = {
    kill: (node) => this.#crash(node, 'kill'),
    power: (node) => this.#crash(node, 'power'),
    tornKill: (node) => node.host.disk.crashIn(1 + this.#random.int(30), () => this.#crash(node, 'kill')),
    tornPower: (node) => node.host.disk.crashIn(1 + this.#random.int(30), () => this.#crash(node, 'power')),
    outage: () => {
      const kind = this.#random.pick(['kill', 'power'] as const);
      for (const node of this.#options.nodes) this.#crash(node, kind);
    },
    killLeader: () => {
      const id = this.#options.controller();
      const leader = this.#options.nodes.find(({ config }) => config.nodeId === id);
      if (leader !== undefined) this.#crash(leader, this.#random.pick(['kill', 'power'] as const));
    },
    reader: () => this.#options.reader(),
    restart: (node) => this.#stop(node),
    hold: (node) => {
      const { process } = node.host;
      if (process !== null)
        process.heldUntilMs = this.#options.world.nowMs + this.#random.pick([50, 1_000, 5_000, 12_000]);
    },
    cut: () => this.#partition(),
    slow: (node) => {
      const other = this.#other(node.host);
      const ms = this.#random.pick([5, 50, 500]);
      this.#options.network.slow(node.host, other, ms / 2, ms);
      this.#options.network.slow(other, node.host, ms / 2, ms);
      this.#healLater();
    },
    reset: (node) => this.#options.network.resetBetween(node.host, this.#other(node.host)),
    clock: ({ host }) => {
      host.skewMs += this.#random.pick([-3_600_000, -5_000, -100, 100, 5_000, 60_000]);
    },
    fullDisk: (node) => {
      const { host } = node;
      if (this.#isBound(node)) return;
      const room = this.#random.pick([0, 3_000, 4 * 1024 * 1024 + 5_000]);
      host.disk.capacity = host.disk.usedBytes + room;
      this.#after(this.#random.between(200, 5_000), 'disk has room', () => {
        host.disk.capacity = Number.POSITIVE_INFINITY;
      });
    },
    badDisk: (node) => {
      if (!this.#isBound(node)) this.#badDisk(node);
    },
    slowDisk: ({ host }) => {
      host.disk.slowness = this.#random.pick([10, 100]);
      this.#after(3_000, 'disk is quick', () => {
        host.disk.slowness = 1;
      });
    },
  };

  #other(host: SimHost): SimHost {
    const others = [...this.#options.nodes.map((node) => node.host), this.#options.client].filter(
      (one) => one !== host,
    );
    return this.#random.pick(others);
  }

  /** Between two groups of hosts, or out of one host only, or into it. */
  #partition(): void {
    const { network, nodes, client } = this.#options;
    const hosts = [...nodes.map((node) => node.host), client];
    const some = hosts.filter(() => this.#random.chance(0.5));
    const rest = hosts.filter((host) => !some.includes(host));
    const oneWay = this.#random.chance(0.3);
    for (const one of some) {
      for (const other of rest) {
        network.cut(one, other);
        if (!oneWay) network.cut(other, one);
      }
    }
    this.#healLater();
  }

  #healLater(): void {
    const ms = this.#random.pick([300, 2_000, 8_000]);
    const share = this.#random.pick([0, 0.5, 1]);
    this.#after(ms, 'heal', () => this.#options.network.heal(share));
  }

  /** Some calls fail for a while. */
  #badDisk({ host, config }: SimNode): void {
    const random = this.#options.world.random.fork(`bad/${this.counts.get('badDisk')}`);
    const operation = this.#random.pick(['write', 'sync', 'read', 'rename', 'open'] as const);
    const share = this.#random.pick([0.02, 0.2, 1]);
    const where = this.#random.pick(['/', ...config.logDirs]);
    host.disk.fault = (what, path) =>
      what === operation && path.startsWith(where) && random.chance(share) ? 'EIO' : null;
    this.#after(this.#random.between(50, 2_000), 'disk is good', () => {
      host.disk.fault = null;
    });
  }
}
