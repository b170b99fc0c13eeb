/** Runs a script of tool runs against a live node: one after the other, with tools in the background. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from './node.ts';
import type { RunningTool, ToolLoop } from './tool-loop.ts';
import { normalise, type Surroundings } from './tool-normalise.ts';
import { type Case, type Outcome, splitWords } from './tool-script.ts';

const UNTIL_TIMEOUT_MS = 60_000;
/** A node that has answered a change may tell of it a moment later; Kafka's does too. */
const SETTLE_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
/** A case that only asks may be asked again. */
const ASKS = /--(describe|list|status|replication)\b|^get-offsets|^features .*describe/;

export class ScriptRunner {
  readonly #tools: ToolLoop;
  readonly #around: Surroundings;
  readonly #background = new Map<string, RunningTool>();

  constructor(tools: ToolLoop, home: Home) {
    this.#tools = tools;
    const directory = fs.mkdtempSync(path.join(path.dirname(home.properties), 'files-'));
    this.#around = { bootstrap: home.bootstrap, controller: home.controller, data: home.logDirectory, directory };
  }

  /** Runs a case, again while it asks and the answer is not `expected` yet; what it printed, normalised. */
  async run(one: Case, expected: Outcome | null): Promise<Outcome> {
    this.#writeFiles(one);
    const deadline = Date.now() + SETTLE_TIMEOUT_MS;
    for (;;) {
      const outcome = normalise(await this.#once(one), this.#around, one.fields);
      const settled = expected === null ? settles(one, outcome) : sameOutcome(outcome, expected);
      if (settled || !ASKS.test(one.fields.get('argv') ?? '') || Date.now() > deadline) return outcome;
      await sleep(POLL_MS);
    }
  }

  async #once(one: Case): Promise<Outcome> {
    const stop = one.fields.get('stop');
    if (stop !== undefined) return { ...(await this.#take(stop).stop()), code: null };
    const [tool, ...args] = this.#words(one) as [string, ...string[]];
    const stdin = this.#fill(one.stdin);
    const name = one.fields.get('background');
    if (name === undefined) return this.#tools.run(tool, args, stdin);
    const running = this.#tools.start(tool, args, stdin);
    this.#background.set(name, running);
    await this.#printed(running, one.fields.get('until') ?? '');
    return { code: null, stdout: '', stderr: '' };
  }

  #take(name: string): RunningTool {
    const running = this.#background.get(name);
    if (running === undefined) throw new Error(`nothing runs in the background as ${name}`);
    this.#background.delete(name);
    return running;
  }

  async #printed(running: RunningTool, text: string): Promise<void> {
    const deadline = Date.now() + UNTIL_TIMEOUT_MS;
    let ended = false;
    running.finished.then(
      () => {
        ended = true;
      },
      () => {
        ended = true;
      },
    );
    for (;;) {
      const last = ended;
      const { stdout, stderr } = await running.printed();
      if (stdout.includes(text) || stderr.includes(text)) return;
      if (last || Date.now() > deadline) throw new Error(`"${text}" was not printed: ${stdout}${stderr}`);
      await sleep(POLL_MS);
    }
  }

  #words(one: Case): string[] {
    const argv = one.fields.get('argv');
    if (argv === undefined) throw new Error(`the case ${one.id} has no argv`);
    return splitWords(argv).flatMap((word) => {
      if (word === 'B') return ['--bootstrap-server', this.#around.bootstrap];
      if (word === 'C') return ['--bootstrap-controller', this.#around.controller];
      return [this.#fill(word)];
    });
  }

  #fill(text: string): string {
    return text
      .replaceAll('<BOOTSTRAP>', this.#around.bootstrap)
      .replaceAll('<CONTROLLER>', this.#around.controller)
      .replaceAll('<DATA>', this.#around.data)
      .replaceAll('<DIR>', this.#around.directory)
      .replaceAll(/<([A-Z])(\d+)>/g, (_, letter: string, count: string) => letter.repeat(Number(count)));
  }

  #writeFiles(one: Case): void {
    for (const [name, text] of one.files) fs.writeFileSync(path.join(this.#around.directory, name), this.#fill(text));
  }
}

/** For a recording: whether what the case waits for has been printed. */
function settles(one: Case, outcome: Outcome): boolean {
  return outcome.stdout.includes(one.fields.get('settles') ?? '');
}

function sameOutcome(a: Outcome, b: Outcome): boolean {
  return a.code === b.code && a.stdout === b.stdout && a.stderr === b.stderr;
}
