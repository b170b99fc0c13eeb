/** Lines typed at a terminal, with history and the Tab key. */
import { createInterface, type Interface } from 'node:readline';

export interface LineEditorOptions {
  readonly prompt: () => string;
  /** What may stand in the place of the last word. */
  readonly complete: (line: string) => Promise<readonly string[]>;
}

/** One line after the other, until the input ends or Ctrl-C or Ctrl-D is typed. `use` decides when the next may come. */
export async function editLines(
  options: LineEditorOptions,
  use: (line: string) => Promise<'go on' | 'end'>,
): Promise<readonly string[]> {
  const completer = (line: string, done: (error: Error | null, found: [string[], string]) => void): void => {
    const word = line.slice(line.lastIndexOf(' ') + 1);
    options.complete(line).then(
      (found) => done(null, [[...found], word]),
      () => done(null, [[], word]),
    );
  };
  const editor = createInterface({ input: process.stdin, output: process.stdout, completer, historySize: 1000 });
  editor.on('SIGINT', () => editor.close());
  const history: string[] = [];
  try {
    for (;;) {
      const line = await ask(editor, options.prompt());
      if (line === null) return history;
      if (line.trim() !== '') history.push(line);
      if ((await use(line)) === 'end') return history;
    }
  } finally {
    editor.close();
  }
}

/** Null when there will be no more lines. */
function ask(editor: Interface, prompt: string): Promise<string | null> {
  return new Promise((resolve) => {
    const ended = () => resolve(null);
    editor.once('close', ended);
    editor.question(prompt, (line) => {
      editor.off('close', ended);
      resolve(line);
    });
  });
}
