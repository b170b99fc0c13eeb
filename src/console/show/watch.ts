/**
 * `--watch`: the same question again and again. On a terminal each answer is drawn over the one before, cut to the screen
 * and drawn anew when its size changes; elsewhere the answers follow each other. A broker that is away for a while is
 * told of, not given up on. Ctrl-C ends it, or the end of what a command waits for.
 */
import { stripVTControlCharacters } from 'node:util';
import { EXIT, KtsError } from '../../base/kts-error.ts';
import type { CommandClass, CommandContext, StopReason } from '../command.ts';
import { usageError } from '../command-error.ts';
import type { Output } from '../output.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { printData } from './print.ts';
import type { Format } from './shown.ts';
import { displayWidth } from './width.ts';

const DEFAULT_SECONDS = 2;
const LEAST_SECONDS = 0.1;
const HOME = '\u001b[H';
const CLEAR = '\u001b[2J\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** What a command prints, kept until the picture is whole. */
class PictureOutput implements Output {
  readonly #real: Output;
  text = '';

  constructor(real: Output) {
    this.#real = real;
  }

  get outIsTerminal(): boolean {
    return this.#real.outIsTerminal;
  }

  get errIsTerminal(): boolean {
    return false;
  }

  get colour(): boolean {
    return this.#real.colour;
  }

  out(text: string): void {
    this.text += text;
  }

  err(text: string): void {
    if (this.outIsTerminal) this.text += text;
    else this.#real.err(text);
  }

  bytes(data: Uint8Array, start: number, end: number): void {
    this.text += Buffer.from(data.subarray(start, end)).toString();
  }

  flush(): void {}

  isAbandoned(): boolean {
    return this.#real.isAbandoned();
  }
}

function secondsOf(options: ParsedOptions): number {
  const text = options.value('watch');
  if (text === undefined) return DEFAULT_SECONDS;
  const seconds = /^\d+(?:\.\d+)?s?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (!(seconds >= LEAST_SECONDS && seconds <= 86_400)) {
    throw usageError(`--watch takes seconds, not '${text}'`, 'for example --watch 5');
  }
  return seconds;
}

/** Long lines take several rows; what does not fit is counted. The last row is the cursor's. */
function cutToScreen(lines: readonly string[], rows: number, columns: number): readonly string[] {
  const heights = lines.map((line) => Math.max(1, Math.ceil(displayWidth(stripVTControlCharacters(line)) / columns)));
  const available = Math.max(3, rows - 1);
  if (heights.reduce((sum, height) => sum + height, 0) <= available) return lines;
  let used = 0;
  const kept = lines.findIndex((_, i) => {
    used += heights[i] as number;
    return used > available - 1;
  });
  return [...lines.slice(0, kept), `… ${lines.length - kept} lines more`];
}

class Watch {
  readonly #CommandOf: CommandClass;
  readonly #options: ParsedOptions;
  readonly #context: CommandContext;
  readonly #format: Format;
  readonly #seconds: number;
  #wake: () => void = () => undefined;
  #stoppedBy: StopReason | undefined;
  #picture = '';
  #drawn = false;
  /** Of a look behind which nothing new would come. */
  #exitCode: number | undefined;

  constructor(CommandOf: CommandClass, options: ParsedOptions, context: CommandContext, format: Format) {
    this.#CommandOf = CommandOf;
    this.#options = options;
    this.#context = context;
    this.#format = format;
    this.#seconds = secondsOf(options);
  }

  async run(): Promise<number> {
    const release = this.#context.onStop((why) => {
      this.#stoppedBy = why;
      this.#wake();
    });
    const unsubscribe = this.#context.terminal?.onResize(() => {
      this.#drawn = false;
      this.#draw();
      // Tables fit the new width with the next answer, which comes at once.
      this.#wake();
    });
    try {
      for (let first = true; this.#stoppedBy === undefined; first = false) {
        this.#picture = await this.#look(first);
        if (this.#stoppedBy !== undefined) break;
        this.#draw();
        if (this.#exitCode !== undefined) return this.#exitCode;
        await this.#wait();
        if (this.#context.output.isAbandoned()) return EXIT.ok;
      }
    } finally {
      unsubscribe?.();
      release();
    }
    if (this.#stoppedBy === 'EPIPE') return EXIT.ok;
    return this.#stoppedBy === 'SIGTERM' ? 143 : 130;
  }

  async #look(first: boolean): Promise<string> {
    const output = new PictureOutput(this.#context.output);
    const command = new this.#CommandOf({ ...this.#context, output }, this.#options);
    try {
      await printData(command, await command.run(), this.#format);
      if (command.isSettled) this.#exitCode = command.exitCode;
    } catch (error) {
      if (first || !(error instanceof KtsError) || error.exitCode === EXIT.usage) throw error;
      output.err(`kts: ${error.message}\n`);
    }
    return output.text;
  }

  #draw(): void {
    const { output, terminal } = this.#context;
    if (!output.outIsTerminal) output.out(this.#picture);
    else {
      const time = new Date(this.#context.runtime.clock.nowMs()).toTimeString().slice(0, 8);
      const every = this.#seconds === 1 ? 'every second' : `every ${this.#seconds} seconds`;
      const lines = [`${time}, ${every}; Ctrl-C ends it`, '', ...this.#picture.replace(/^\n|\n$/g, '').split('\n')];
      const shown = cutToScreen(lines, terminal?.rows ?? 24, terminal?.columns ?? 80);
      const text = shown.map((line) => `${line}${CLEAR_LINE}\n`).join('');
      output.out(`${this.#drawn ? HOME : CLEAR}${text}${CLEAR_BELOW}`);
      this.#drawn = true;
    }
    output.flush();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#context.runtime.timers.after(this.#seconds * 1000, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
      if (this.#stoppedBy !== undefined) this.#wake();
    });
  }
}

export function watch(
  CommandOf: CommandClass,
  options: ParsedOptions,
  context: CommandContext,
  format: Format,
): Promise<number> {
  return new Watch(CommandOf, options, context, format).run();
}
