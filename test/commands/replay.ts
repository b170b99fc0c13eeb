/** Replays a recorded run of Kafka's tool against a broker, in the strict manner, and says where they differ. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StopReason } from '../../src/console/command.ts';
import { runTool, type ToolOptions, type ToolRun } from '../support/run-tool.ts';
import {
  compareLines,
  type Difference,
  expectedErrors,
  linesOf,
  type Substitutions,
  substitute,
  type TranscriptCase,
} from '../support/transcripts.ts';

export interface ReplayDifference {
  readonly exitCode?: { readonly expected: number; readonly actual: number };
  readonly stdout?: Difference;
  readonly stderr?: Difference;
}

/** Lines that Kafka's tool writes through its log; it lands on stderr in an installation, and is compared apart. */
const LOG_LINE = /^(?:ERROR|WARN) /;

function stderrDifference(test: TranscriptCase, actual: string, values: Substitutions): Difference | undefined {
  const expected = expectedErrors(test.stderr);
  const usageOnly = expected.length === 0 && test.stderr.some((line) => /^<(?:USAGE|DESCRIPTION)/.test(line));
  // stdout has the error already; what stderr adds is its stack trace.
  const saidOnStdout = test.stdout.some((line) => /^(?:Error: |Error while )/.test(line));
  if (usageOnly || saidOnStdout) return undefined;
  const lines = linesOf(actual).filter((line) => test.log.length === 0 || !LOG_LINE.test(line));
  return compareLines(expected.map(inOneOrder), lines.map(inOneOrder), values, true);
}

/** The run as it is here. One that was ended from outside is ended once all of its output is there. */
export function play(test: TranscriptCase, values: Substitutions, options: ToolOptions = {}): Promise<ToolRun> {
  for (const [name, content] of test.files) {
    const path = substitute(name, values);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, substitute(content, values));
  }
  const stdin = Buffer.from(substitute(test.stdin.toString('latin1'), values), 'latin1');
  const argv = test.argv.map((word) => substitute(word, values));
  const signal = /^SIG[A-Z]+/.exec(test.end ?? '')?.[0] as StopReason | undefined;
  if (signal === undefined) return runTool(argv, { manner: 'strict', stdin, ...options });
  let stop: (why: StopReason) => void = () => undefined;
  let seen = '';
  const lines = test.stdout.length;
  return runTool(argv, {
    manner: 'strict',
    stdin,
    onStart: (given) => {
      stop = given;
    },
    onOutput: (text) => {
      seen += text;
      if (lines > 0 ? seen.split('\n').length > lines : seen.includes('Kafka Server started'))
        setImmediate(() => stop(signal));
    },
    ...options,
  });
}

/** Names in quotation marks come in no order, nor do the operations of a resource. */
function inOneOrder(line: string): string {
  const sorted = line.replace(/(?<=supports operations )\[(.*)\]/, (_, names: string) =>
    names.split(', ').sort().join(),
  );
  // Groups that rules are about come in no order either, and the first rule of each stands behind a blank.
  if (/^ ?\t\(principal=/.test(line)) return line.trim();
  return sorted.replace(
    /\(('[^']+'(?:, '[^']+')+)\)/g,
    (_, names: string) => `(${names.split(', ').sort().join(', ')})`,
  );
}

/** Where a stack trace stands on stdout, what comes before it is all that we print. */
function withoutTrace(lines: readonly string[]): readonly string[] {
  const trace = lines.findIndex((line) => line.startsWith('\t<STACK>'));
  return trace < 0 ? lines : lines.slice(0, trace - 1);
}

/** What a node says while it runs. */
const NODE_LOG = /^\[\d{4}-\d\d-\d\d [\d:,]+\] (?:INFO|WARN) /;

export async function replay(test: TranscriptCase, values: Substitutions): Promise<ReplayDifference | undefined> {
  return difference(test, await play(test, values), values);
}

export function difference(test: TranscriptCase, run: ToolRun, values: Substitutions): ReplayDifference | undefined {
  const printed = linesOf(run.stdout).filter((line) => !NODE_LOG.test(line));
  const isHelp = test.stdout.length > 0 && test.stdout.every((line) => /^<(?:USAGE|HELP|DESCRIPTION)/.test(line));
  // Help is in our own words, where Kafka's is.
  const stdout =
    isHelp && printed.length > 0
      ? undefined
      : compareLines(withoutTrace(test.stdout).map(inOneOrder), printed.map(inOneOrder), values, true);
  const stderr = stderrDifference(test, run.stderr, values);
  const exitCode = run.exitCode === test.exitCode ? undefined : { expected: test.exitCode, actual: run.exitCode };
  if (stdout === undefined && stderr === undefined && exitCode === undefined) return undefined;
  return {
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
  };
}
