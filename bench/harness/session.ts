/**
 * One run of the bench: which engines there are, the two brokers that the loads share, and how a load is measured: once
 * on each broker unmeasured, then in turns, so that a disturbance of the machine meets both.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { Broker, type Engine, type EngineName } from './broker.ts';
import { settleDisk, sleep } from './programs.ts';
import { headLine, judge, type Outcome, outcomeLine, type Row, type Runs } from './rows.ts';

export interface Settings {
  readonly engines: readonly Engine[];
  /** The directory of Kafka's jars, whose tools are also used on kts; null where there is no Java. */
  readonly jars: string | null;
  readonly runs: number;
  readonly quick: boolean;
  /** Where everything of this run lies. */
  readonly directory: string;
}

export type Readings = Readonly<Record<string, number>>;

/** A load that runs on the brokers which all loads share. */
export interface SharedLoad {
  readonly rows: readonly Row[];
  readonly run: (broker: Broker, session: Session) => Promise<Readings>;
}

const IDLE_MS = 3000;

export class Session {
  readonly settings: Settings;
  readonly outcomes: Outcome[] = [];
  readonly notes: string[] = [];
  readonly freshMegabytes: Partial<Record<EngineName, number>> = {};
  readonly #readings = new Map<string, Partial<Record<EngineName, number[]>>>();
  readonly #filled = new Set<string>();
  /** Every broker of this run, so that none is left behind. */
  readonly #made: Broker[] = [];
  #shared: Broker[] | null = null;
  #topics = 0;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  get kafkaJars(): string {
    if (this.settings.jars === null) throw new Error("Kafka's tools are not on this machine");
    return this.settings.jars;
  }

  /** Part of a full load in a quick run. */
  count(full: number): number {
    return this.settings.quick ? Math.round(full / 5) : full;
  }

  say(text: string): void {
    process.stderr.write(`  ${text}\n`);
  }

  note(text: string): void {
    this.notes.push(text);
    this.say(text);
  }

  topicName(): string {
    return `bench-${++this.#topics}`;
  }

  /** The brokers that the loads share: both up during the whole run. */
  async shared(): Promise<readonly Broker[]> {
    if (this.#shared !== null) return this.#shared;
    this.#shared = [];
    for (const engine of this.settings.engines) {
      const broker = await this.makeBroker(engine).catch((error) => this.#failed(engine, error));
      if (broker === null) continue;
      const ready = await broker.start().catch((error) => this.#failed(engine, error));
      if (ready !== null) this.#shared.push(broker);
    }
    await sleep(IDLE_MS);
    for (const broker of this.#shared) this.freshMegabytes[broker.name] = broker.residentMegabytes();
    return this.#shared;
  }

  async makeBroker(engine: Engine): Promise<Broker> {
    const broker = await Broker.make(engine, this.settings.directory);
    this.#made.push(broker);
    return broker;
  }

  /** A broker of its own for something that restarts it; gone afterwards. */
  async withBroker<T>(engine: Engine, use: (broker: Broker) => Promise<T>): Promise<T> {
    const broker = await this.makeBroker(engine);
    try {
      return await use(broker);
    } finally {
      await broker.stop();
      broker.remove();
    }
  }

  /** Does `use` with each engine; what fails on one is noted and leaves the other. */
  async eachEngine(what: string, use: (engine: Engine) => Promise<void>): Promise<void> {
    for (const engine of this.settings.engines) {
      try {
        await use(engine);
      } catch (error) {
        this.note(`${what}, ${engine.name}: ${(error as Error).message}`);
      }
    }
  }

  /** Runs `prepare` once per broker and name: data that several loads read. */
  async once(broker: Broker, name: string, prepare: () => Promise<void>): Promise<void> {
    const key = `${broker.name} ${name}`;
    if (this.#filled.has(key)) return;
    await prepare();
    this.#filled.add(key);
    settleDisk();
  }

  async measure(what: string, load: SharedLoad): Promise<void> {
    const brokers = await this.shared();
    const broken = new Set<EngineName>();
    for (let round = 0; round <= this.settings.runs; round++) {
      // The one that went last goes first next time.
      for (const broker of round % 2 === 0 ? brokers : [...brokers].reverse()) {
        if (broken.has(broker.name)) continue;
        this.say(round === 0 ? `${what}: ${broker.name}, to warm up` : `${what}: ${broker.name}, run ${round}`);
        settleDisk();
        try {
          const readings = await load.run(broker, this);
          if (round > 0) this.record(broker.name, readings);
        } catch (error) {
          broken.add(broker.name);
          this.note(`${what}, ${broker.name}: ${(error as Error).message}`);
        }
      }
    }
    this.report(load.rows);
  }

  record(engine: EngineName, readings: Readings): void {
    for (const [key, value] of Object.entries(readings)) {
      let runs = this.#readings.get(key);
      if (runs === undefined) {
        runs = {};
        this.#readings.set(key, runs);
      }
      const values = runs[engine] ?? [];
      values.push(value);
      runs[engine] = values;
    }
  }

  report(rows: readonly Row[]): void {
    for (const row of rows) {
      const outcome = judge(row, (this.#readings.get(row.key) ?? {}) as Runs);
      if (this.outcomes.length === 0) process.stdout.write(`${headLine()}\n`);
      this.outcomes.push(outcome);
      process.stdout.write(`${outcomeLine(outcome)}\n`);
    }
  }

  /** Stops what runs and removes what lies about. */
  async close(): Promise<void> {
    for (const broker of this.#made) await broker.stop();
    fs.rmSync(this.settings.directory, { recursive: true, force: true });
  }

  /** A file with `lines` lines of 99 bytes and a newline, the same for all runs. */
  inputFile(lines: number, lineAt: (index: number) => string): string {
    const file = path.join(this.settings.directory, `lines-${lines}`);
    if (fs.existsSync(file)) return file;
    const handle = fs.openSync(file, 'w');
    for (let at = 0; at < lines; at += 10_000) {
      const chunk = Array.from({ length: Math.min(10_000, lines - at) }, (_, i) => `${lineAt(at + i)}\n`);
      fs.writeSync(handle, chunk.join(''));
    }
    fs.closeSync(handle);
    return file;
  }

  #failed(engine: Engine, error: unknown): null {
    this.note(`${engine.name}: ${(error as Error).message}`);
    return null;
  }
}
