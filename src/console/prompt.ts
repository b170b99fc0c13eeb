/** One line of an answer, typed at a terminal. */
import type { CommandContext } from './command.ts';

const LINE_BYTES = 4096;

/** Undefined when the input ends. A terminal hands out one line at a time, so nothing behind it is swallowed. */
export async function readLine(context: CommandContext): Promise<string | undefined> {
  const input = context.input();
  const line = Buffer.alloc(LINE_BYTES);
  let length = 0;
  while (length < LINE_BYTES) {
    const bytes = await input.read(line, length);
    if (bytes === 0) return undefined;
    length += bytes;
    const newline = line.subarray(0, length).indexOf(10);
    if (newline >= 0) return line.toString('utf8', 0, newline);
  }
  return line.toString();
}
