/** What somebody does at terminals: runs commands and sees what they print, types into one and watches another. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Printed {
  readonly code: number | null;
  readonly text: string;
}

/** A command that goes on in another window. */
export class Window {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #text = '';
  #stdout = '';

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('close', resolve));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.#text += bytes.toString();
      });
    }
    child.stdout?.on('data', (bytes: Buffer) => {
      this.#stdout += bytes.toString();
    });
    child.stdin?.on('error', () => {});
  }

  /** Without what went to stderr. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Resolves when the command has come to its end; rejects when it does not. */
  async ended(patienceMs: number): Promise<void> {
    const inTime = await Promise.race([this.#exited.then(() => true), sleep(patienceMs, false, { ref: false })]);
    if (!inTime) throw new Error(`${this.name} does not end: ${this.#text.slice(-500)}`);
  }

  get text(): string {
    return this.#text;
  }

  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async untilShows(text: string, patienceMs = 30_000): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!this.#text.includes(text)) {
      if (Date.now() > deadline) throw new Error(`${this.name} does not show "${text}": ${this.#text.slice(-500)}`);
      await sleep(20);
    }
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    this.#child.kill('SIGINT');
    const inTime = await Promise.race([this.#exited.then(() => true), sleep(5_000, false, { ref: false })]);
    if (!inTime) this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

export interface TerminalOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
  readonly say: (line: string) => void;
}

export class Terminal {
  readonly #options: TerminalOptions;
  readonly #windows: Window[] = [];

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  heading(text: string): void {
    this.#options.say(`\n## ${text}\n`);
  }

  remark(text: string): void {
    this.#options.say(`# ${text}`);
  }

  #spawn(command: string): ChildProcess {
    const { env, directory } = this.#options;
    return spawn('/bin/sh', ['-c', `exec ${command}`], { env, cwd: directory, stdio: 'pipe' });
  }

  async #once(command: string, input = ''): Promise<Printed> {
    const child = this.#spawn(command);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        text += bytes.toString();
      });
    }
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, text };
  }

  #show(command: string, text: string): void {
    this.#options.say(`$ ${command}`);
    if (text.trim() !== '') this.#options.say(text.trimEnd());
  }

  /** Runs a command that is expected to succeed. */
  async run(command: string, input?: string): Promise<string> {
    const { code, text } = await this.#once(command, input);
    this.#show(command, text);
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${text}`);
    return text;
  }

  /** Runs a command that is expected to fail. */
  async fails(command: string, input?: string): Promise<string> {
    const { code, text } = await this.#once(command, input);
    this.#show(command, text);
    if (code === 0) throw new Error(`${command} has succeeded: ${text}`);
    return text;
  }

  /** Runs a command again and again until what it prints is as wanted; only the last time is shown. */
  async until(command: string, isSo: (text: string) => boolean, patienceMs = 45_000): Promise<string> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const { text } = await this.#once(command);
      if (isSo(text)) {
        this.#show(command, text);
        return text;
      }
      if (Date.now() > deadline) throw new Error(`${command} does not come to what is wanted: ${text}`);
      await sleep(100);
    }
  }

  open(name: string, command: string): Window {
    this.#options.say(`$ ${command}          # in another window`);
    const window = new Window(name, this.#spawn(command));
    this.#windows.push(window);
    return window;
  }

  async close(): Promise<void> {
    await Promise.all(this.#windows.map((window) => window.close()));
  }
}
