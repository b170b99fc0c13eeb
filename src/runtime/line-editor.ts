/** Lines typed at a terminal, with history and the Tab key. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { isatty } from 'node:tty';

export interface LineEditorOptions {
  readonly prompt: () => string;
  /** What may stand in the place of the last word. */
  readonly complete: (line: string) => Promise<readonly string[]>;
  /** A terminal; the process's own without these. */
  readonly input?: Readable;
  readonly output?: Writable;
}

/** Whether somebody types, and sees what is typed: `echo ls | zkCli.sh` at a terminal is read as any pipe. */
export function isAtTerminal(): boolean {
  return isatty(0) && isatty(1);
}

/**
 * One line after the other, until the input ends or Ctrl-C or Ctrl-D is typed. `use` decides when the next may come; what
 * is typed or pasted before that is kept for then. Ctrl-C waits for no line that is in use.
 */
export async function editLines(
  options: LineEditorOptions,
  use: (line: string) => Promise<'go on' | 'end'>,
): Promise<void> {
  const { input = process.stdin, output = process.stdout } = options;
  const completer = (line: string, done: (error: Error | null, found: [string[], string]) => void): void => {
    const word = line.slice(line.lastIndexOf(' ') + 1);
    options.complete(line).then(
      (found) => done(null, [[...found], word]),
      () => done(null, [[], word]),
    );
  };
  const editor = createInterface({ input, output, terminal: true, completer, historySize: 1000 });
  const typed: string[] = [];
  const interrupted = Promise.withResolvers<'end'>();
  let wake = (): void => {};
  let isClosed = false;
  editor.on('line', (line) => {
    typed.push(line);
    wake();
  });
  editor.on('close', () => {
    isClosed = true;
    wake();
  });
  editor.on('SIGINT', () => {
    interrupted.resolve('end');
    typed.length = 0;
    editor.close();
  });
  const next = async (): Promise<string | undefined> => {
    const ahead = typed.shift();
    if (ahead !== undefined) {
      // It was echoed among what the lines before it printed.
      output.write(`${options.prompt()}${ahead}\n`);
      return ahead;
    }
    if (!isClosed) {
      editor.setPrompt(options.prompt());
      editor.prompt(true);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return typed.shift();
  };
  try {
    for (;;) {
      const line = await next();
      if (line === undefined) {
        // The shell's own prompt begins a line.
        output.write('\n');
        return;
      }
      const using = use(line);
      // After Ctrl-C nobody asks any more what became of it.
      using.catch(() => {});
      if ((await Promise.race([using, interrupted.promise])) === 'end') return;
    }
  } finally {
    editor.close();
  }
}
