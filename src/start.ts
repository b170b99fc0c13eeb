/**
 * The command path: from the words of the command line to an exit code. Start-up is a feature, so this file imports only
 * what every command needs; the command's own file is loaded by name. The process itself belongs to bin/kts.js.
 */
import type { ReadStream } from 'node:tty';
import { EXIT, KtsError } from './base/kts-error.ts';
import type { CommandContext, StopReason } from './console/command.ts';
import { COMMANDS } from './console/command-table.ts';
import { openInput } from './console/input.ts';
import { DescriptorOutput, isClosedPipe } from './console/output.ts';
import { runCommand } from './console/run-command.ts';
import { versionText } from './console/version-text.ts';
import { nodeRuntime } from './runtime/node-runtime.ts';

export interface StartIo {
  readonly stdin: ReadStream;
  readonly env: NodeJS.ProcessEnv;
  readonly onStop: (stop: (why: StopReason) => void) => () => void;
}

const HELP_WORDS = new Set(['--help', '-h', 'help', '-?']);
const VERSION_WORDS = new Set(['--version', '-v', 'version']);

async function withoutCommand(
  word: string | undefined,
  rest: readonly string[],
  context: CommandContext,
): Promise<number> {
  const output = context.output;
  if (word !== undefined && VERSION_WORDS.has(word)) output.out(versionText());
  else if (word === undefined || HELP_WORDS.has(word)) {
    const topic = rest[0];
    const load = topic === undefined ? undefined : COMMANDS[topic];
    if (load !== undefined) return runCommand((await load()).default, ['--help'], context);
    const { overview } = await import('./console/help.ts');
    output.out(overview());
  } else {
    const { nearestWord } = await import('./config/nearest.ts');
    const near = nearestWord(word, Object.keys(COMMANDS));
    throw new KtsError(`there is no command '${word}'`, {
      hint: near === undefined ? 'kts --help lists the commands' : `did you mean kts ${near}?`,
      exitCode: EXIT.usage,
    });
  }
  output.flush();
  return EXIT.ok;
}

/** The exit code; rejects with what the executable prints as one line of cause and one of way out. */
export async function start(argv: readonly string[], io: StartIo): Promise<number> {
  const context: CommandContext = {
    manner: io.env['KTS_STRICT'] ? 'strict' : 'own',
    env: io.env,
    output: new DescriptorOutput(io.env),
    runtime: nodeRuntime,
    input: () => openInput(nodeRuntime, () => io.stdin),
    onStop: io.onStop,
  };
  const [word, ...rest] = argv;
  const load = word === undefined || !Object.hasOwn(COMMANDS, word) ? undefined : COMMANDS[word];
  try {
    if (load === undefined) return await withoutCommand(word, rest, context);
    return await runCommand((await load()).default, rest, context);
  } catch (error) {
    if (isClosedPipe(error)) return EXIT.ok;
    throw error;
  }
}
