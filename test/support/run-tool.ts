/** Runs a command in this process, with its input and outputs in memory, from its words to its exit code. */
import { KtsError } from '../../src/base/kts-error.ts';
import type { CommandContext, StopReason } from '../../src/console/command.ts';
import { COMMANDS } from '../../src/console/command-table.ts';
import type { Input } from '../../src/console/input.ts';
import type { Output } from '../../src/console/output.ts';
import { runCommand } from '../../src/console/run-command.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';

export class MemoryOutput implements Output {
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly colour: boolean;
  readonly chunks: Buffer[] = [];
  errors = '';

  readonly #onOutput: ToolOptions['onOutput'];

  constructor({ terminal, onOutput }: ToolOptions) {
    this.#onOutput = onOutput;
    this.outIsTerminal = terminal !== undefined;
    this.errIsTerminal = this.outIsTerminal;
    this.colour = terminal?.colour ?? false;
  }

  out(text: string): void {
    this.chunks.push(Buffer.from(text));
    this.#onOutput?.(text);
  }

  err(text: string): void {
    this.errors += text;
  }

  bytes(data: Uint8Array, start: number, end: number): void {
    const piece = Buffer.from(data.subarray(start, end));
    this.chunks.push(piece);
    this.#onOutput?.(piece.toString());
  }

  flush(): void {}

  isAbandoned(): boolean {
    return false;
  }
}

class MemoryInput implements Input {
  readonly isTerminal: boolean;
  #rest: Buffer;

  constructor(bytes: Buffer, isTerminal: boolean) {
    this.#rest = bytes;
    this.isTerminal = isTerminal;
  }

  read(target: Buffer, at: number): number {
    // A terminal hands out one line at a time.
    const end = this.isTerminal ? this.#rest.indexOf(10) + 1 || this.#rest.length : this.#rest.length;
    const bytes = this.#rest.copy(target, at, 0, end);
    this.#rest = this.#rest.subarray(bytes);
    return bytes;
  }

  stop(): void {
    this.#rest = Buffer.alloc(0);
  }
}

export interface ToolRun {
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface ToolOptions {
  readonly manner?: 'own' | 'strict';
  readonly stdin?: Buffer | string;
  readonly env?: Readonly<Record<string, string>>;
  /** Both outputs and the input are a terminal of this size. */
  readonly terminal?: { readonly columns: number; readonly rows: number; readonly colour?: boolean };
  /** Called with each piece of stdout. */
  readonly onOutput?: (text: string) => void;
  /** Receives the function that asks the command to stop. */
  readonly onStart?: (stop: (why: StopReason) => void) => void;
}

export async function runTool(argv: readonly string[], options: ToolOptions = {}): Promise<ToolRun> {
  const [name = '', ...words] = argv;
  const output = new MemoryOutput(options);
  const stops = new Set<(why: StopReason) => void>();
  const { terminal } = options;
  const input = new MemoryInput(Buffer.from(options.stdin ?? ''), terminal !== undefined);
  const context: CommandContext = {
    manner: options.manner ?? 'own',
    env: options.env ?? {},
    output,
    runtime: nodeRuntime,
    input: () => input,
    ...(terminal === undefined ? {} : { terminal: { ...terminal, onResize: () => () => undefined } }),
    onStop: (stop) => {
      stops.add(stop);
      return () => stops.delete(stop);
    },
  };
  options.onStart?.((why) => {
    for (const stop of stops) stop(why);
  });
  const load = COMMANDS[name];
  if (load === undefined) throw new TypeError(`there is no command ${name}`);
  let exitCode: number;
  try {
    exitCode = await runCommand((await load()).default, words, context);
  } catch (error) {
    // What bin/kts.js prints.
    if (!(error instanceof KtsError)) throw error;
    output.err(`kts: ${error.message.replace(/\s*\n\s*/g, ' ')}\n`);
    if (error.hint) output.err(`     ${error.hint}\n`);
    exitCode = error.exitCode;
  }
  const stdoutBytes = Buffer.concat(output.chunks);
  return { stdout: stdoutBytes.toString(), stdoutBytes, stderr: output.errors, exitCode };
}
