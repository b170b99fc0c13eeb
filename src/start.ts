/**
 * The command path: from the words of the command line to an exit code. Start-up is a feature, so this file imports only
 * what every command needs; the command's own file is loaded by name. The process itself belongs to bin/kts.js.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import { EXIT, KtsError } from './base/kts-error.ts';
import type { CommandContext, StopReason, Terminal } from './console/command.ts';
import { COMMANDS } from './console/command-table.ts';
import { type Input, openInput } from './console/input.ts';
import { DescriptorOutput, isClosedPipe } from './console/output.ts';
import { runCommand } from './console/run-command.ts';
import { versionText } from './console/version-text.ts';
import { nodeRuntime } from './runtime/node-runtime.ts';

export interface StartIo {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly env: NodeJS.ProcessEnv;
  readonly onStop: (stop: (why: StopReason) => void) => () => void;
}

const HELP_WORDS = new Set(['--help', '-h', 'help', '-?']);
const VERSION_WORDS = new Set(['--version', '-v', 'version']);

async function unknownCommand(word: string): Promise<KtsError> {
  const { nearestWord } = await import('./config/nearest.ts');
  const near = nearestWord(word, Object.keys(COMMANDS));
  return new KtsError(`there is no command '${word}'`, {
    hint: near === undefined ? 'kts --help lists the commands' : `did you mean kts ${near}?`,
    exitCode: EXIT.usage,
  });
}

async function withoutCommand(
  word: string | undefined,
  rest: readonly string[],
  context: CommandContext,
): Promise<number> {
  if (word !== undefined && VERSION_WORDS.has(word)) {
    context.output.out(versionText());
    context.output.flush();
    return EXIT.ok;
  }
  if (word !== undefined && !HELP_WORDS.has(word)) throw await unknownCommand(word);
  const [about] = rest;
  if (about !== undefined && !Object.hasOwn(COMMANDS, about)) throw await unknownCommand(about);
  const { showHelp } = await import('./console/oclif/show-help.ts');
  await showHelp(context, rest.slice(0, 2));
  return EXIT.ok;
}

function terminalOf(io: StartIo): Terminal {
  return {
    get columns() {
      return io.stdout.columns ?? 80;
    },
    get rows() {
      return io.stdout.rows ?? 24;
    },
    onResize: (resized) => {
      const { stdout } = io;
      stdout.on('resize', resized);
      return () => stdout.off('resize', resized);
    },
  };
}

/** `kafka.Kafka` and the like: what runs Kafka's classes names them. */
async function wordsOfClass(javaClass: string, behind: readonly string[]): Promise<readonly [string, ...string[]]> {
  const { wordsOfOldClass, toolOfClass } = await import('./console/java-classes.ts');
  const tool = toolOfClass(javaClass);
  if (tool !== undefined && Object.hasOwn(COMMANDS, tool)) return [tool];
  const old = wordsOfOldClass(javaClass, behind);
  if (old !== undefined) return old;
  throw new KtsError(`Could not find or load main class ${javaClass}: kts has no such tool`, {
    hint: 'kts --help lists the commands',
  });
}

/** The exit code; rejects with what the executable prints as one line of cause and one of way out. */
export async function start(argv: readonly string[], io: StartIo): Promise<number> {
  let input: Input | undefined;
  const context: CommandContext = {
    manner: io.env['KTS_STRICT'] ? 'strict' : 'own',
    env: io.env,
    output: new DescriptorOutput(io.env),
    runtime: nodeRuntime,
    input: () => {
      input ??= openInput(nodeRuntime, () => io.stdin);
      return input;
    },
    onStop: io.onStop,
    terminal: terminalOf(io),
  };
  const [typed, ...behind] = argv;
  const [word, ...more] = typed?.includes('.') ? await wordsOfClass(typed, behind) : [typed];
  const rest = [...more, ...behind];
  const load = word === undefined || !Object.hasOwn(COMMANDS, word) ? undefined : COMMANDS[word];
  try {
    if (load === undefined) return await withoutCommand(word, rest, context);
    return await runCommand((await load()).default, rest, context);
  } catch (error) {
    if (isClosedPipe(error)) return EXIT.ok;
    throw error;
  }
}
