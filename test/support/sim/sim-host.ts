/** A machine: a disk and a clock that outlive the processes that run on it, one at a time. */
import type { FileLock } from '../../../src/runtime/runtime.ts';
import { type CrashKind, Disk } from './disk.ts';
import type { SimNetwork } from './sim-network.ts';
import { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

const EPOCH_MS = 1_750_000_000_000;

export class SimHost {
  readonly name: string;
  readonly address: string;
  readonly world: World;
  readonly network: SimNetwork;
  disk = new Disk();
  /** Without power it answers nothing, not even that nobody listens. */
  up = true;
  process: SimProcess | null = null;
  /** How far the wall clock is off. */
  skewMs = 0;
  #lives = 0;
  readonly #locks = new Map<string, SimProcess>();

  constructor(network: SimNetwork, name: string, address: string) {
    this.network = network;
    this.world = network.world;
    this.name = name;
    this.address = address;
  }

  wallMs(): number {
    return EPOCH_MS + this.skewMs + this.world.nowMs;
  }

  /** A new process; the one before must be dead. */
  boot(): SimProcess {
    if (this.process?.alive) throw new Error(`${this.name} runs already`);
    this.up = true;
    this.process = new SimProcess(this, ++this.#lives);
    this.process.note('boot');
    return this.process;
  }

  /** Takes effect at the end of the event that happens now, for the disk and the network at once. */
  crash(kind: CrashKind): void {
    const { process, world } = this;
    if (process === null || !process.alive || process.dying) return;
    process.note('crash', kind);
    process.dying = true;
    world.isVoid = true;
    // What it writes in the rest of its turn goes to the old disk.
    this.disk = this.disk.image(kind, world.random.fork(`crash/${process.name}`));
    if (kind === 'power') this.up = false;
    process.sockets.die(kind);
    world.behind(() => {
      process.alive = false;
      world.isVoid = false;
    });
  }

  /** The process has ended by itself: what it held is free. */
  exit(): void {
    this.crash('kill');
  }

  lock(path: string, process: SimProcess): FileLock | null {
    const holder = this.#locks.get(path);
    if (holder?.alive && !holder.dying && holder !== process) return null;
    this.#locks.set(path, process);
    return {
      release: () => {
        if (this.#locks.get(path) === process) this.#locks.delete(path);
      },
    };
  }
}
