/**
 * One life of a process on a simulated host: its runtime, and all that it may ever do. Once it is dead nothing of it runs
 * on: its timers, the ends of its connections and its calls to the disk are gone with it.
 */
import type { Clock, Random, Runtime, TimerHandle, Timers } from '../../../src/runtime/runtime.ts';
import type { Seeded } from './seeded.ts';
import { SimFiles } from './sim-files.ts';
import type { SimHost } from './sim-host.ts';
import { SimSockets } from './sim-network.ts';
import type { Owner, World } from './world.ts';

/** A timer fires up to so much late. */
const LATE_MS = 1;

export class SimProcess implements Owner {
  readonly name: string;
  readonly world: World;
  readonly host: SimHost;
  readonly random: Seeded;
  readonly runtime: Runtime;
  readonly files: SimFiles;
  readonly sockets: SimSockets;
  alive = true;
  /** It dies at the end of this event; what it still does reaches nobody. */
  dying = false;
  heldUntilMs = 0;
  /** For the trace. */
  readonly packetKind: string;
  readonly #bornMs: number;

  constructor(host: SimHost, life: number) {
    this.host = host;
    this.world = host.world;
    this.name = `${host.name}#${life}`;
    this.packetKind = `packet ${this.name}`;
    this.random = this.world.random.fork(this.name);
    this.#bornMs = this.world.nowMs;
    this.files = new SimFiles(this, host.disk);
    this.sockets = new SimSockets(this);
    this.runtime = {
      clock: this.#clock(),
      timers: this.#timers(),
      random: this.#randomOf(),
      files: this.files,
      sockets: this.sockets,
    };
  }

  note(kind: string, text = '', a = 0, b = 0): void {
    this.world.note(this, kind, text, a, b);
  }

  after(delayMs: number, kind: string, run: () => void): TimerHandle {
    return this.world.after(delayMs, this, kind, run);
  }

  /** A dead process that still does something would make the crash a lie. */
  checkAlive(what: string): void {
    if (this.alive) return;
    this.world.fail(`the simulation is broken: ${this.name} is dead and does: ${what}`);
    throw new Error(`${this.name} is dead`);
  }

  #clock(): Clock {
    const { world, host } = this;
    const base = this.random.between(0, 1_000_000);
    return {
      nowMs: () => Math.floor(host.wallMs()),
      monotonicMs: () => base + world.nowMs - this.#bornMs,
    };
  }

  #timers(): Timers {
    return {
      after: (delayMs, run) => {
        this.checkAlive('timer');
        const late = this.random.float() * LATE_MS;
        return this.after(Math.max(0, delayMs) + late, 'timer', run);
      },
      soon: (run) => {
        this.checkAlive('soon');
        this.after(0, 'soon', run);
      },
    };
  }

  #randomOf(): Random {
    return { bytes: (size) => this.random.bytes(size), int: (limit) => this.random.int(limit) };
  }
}
