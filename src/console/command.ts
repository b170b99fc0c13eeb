/**
 * What every command is: a class with its option table. `run` does the work and returns data, `render` prints it. A
 * command never ends the process, never reads the environment but through its context, and throws for every failure.
 */
import type { Runtime } from '../runtime/runtime.ts';
import type { CommandError } from './command-error.ts';
import type { Input } from './input.ts';
import type { ToolTable } from './options/table.ts';
import type { Output } from './output.ts';
import type { ParsedOptions } from './parser/parsed-options.ts';
import type { Shown } from './show/shown.ts';

export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGBREAK' | 'EPIPE';

/** The terminal behind stdout. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly onResize: (resized: () => void) => () => void;
}

export interface CommandContext {
  /** `strict`: streams, words and exit codes of Kafka's tools, and no additions. */
  readonly manner: 'own' | 'strict';
  readonly env: NodeJS.ProcessEnv;
  readonly output: Output;
  readonly runtime: Runtime;
  /** Standard input; opened only when used. */
  readonly input: () => Input;
  /** Runs when the process is asked to end; the returned function takes it back. */
  readonly onStop: (stop: (why: StopReason) => void) => () => void;
  /** Of the own manner: ends the command with this error, whatever it still waits for. */
  readonly giveUp?: (error: Error) => void;
  /** Opened only when something is drawn. */
  readonly terminal?: Terminal;
}

/** How the strict manner says a failure. */
export interface StrictAnswer {
  readonly out?: string;
  readonly err?: string;
  readonly exitCode: number;
}

export abstract class Command<Data = void> {
  readonly context: CommandContext;
  readonly options: ParsedOptions;
  /** Of a run that came to its end. */
  exitCode = 0;
  /** Of a run that --watch repeats: what was waited for has come, and the next look would see the same. */
  isSettled = false;

  constructor(context: CommandContext, options: ParsedOptions) {
    this.context = context;
    this.options = options;
  }

  abstract run(): Promise<Data>;

  /** Prints what `run` returned. */
  abstract render(data: Data): void;

  /** The same for tables, JSON, YAML and CSV; undefined where the text is all there is. */
  show?(data: Data): Promise<Shown | undefined>;

  get strict(): boolean {
    return this.context.manner === 'strict';
  }

  protected print(line: string): void {
    this.context.output.out(`${line}\n`);
  }
}

export interface CommandClass {
  readonly table: ToolTable;
  /** The strict manner's words for a failure; the default is one line on stderr and 1. */
  readonly strictAnswer?: (error: CommandError, argv: readonly string[]) => StrictAnswer;
  /** Its `--output` is its own: records are shown as they come. */
  readonly ownOutput?: boolean;
  new (context: CommandContext, options: ParsedOptions): Command<unknown>;
}
