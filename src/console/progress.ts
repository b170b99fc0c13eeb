/**
 * What takes long is told on stderr while it lasts, on a terminal only and in the own manner only. The spinner (ora) is
 * loaded when the work has lasted a moment; a short command never pays for it.
 */
import type { CommandContext } from './command.ts';

const PATIENCE_MS = 400;
const REFRESH_MS = 200;

export interface Progress {
  /** Takes the line away. */
  stop(): void;
}

const NONE: Progress = { stop: () => undefined };

export function canSpin(context: CommandContext): boolean {
  const { env, output } = context;
  return context.manner === 'own' && output.errIsTerminal && !env['CI'] && env['TERM'] !== 'dumb';
}

class Spinner implements Progress {
  readonly #context: CommandContext;
  readonly #text: () => string;
  #timer: { cancel(): void };
  #end: () => void = () => undefined;
  #stopped = false;

  constructor(context: CommandContext, text: () => string) {
    this.#context = context;
    this.#text = text;
    this.#timer = context.runtime.timers.after(PATIENCE_MS, () => void this.#start(), { unref: true });
  }

  async #start(): Promise<void> {
    const { default: ora } = await import('ora');
    if (this.#stopped) return;
    const color = this.#context.env['NO_COLOR'] ? false : 'cyan';
    // stdin stays as it is: Ctrl-C is a signal, and input may be data.
    const spinner = ora({ text: this.#text(), color, isEnabled: true, discardStdin: false }).start();
    this.#end = () => spinner.stop();
    const refresh = (): void => {
      spinner.text = this.#text();
      this.#timer = this.#context.runtime.timers.after(REFRESH_MS, refresh, { unref: true });
    };
    refresh();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.cancel();
    this.#end();
  }
}

/** `text` is asked again and again. */
export function startProgress(context: CommandContext, text: () => string): Progress {
  return canSpin(context) ? new Spinner(context, text) : NONE;
}

/** `1234567` as `1,234,567`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}
