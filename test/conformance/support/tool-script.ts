/**
 * A script of tool runs with what each printed against Apache Kafka, as text: read, written back by the recording mode.
 *
 *     # free text
 *     # key=value                    a line of this form in the head is a property of the node
 *     === case-id
 *     note: free text
 *     argv: topics B --create        words by blanks, '...' around one with blanks; B is --bootstrap-server and the address
 *     settles: TEXT                  the case is repeated until it prints this, which takes the node a moment
 *     mask: REGEX                    what matches is no matter of the node
 *     only: REGEX                    lines that do not match are no matter of the node
 *     sorted: yes                    the order of the lines is not fixed
 *     measured: yes                  all numbers are measurements
 *     background: NAME               the tool goes on running ...
 *     until: TEXT                    ... once it has printed this text
 *     stop: NAME                     (instead of argv) ends it; what it printed is the outcome
 *     differs: reason                kts prints something else, on purpose: its sections are behind "--- kts"
 *     --- stdin | --- file NAME | --- stdout | --- stderr | --- exit N
 *     | a line
 *     \ no newline at end
 */

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Case {
  readonly id: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly stdin: string;
  readonly files: ReadonlyMap<string, string>;
  /** Lines before the recorded sections, as they stand in the file. */
  readonly source: readonly string[];
  kafka: Outcome | null;
  kts: Outcome | null;
}

export interface Script {
  readonly head: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
}

const NO_NEWLINE = '\\ no newline at end';

/** `'a b' c` -> ["a b", "c"] */
export function splitWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

function sectionText(lines: readonly string[]): string {
  const content = lines.filter((line) => line.startsWith('|')).map((line) => line.slice(2));
  if (content.length === 0) return '';
  return content.join('\n') + (lines.includes(NO_NEWLINE) ? '' : '\n');
}

function printSection(title: string, text: string): string[] {
  if (text === '') return [`--- ${title}`];
  const whole = text.endsWith('\n');
  const lines = (whole ? text.slice(0, -1) : text).split('\n');
  return [`--- ${title}`, ...lines.map((line) => (line === '' ? '|' : `| ${line}`)), ...(whole ? [] : [NO_NEWLINE])];
}

interface Sections {
  readonly title: string;
  readonly lines: string[];
}

function parseOutcome(sections: readonly Sections[]): Outcome | null {
  const find = (title: string) => sections.find((section) => section.title.startsWith(title));
  const exit = find('exit');
  if (exit === undefined) return null;
  const text = (title: string) => sectionText(find(title)?.lines ?? []);
  const code = exit.title.slice('exit '.length);
  return { code: code === 'none' ? null : Number(code), stdout: text('stdout'), stderr: text('stderr') };
}

function parseCase(block: readonly string[]): Case {
  const id = block[0]!.slice('=== '.length);
  const fields = new Map<string, string>();
  const sections: Sections[] = [];
  const source: string[] = [];
  for (const line of block) {
    if (line.startsWith('--- ')) sections.push({ title: line.slice(4), lines: [] });
    else if (sections.length > 0) sections.at(-1)!.lines.push(line);
    else if (/^[a-z]+: /.test(line)) fields.set(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2));
    const title = sections.at(-1)?.title ?? '';
    if ((title === '' || title === 'stdin' || title.startsWith('file ')) && line !== '') source.push(line);
  }
  const files = sections.filter((section) => section.title.startsWith('file '));
  const split = sections.findIndex((section) => section.title === 'kts');
  const kafka = split === -1 ? sections : sections.slice(0, split);
  return {
    id,
    fields,
    stdin: sectionText(sections.find((section) => section.title === 'stdin')?.lines ?? []),
    files: new Map(files.map((section) => [section.title.slice(5), sectionText(section.lines)])),
    source,
    kafka: parseOutcome(kafka),
    kts: split === -1 ? null : parseOutcome(sections.slice(split + 1)),
  };
}

export function parseScript(text: string): Script {
  const lines = text.split('\n');
  const starts = lines.flatMap((line, index) => (line.startsWith('=== ') ? [index] : []));
  const head = lines.slice(0, starts[0] ?? lines.length).filter((line) => line !== '');
  const properties = head.flatMap((line) => {
    const match = /^# ([a-z.]+)=(.*)$/.exec(line);
    return match === null ? [] : [[match[1]!, match[2]!]];
  });
  return {
    head,
    properties: Object.fromEntries(properties),
    cases: starts.map((start, index) => parseCase(lines.slice(start, starts[index + 1] ?? lines.length))),
  };
}

function printOutcome(outcome: Outcome): string[] {
  return [
    ...printSection('stdout', outcome.stdout),
    ...printSection('stderr', outcome.stderr),
    `--- exit ${outcome.code ?? 'none'}`,
  ];
}

export function printScript(script: Script): string {
  const blocks = script.cases.map((one) => [
    ...one.source,
    ...(one.kafka === null ? [] : printOutcome(one.kafka)),
    ...(one.kts === null ? [] : ['--- kts', ...printOutcome(one.kts)]),
  ]);
  return `${[script.head, ...blocks].map((block) => block.join('\n')).join('\n\n')}\n`;
}
