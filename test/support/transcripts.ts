/**
 * Recorded runs of Kafka's tools (test/fixtures/transcripts): their reader, and the comparison of what was printed with
 * what was recorded, where placeholders stand for ids, times and addresses.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface TranscriptCase {
  readonly id: string;
  readonly argv: readonly string[];
  /** How it was ended from outside. */
  readonly end: string | undefined;
  readonly stdin: Buffer;
  readonly files: ReadonlyMap<string, string>;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly log: readonly string[];
  /** Recorded in a terminal. */
  readonly isTerminal: boolean;
  readonly exitCode: number;
}

interface Section {
  readonly lines: string[];
  newline: boolean;
}

function readLine(raw: string): string | undefined {
  if (raw.startsWith('|= ')) return JSON.parse(raw.slice(3)) as string;
  if (raw === '|') return '';
  return raw.startsWith('| ') ? raw.slice(2) : undefined;
}

function textOf(section: Section | undefined): string {
  if (section === undefined || section.lines.length === 0) return '';
  return section.lines.join('\n') + (section.newline ? '\n' : '');
}

function parseCase(block: string): TranscriptCase {
  const lines = block.split('\n');
  const sections = new Map<string, Section>();
  let current: Section | undefined;
  let argv: string[] = [];
  let end: string | undefined;
  let exitCode = 0;
  for (const raw of lines.slice(1)) {
    const content = readLine(raw);
    if (content !== undefined) current?.lines.push(content);
    else if (raw.startsWith('\\ no newline') && current !== undefined) current.newline = false;
    else if (raw.startsWith('argv: ')) argv = JSON.parse(raw.slice(6)) as string[];
    else if (raw.startsWith('end: ')) end = raw.slice(5);
    else if (raw.startsWith('--- exit ')) exitCode = Number(raw.slice(9));
    else if (raw.startsWith('--- ')) {
      current = { lines: [], newline: true };
      sections.set(raw.slice(4), current);
    }
  }
  const files = new Map<string, string>();
  for (const [name, section] of sections) if (name.startsWith('file ')) files.set(name.slice(5), textOf(section));
  const base64 = sections.get('stdin-base64');
  return {
    id: (lines[0] as string).trim(),
    argv,
    end,
    stdin:
      base64 === undefined ? Buffer.from(textOf(sections.get('stdin'))) : Buffer.from(base64.lines.join(''), 'base64'),
    files,
    stdout: sections.get('stdout')?.lines ?? [],
    stderr: sections.get('stderr')?.lines ?? [],
    log: sections.get('log')?.lines ?? [],
    isTerminal: sections.has('terminal'),
    exitCode,
  };
}

export function readTranscript(tool: string): TranscriptCase[] {
  const path = fileURLToPath(new URL(`../fixtures/transcripts/${tool}.txt`, import.meta.url));
  return readFileSync(path, 'utf8').split(/^=== /m).slice(1).map(parseCase);
}

/** What a placeholder stands for in every run; `<BOOTSTRAP>` and the like are replaced before. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  UUID: '[A-Za-z0-9_-]{22}',
  UUID36: '[0-9a-f-]{36}',
  TOPIC_ID: '[A-Za-z0-9_-]{22}',
  CLUSTER_ID: '[A-Za-z0-9_-]{22}',
  TS: '\\d{13}',
  N: '\\d+',
  PLAN: '\\{"version":1,"partitions":\\[.*\\]\\}',
  BYTES: '\\[-?\\d[-0-9, ]*\\]',
};

export type Substitutions = Readonly<Record<string, string>>;

/** `<NAME>` by what it stands for in this run. */
export function substitute(text: string, values: Substitutions): string {
  return text.replace(/<([A-Z0-9_]+)>/g, (whole, name: string) => {
    if (/^[NZ]\d+$/.test(name)) return name[0]!.toLowerCase().repeat(Number(name.slice(1)));
    return values[name] ?? whole;
  });
}

function pattern(line: string, values: Substitutions): RegExp {
  const escaped = substitute(line, values).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // Columns were padded to the real values: blanks compare as runs.
  const source = escaped
    .replace(/<([A-Z0-9_]+)>/g, (whole, name: string) => PLACEHOLDERS[name] ?? whole)
    .replace(/ +/g, ' +');
  return new RegExp(`^${source} *$`);
}

/** Lines of these kinds are noise that we leave out on purpose. */
const NOISE = /^<(?:USAGE|DESCRIPTION|REBALANCE-HINT|HELP)|^\t<STACK>|^Caused by: |^ at \[Source/;
const STACK_HEAD = /^(?:Exception in thread "main" )?(?:[a-z]+\.)+[A-Z]\w+(?:Exception|Error): /;

/** The lines of stderr that we print too: one line where Kafka prints a stack trace. */
export function expectedErrors(lines: readonly string[]): string[] {
  const kept = lines.filter((line) => !NOISE.test(line));
  while (kept.at(-1) === '') kept.pop();
  // The message, and then the same again as the head of its stack trace.
  return kept.filter(
    (line, i) => !(i > 0 && STACK_HEAD.test(line) && kept.slice(0, i).some((l) => line.endsWith(l) && l !== '')),
  );
}

export interface Difference {
  readonly expected: readonly string[];
  readonly actual: readonly string[];
}

/** Undefined when they agree. `anyOrder`: the lines may come in any order. */
export function compareLines(
  expected: readonly string[],
  actual: readonly string[],
  values: Substitutions,
  anyOrder: boolean,
): Difference | undefined {
  const difference = { expected, actual };
  if (expected.length !== actual.length) return difference;
  const left = [...actual];
  for (const line of expected) {
    const regex = pattern(line, values);
    const at = anyOrder ? left.findIndex((other) => regex.test(other)) : regex.test(left[0] as string) ? 0 : -1;
    if (at < 0) return difference;
    left.splice(at, 1);
  }
  return undefined;
}

/** Without the last newline; an empty text has no lines. */
export function linesOf(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}
