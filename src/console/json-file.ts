/**
 * JSON that a command is given in a file, or in the own manner on standard input (`-`). What is wrong with it is said in
 * the words of Jackson, which reads it in Kafka's tools, and in the own manner in ours, with the place.
 */
import { EXIT } from '../base/kts-error.ts';
import type { CommandContext } from './command.ts';
import { CommandError } from './command-error.ts';
import { scanJson } from './json-fault.ts';

const CHUNK_BYTES = 65_536;

/** Something is wrong in a file: usage, as for a person; one of Kafka's exceptions of the work, for the strict manner. */
export function fileError(message: string, strictText = message, hint?: string): CommandError {
  return new CommandError(message, {
    stage: 'run',
    exitCode: EXIT.usage,
    strictText,
    ...(hint === undefined ? {} : { hint }),
  });
}

async function standardInput(context: CommandContext): Promise<string> {
  const input = context.input();
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const size = await input.read(chunk, 0);
    if (size === 0) return Buffer.concat(chunks).toString();
    chunks.push(chunk.subarray(0, size));
  }
}

export async function readText(context: CommandContext, path: string): Promise<string> {
  if (path === '-' && context.manner === 'own') return standardInput(context);
  try {
    return context.runtime.files.readFileSync(path).toString();
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CommandError(
      absent ? `there is no file ${path}` : `${path} cannot be read: ${(error as Error).message}`,
      {
        stage: 'run',
        exitCode: absent ? EXIT.notFound : EXIT.usage,
        strictText: `Unable to read file ${path}`,
        cause: error,
      },
    );
  }
}

/** `strictText`: what the tool says of anything that is no JSON; Jackson's own words without it. */
export function parseJson(context: CommandContext, text: string, path: string, strictText?: string): unknown {
  // Jackson stops behind the first value, whatever follows.
  const end = scanJson(text);
  const isEmpty = text.trim() === '';
  // It takes blanks for a document without a value, and only no text at all for a fault.
  if (isEmpty && text !== '' && context.manner === 'strict') return undefined;
  if (typeof end === 'number') {
    const isWhole = context.manner === 'strict' || text.slice(end).trim() === '';
    if (isWhole) return JSON.parse(text.slice(0, end));
  }
  const at = typeof end === 'number' ? end : end.at;
  const before = text.slice(0, at).split('\n');
  const where = isEmpty ? 'it is empty' : `line ${before.length}, column ${(before.at(-1) as string).length + 1}`;
  const jackson = isEmpty || typeof end === 'number' ? "The input string shouldn't be empty" : end.jacksonText;
  throw fileError(`${path === '-' ? 'standard input' : path} is not JSON: ${where}`, strictText ?? jackson);
}

// ---- what is expected of a value ----

const INT32_MAX = 2_147_483_647;

const shown = (value: unknown) => JSON.stringify(value) ?? '';

export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fileError(`{…} is expected, not ${shown(value)}`, `Expected JSON object, received ${shown(value)}`);
  }
  return value as Record<string, unknown>;
}

export function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw fileError(`[…] is expected, not ${shown(value)}`, `Expected JSON array, received ${shown(value)}`);
  }
  return value;
}

export function field(object: Readonly<Record<string, unknown>>, name: string): unknown {
  if (!Object.hasOwn(object, name)) {
    throw fileError(`"${name}" is missing in ${shown(object)}`, `No such field exists: \`${name}\``);
  }
  return object[name];
}

export function asInteger(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value > INT32_MAX || value < -INT32_MAX - 1) {
    throw fileError(
      `a number of 32 bits is expected, not ${shown(value)}`,
      `Expected \`Integer\` value, received ${shown(value)}`,
    );
  }
  return value;
}

export function asString(value: unknown): string {
  if (typeof value !== 'string') {
    throw fileError(`a string is expected, not ${shown(value)}`, `Expected \`String\` value, received ${shown(value)}`);
  }
  return value;
}

export function asList<T>(value: unknown, each: (item: unknown) => T): T[] {
  if (!Array.isArray(value)) {
    throw fileError(`[…] is expected, not ${shown(value)}`, `Expected \`JSON array\` value, received ${shown(value)}`);
  }
  return value.map(each);
}
